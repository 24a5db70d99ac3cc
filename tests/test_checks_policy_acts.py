"""What a policy says of sign-offs, waivers and resumes, and what it may not say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import projects as p
import pytest
import yaml

from checks.policy import Policy, parse
from checks.policy.rollouts import Resumes, SignOff, Waivers
from warehouse.records.errors import ConfigurationError


def of(**rollout: Any) -> Policy:
    text = yaml.safe_dump(p.policy(rollouts=[{**p.rollout(), **rollout}]))
    return parse("gatehold.yaml", lambda _: text)


def problems(**rollout: Any) -> list[tuple[str, str]]:
    with pytest.raises(ConfigurationError) as found:
        of(**rollout)
    return [(problem.path, problem.message) for problem in found.value.problems]


def test_left_out_nobody_signs_or_waives_and_one_person_resumes() -> None:
    (rollout,) = of().rollouts
    assert (rollout.sign_offs, rollout.waivers, rollout.resumes) == ((), None, Resumes())
    assert rollout.resumes.people == 1


def test_what_is_said_is_kept() -> None:
    asked = [{"stage": "limited", "role": "approver", "people": 2}, {"stage": "limited", "role": "reviewer"}]
    waivers, resumes = {"longest": "7d", "role": "admin"}, {"people": 2, "within": "4h"}
    (rollout,) = of(sign_offs=asked, waivers=waivers, resumes=resumes).rollouts
    assert rollout.sign_offs == (
        SignOff(stage="limited", role="approver", people=2),
        SignOff(stage="limited", role="reviewer"),
    )
    assert rollout.waivers == Waivers(longest=timedelta(days=7), role="admin")
    assert rollout.resumes == Resumes(people=2, within=timedelta(hours=4))


def test_what_cannot_be_is_refused_with_its_place() -> None:
    one = {"stage": "limited", "role": "approver"}
    assert problems(sign_offs=[{**one, "stage": "pilot"}]) == [
        ("rollouts[0].sign_offs[0].stage", "is the first stage, which nobody signs off.")
    ]
    assert problems(sign_offs=[{**one, "stage": "beta"}]) == [
        ("rollouts[0].sign_offs[0].stage", "is no stage of the rollout.")
    ]
    assert problems(sign_offs=[one, {**one, "people": 2}]) == [
        ("rollouts[0].sign_offs[1]", "stands there twice for this stage and role.")
    ]
    assert problems(waivers={"longest": "91d", "role": "approver"})[0] == (
        "rollouts[0].waivers.longest", "is out of range.",
    )  # fmt: skip
    for wrong in (
        {"sign_offs": [{**one, "role": "viewer"}]},
        {"sign_offs": [{**one, "people": 0}]},
        {"waivers": {"longest": "7d"}},
        {"resumes": {"people": 3}},
    ):
        assert problems(**wrong)


def test_the_digest_changes_with_every_rule() -> None:
    rules: list[dict[str, Any]] = [
        {},
        {"sign_offs": [{"stage": "limited", "role": "approver"}]},
        {"waivers": {"longest": "7d", "role": "approver"}},
        {"resumes": {"people": 2}},
    ]
    assert len({of(**rule).digest for rule in rules}) == len(rules)
