"""Gates that prove nothing alone and a breach together, from files to the standing, and what people may do then."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import kind_projects as k
import projects as p
import pytest
from projects import AGENT, HOUR, START

from checks.rollout import Refusal
from flows import acting
from flows.acting import Person
from flows.project import Project
from warehouse import evidence
from warehouse.people import log
from warehouse.records.decisions import NewDecision

pytestmark = pytest.mark.slow

NAMES = ("harm", "insult", "leak", "lie")
ADA = Person("Ada", ("approver",))


def metric(name: str) -> dict[str, Any]:
    """A rate of its own score, so that the gates look at different things."""
    known = {"layer": "model", "kind": "rate", "stream": "interactions", "better": "lower"}
    return {"name": f"{name}_rate", **known, "value": f"scores.{name} >= 0.5", "description": f"Answers: {name}."}


def project_of(folder: Path, **changes: dict[str, Any]) -> Project:
    """Four gates of at most 10 %, each with alpha 0.02; `changes` by name of the gate."""
    gates = [k.gate(name, metric=f"{name}_rate", at_most=0.1, **changes.get(name, {})) for name in NAMES]
    return p.make(folder, p.policy(gates=gates, metrics=[metric(name) for name in NAMES]))


def rows(at: int, bad: int, *, release: str = "r1") -> list[dict[str, Any]]:
    """An hour in which `bad` of 100 sessions are bad in each of the four ways."""
    found = k.hour(at, release=release)
    for n, row in enumerate(found):
        row["scores"] = {name: 0.9 if (n + 25 * i) % 100 < bad else 0.1 for i, name in enumerate(NAMES)}
    return found


BAD = 22
"""So many of a hundred in one hour bring each gate to between 60 and 90 % of its proof."""


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One hour that is bad in every way."""
    project = project_of(tmp_path_factory.mktemp("near"))
    k.feed(project, [0], lambda at: rows(at, BAD))
    return project


def copy(project: Project, folder: Path) -> Project:
    shutil.copytree(project.base, folder)
    return p.open_project(folder)


def waive(project: Project, hour: float, *names: str) -> None:
    now = START + hour * HOUR
    with p.opened(project) as stores:
        for name in names:
            body = {"gate": name, "reason": "known", "until": (now + 24 * HOUR).isoformat()}
            new = NewDecision(f"waive/{name}", now, AGENT, "waive", "Ada", "Known.", "", "", body)
            log.append(stores.people, new, [])


def resume(project: Project, hour: float) -> str:
    with p.opened(project) as stores:
        now = START + hour * HOUR
        mend: dict[str, Any] = {"mended": "ticket 1", "mended_at": START}
        found = acting.resume(stores.people, project.policy, AGENT, ADA, "mended", **mend, now=now)
    return found.code if isinstance(found, Refusal) else found.kind


def test_gates_that_are_near_pause_together_and_are_named(near: Project, tmp_path: Path) -> None:
    project = copy(near, tmp_path / "p")
    done = p.run(project, 2.5)
    standing = k.standing(done)
    assert all(v.outcome == "insufficient" for v in standing.verdicts)
    assert all(v.meter_breach is not None and 0.6 < v.meter_breach < 0.95 for v in standing.verdicts)
    assert standing.standing == "pause"
    first = next(e for e in p.decisions(project) if e.kind == "pause")
    reason = first.body["standing"]["reasons"][0]
    assert reason["code"] == "combined_evidence"
    assert reason["gate"] in NAMES
    assert sum(name in reason["detail"] for name in NAMES) == 3
    assert "% of the way" in reason["detail"]
    assert standing.binding in NAMES
    assert standing.combined is not None
    assert standing.combined_proof is not None
    assert standing.combined >= standing.combined_proof
    assert standing.budget.startswith(f"A healthy release of {AGENT} is paused wrongly at most once in 12 releases.")
    assert p.switched(project)["action"] == "pause"
    assert k.unequal(project) == []
    with p.opened(project) as stores:
        for name in NAMES:
            (epoch,) = evidence.epochs(stores.warehouse, f"{AGENT}/{name}")
            assert epoch.close_reason == "paused"


@pytest.mark.parametrize(
    "changes",
    [
        {name: {"on_breach": "hold"} for name in NAMES[1:]},
        {name: {"on_breach": "hold"} for name in NAMES},
    ],
)
def test_gates_that_only_hold_do_not_add_up(tmp_path: Path, changes: dict[str, Any]) -> None:
    project = project_of(tmp_path, **changes)
    done = k.feed(project, [0], lambda at: rows(at, BAD))
    assert p.standing(done) == "hold"
    assert "combined_evidence" not in k.codes(done)


def test_waived_gates_do_not_add_up(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    p.run(project, 0)
    waive(project, 0.5, *NAMES[:3])
    done = k.feed(project, [0], lambda at: rows(at, BAD))
    assert p.standing(done) == "hold"
    assert k.standing(done).combined == pytest.approx(k.verdict(done, "lie").evidence_breach)


def test_a_pause_by_all_together_ends_only_with_what_overcomes_it(near: Project, tmp_path: Path) -> None:
    project = copy(near, tmp_path / "p")
    with p.opened(project) as stores:
        now = START + 2.1 * HOUR
        assert isinstance(refused := acting.advance(stores.people, project.policy, AGENT, ADA, "so", now=now), Refusal)
    assert refused.code == "paused"
    assert resume(project, 2.1) == "still_in_breach"
    # Good hours of the same release do not count: the epochs are closed.
    done = k.feed(project, [1, 2], lambda at: rows(at, 0))
    assert p.standing(done) == "pause"
    assert resume(project, 4.1) == "still_in_breach"
    # The mended release brings evidence of its own.
    done = k.feed(project, range(3, 5), lambda at: rows(at, 0, release="r2"))
    assert p.standing(done) == "pause"
    assert resume(project, 6.1) == "resume"
    assert p.standing(p.run(project, 6.2)) == "go"
    assert k.unequal(project) == []


def test_a_person_who_waives_enough_of_them_may_resume(near: Project, tmp_path: Path) -> None:
    project = copy(near, tmp_path / "p")
    waive(project, 2.1, "harm")
    p.run(project, 2.2)
    assert resume(project, 2.3) == "still_in_breach"
    waive(project, 2.4, "insult", "leak")
    p.run(project, 2.5)
    assert resume(project, 2.6) == "resume"
    # What follows is a new epoch with windows of its own.
    done = k.feed(project, range(4, 6), lambda at: rows(at, 0))
    assert p.standing(done) in ("go", "hold")
    assert k.verdict(done, "harm").epoch == f"{AGENT}/harm#2"
    assert k.unequal(project) == []


def test_losing_what_they_proved_together_does_not_overcome_it(near: Project, tmp_path: Path) -> None:
    project = copy(near, tmp_path / "p")
    with p.opened(project) as stores:
        stores.warehouse.connection.execute("DELETE FROM evidence")
        stores.warehouse.connection.execute("DELETE FROM epochs")
    p.run(project, 2.5)
    assert resume(project, 2.6) == "still_in_breach"
    # Nor does taking the gates out of the policy.
    values = p.policy(gates=[k.gate("harm", metric="harm_rate", at_most=0.1)], metrics=[metric("harm")])
    project = p.make(project.base, values)
    p.run(project, 2.7)
    assert resume(project, 2.8) == "still_in_breach"
