"""How the error budgets of a gate are spent: by the attempts of one release, by a service's life, or by each epoch."""

from __future__ import annotations

import math
from datetime import timedelta
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

ALPHA, BETA = 0.02, 0.05


def proof(budget: float, attempt: int | None) -> Any:
    """The evidence that the attempt with that number (None: each has the whole) must reach."""
    share = 1.0 if attempt is None else 6.0 / (math.pi * attempt) ** 2
    return pytest.approx(-math.log(budget * share))


def proofs(project: Project, hour: int, release: str, *, bad: int = 5, mark: str = "") -> tuple[Any, Any, str]:
    """What the gate's evidence must reach after an hour of that release, and the epoch it is of."""
    found = k.verdict(k.feed(project, [hour], lambda at: k.hour(at, bad=bad, release=release), mark=mark))
    return found.proof_breach, found.proof_pass, str(found.epoch)


def attempt(number: int | None, epoch: int) -> tuple[Any, Any, str]:
    return proof(ALPHA, number), proof(BETA, number), f"{AGENT}/gate#{epoch}"


def waive_and_resume(project: Project, hour: float) -> None:
    """A person waives the gate for an hour, so that the pause may end with the release that caused it."""
    now = START + hour * HOUR
    with p.opened(project) as stores:
        until = (now + HOUR).isoformat()
        body = {"gate": "gate", "reason": "The judge was wrong.", "until": until}
        log.append(stores.people, NewDecision(f"waive/{hour}", now, AGENT, "waive", "Ada", "Wrong.", "", "", body), [])
    p.run(project, hour + 0.1)
    with p.opened(project) as stores:
        when = now + timedelta(minutes=10)
        ada = Person("Ada", ("approver",))
        entry = acting.resume(
            stores.people, project.policy, AGENT, ada, "mended", mended="ticket 1", mended_at=now, now=when
        )
    assert not isinstance(entry, Refusal), entry


def paused(folder: Path, covers: str) -> Project:
    """Hour 0 is good and hour 1 bad: paused at hour 3, and resumed with the same release at hour 4."""
    project = k.make(folder, k.gate(at_most=0.1, alpha_covers=covers))
    assert proofs(project, 0, "r1") == attempt(None if covers == "epoch" else 1, 1)
    assert p.standing(k.feed(project, [1], lambda at: k.hour(at, bad=60))) == "pause"
    waive_and_resume(project, 4)
    return project


def test_the_attempts_of_one_release_share_its_budget(tmp_path: Path) -> None:
    project = paused(tmp_path, "release")
    assert proofs(project, 5, "r1") == attempt(2, 2)
    # Another release is another question, and starts with the first share again.
    assert proofs(project, 6, "r2") == attempt(1, 3)
    assert k.verdict(p.run(project, 8.5)).budget.endswith("however often it looks.")
    assert k.unequal(project) == []


def test_a_release_that_comes_back_goes_on_counting(tmp_path: Path) -> None:
    project = k.make(tmp_path, k.gate(at_most=0.1))
    assert proofs(project, 0, "r1") == attempt(1, 1)
    assert proofs(project, 1, "r2") == attempt(1, 2)
    # r2 is withdrawn: a day later r1 is judged again, and has looked once before.
    assert proofs(project, 27, "r1") == attempt(2, 3)


def test_the_life_of_a_service_shares_one_budget(tmp_path: Path) -> None:
    project = paused(tmp_path, "service")
    assert proofs(project, 5, "r1") == attempt(2, 2)
    assert proofs(project, 6, "r2") == attempt(3, 3)
    assert "ever" in k.verdict(p.run(project, 8.5)).budget


def test_every_epoch_may_have_the_whole(tmp_path: Path) -> None:
    project = paused(tmp_path, "epoch")
    assert proofs(project, 5, "r1") == attempt(None, 2)
    assert proofs(project, 6, "r2") == attempt(None, 3)


def test_a_changed_configuration_of_the_same_release_is_the_next_attempt(tmp_path: Path) -> None:
    project = k.make(tmp_path, k.gate(at_most=0.1))
    assert proofs(project, 0, "r1") == attempt(1, 1)
    for number, limit in ((2, 0.2), (3, 0.3), (4, 0.2)):
        project = k.make(tmp_path, k.gate(at_most=limit))
        assert proofs(project, number, "r1") == attempt(number, number)
    assert k.unequal(project) == []
    assert k.verdict(p.run(project, 6.5)).budget.endswith("attempt 4 may spend 3.8 % of that budget.")


def test_lost_evidence_gives_no_budget_back(tmp_path: Path) -> None:
    project = k.make(tmp_path, k.gate(at_most=0.1))
    assert proofs(project, 0, "r1") == attempt(1, 1)
    with p.opened(project) as stores:
        stores.warehouse.connection.execute("DELETE FROM evidence")
        stores.warehouse.connection.execute("DELETE FROM epochs")
    # Windows up to the last decision are not looked at twice, so hour 2 is the first that counts.
    assert proofs(project, 2, "r1") == attempt(2, 2)


def test_a_correction_is_no_attempt_of_its_own(tmp_path: Path) -> None:
    project = k.make(tmp_path, k.gate(at_most=0.1))
    assert proofs(project, 0, "r1") == attempt(1, 1)
    p.write(project, "zz-fix.jsonl", k.hour(0, bad=9))
    assert proofs(project, 1, "r1") == attempt(1, 1)
    with p.opened(project) as stores:
        assert len(evidence.epochs(stores.warehouse, f"{AGENT}/gate")) == 2
    assert k.unequal(project) == []


def test_a_proof_is_judged_by_its_own_share(tmp_path: Path) -> None:
    """Evidence that would prove a breach at the whole alpha does not at the second attempt's share."""
    project = k.make(tmp_path, k.gate(at_most=0.5))
    proofs(project, 0, "r1")
    project = k.make(tmp_path, k.gate(at_most=0.1))
    found = k.verdict(k.feed(project, [1, 2], lambda at: k.hour(at, bad=19)))
    assert found.evidence_breach is not None
    assert found.proof_breach is not None
    assert -math.log(ALPHA) < found.evidence_breach < found.proof_breach
    assert found.outcome == "insufficient"
    assert found.meter_breach == pytest.approx(found.evidence_breach / found.proof_breach)
