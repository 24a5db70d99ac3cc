"""What is due for people, and that silence is never in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import people_examples as e
import projects as p
import pytest

from checks.gates.records import Standing
from checks.rituals import AHEAD, Due, due
from flows import digest
from flows.once import Pass
from flows.project import Project
from warehouse.people import log
from warehouse.people.store import People
from warehouse.records.decisions import DecisionEntry

DAY = timedelta(days=1)


@pytest.fixture
def people(tmp_path: Path) -> Any:
    with People.open(tmp_path) as people:
        yield people


def found(people: People, standing: Standing | None = None, *, after: timedelta = DAY) -> list[tuple[str, str]]:
    entries: list[DecisionEntry] = log.entries(people, rollout="support")
    return [(one.kind, one.detail) for one in due("support", entries, standing, e.NOW + after)]


def test_a_rollout_that_nobody_looked_at_is_due(people: People) -> None:
    assert found(people) == [("lapsed", "No run has looked at it yet.")]


def test_a_pause_is_due_until_somebody_acknowledges_it(people: People) -> None:
    e.written(people, "s", kind="start", stage="pilot")
    pause = e.written(people, "p", kind="pause")
    assert ("pause", "Nobody has acknowledged its pause: why p") in found(people)
    e.written(people, "a", kind="acknowledge", decision="of another pause")
    assert ("pause", "Nobody has acknowledged its pause: why p") in found(people)
    e.written(people, "b", kind="acknowledge", decision=pause.id)
    assert not any(kind == "pause" for kind, _ in found(people))


def test_a_pause_that_ended_is_not_due(people: People) -> None:
    e.written(people, "s", kind="start", stage="pilot")
    e.written(people, "p", kind="pause")
    e.written(people, "r", kind="resume", stage="pilot")
    assert not any(kind == "pause" for kind, _ in found(people))
    e.written(people, "p2", kind="pause")
    assert ("pause", "Nobody has acknowledged its pause: why p2") in found(people)


def test_a_waiver_is_due_shortly_before_it_ends(people: People) -> None:
    until = e.NOW + 30 * DAY
    e.written(people, "w", kind="waive", gate="harm", reason="known", until=until.isoformat())
    said = ("waiver", "The waiver of gate harm by gatehold ends.")
    assert said not in found(people, after=30 * DAY - AHEAD - DAY)
    assert said in found(people, after=30 * DAY - AHEAD)
    assert said not in found(people, after=30 * DAY)


@pytest.fixture
def looked(tmp_path: Path) -> tuple[Project, Pass]:
    project = p.make(tmp_path / "project")
    p.write(project, "000.jsonl", p.answers(0))
    return project, p.run(project, 2)


def test_overdue_actions_and_judges_without_labels_are_due(looked: tuple[Project, Pass]) -> None:
    standing = p.outcome(looked[1]).standing
    now = standing.at
    verdict = standing.verdicts[0]
    changed = replace(
        standing,
        verdicts=(
            replace(verdict, kind="overdue", outcome="insufficient", gate="actions", detail="2 are overdue."),
            replace(verdict, reason="judge_stale", outcome="stale", gate="judged", detail="Labels are old."),
            replace(verdict, reason="judge_qualified", gate="fine"),
        ),
    )
    assert [(one.kind, one.detail) for one in due(p.AGENT, (), changed, now)] == [
        ("action", "Gate actions: 2 are overdue."),
        ("judge", "Gate judged: Labels are old."),
    ]


def test_the_digest_gathers_from_the_stores_and_a_lapsed_lease_is_in_it(looked: tuple[Project, Pass]) -> None:
    project, done = looked
    until = p.outcome(done).standing.valid_until
    with People.open(project.data) as people:
        assert digest.gather(project, people, now=until - DAY / 24) == []
        (one,) = digest.gather(project, people, now=until)
    assert one == Due("lapsed", p.AGENT, "The monitor has not renewed its standing; it counts as hold.", until)
    assert digest.summary([one, one]) == "2 due: 2 lapsed."
    assert list(digest.facts([one] * 25)) == [*(f"{n}. {p.AGENT}" for n in range(1, 21)), "more"]
    assert digest.summary([]) == "Nothing is due."


def test_silence_is_told_by_how_long_it_lasts(looked: tuple[Project, Pass], tmp_path: Path) -> None:
    project, done = looked
    at = p.outcome(done).standing.at
    with People.open(project.data) as people:
        assert digest.silence(people, 2 * p.HOUR, now=at + p.HOUR) is None
        about, said = digest.silence(people, 2 * p.HOUR, now=at + 2 * p.HOUR) or ("", "")
    assert about == "silence since 2026-03-01 02:00 UTC"
    assert said.startswith("The monitor has not looked at any rollout since 2026-03-01 02:00 UTC.")
    with People.open(tmp_path / "empty") as people:
        assert digest.silence(people, p.HOUR, now=at) is not None
