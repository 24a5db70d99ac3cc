"""Plain: gates that compare one number with their limit; the decision itself is tried, and what is cheap in full."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from checks.gates import deterministic
from flows.self_test import deriving, measuring
from flows.self_test.driving import BEGINS, look
from flows.self_test.records import NotTestableError, Row

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Metric
    from flows.project import Project

DECISION_ONLY = "decision only: the number was put in"
HOLDS = frozenset({"stale", "insufficient", "no_data"})
MOST_PLAIN_ROWS = 5_000
"""Rows that a gate on one number is tried on."""
_FULL = ("age", "count", "overdue")


@dataclass(frozen=True, slots=True)
class Case:
    """One number (or none, or trouble) and the outcomes that are right for it."""

    told: str
    value: float | None
    trouble: tuple[str, str] | None
    outcomes: frozenset[str]


def cases(gate: GateSpec) -> list[Case]:
    """What the decision must say: a number on the right side passes, any other holds, trouble is an error."""
    step = max(1.0, abs(gate.limit))
    better = gate.limit - step if gate.direction == "at_most" else gate.limit + step
    worse = gate.limit + step if gate.direction == "at_most" else gate.limit - step
    return [
        Case("a value at the limit", gate.limit, None, frozenset({"pass"})),
        Case("a value inside the limit", better, None, frozenset({"pass"})),
        Case("a value outside the limit", worse, None, frozenset({"stale", "insufficient"})),
        Case("no value", None, None, frozenset({"no_data"})),
        Case("a value that is no number", float("nan"), None, frozenset({"error"})),
        Case("a check that failed", better, ("check_failed", "Planted."), frozenset({"error"})),
    ]


def decision(gate: GateSpec, *, now: datetime) -> str | None:
    """What the decision gets wrong, in one sentence; None when it is right in every case."""
    for case in cases(gate):
        verdict = deterministic.evaluate(gate, value=case.value, newest=now, now=now, trouble=case.trouble)
        if verdict.outcome not in case.outcomes:
            right = " or ".join(sorted(case.outcomes))
            return f"For {case.told} it said {verdict.outcome} instead of {right}: {verdict.detail}"
    return None


@dataclass(frozen=True, slots=True)
class Trial:
    """Rows with the time at which each happened, and the outcomes that are right once they are in."""

    told: str
    rows: tuple[tuple[Row, datetime], ...]
    outcomes: frozenset[str]


def is_full(gate: GateSpec) -> bool:
    """Whether rows can be planted for it."""
    return gate.kind in _FULL and gate.direction == "at_most"


def trials(project: Project, metric: Metric, gate: GateSpec, rows: list[Row]) -> list[Trial]:
    """What is planted for a gate on an age, a count or what is overdue; the monitor looks at `BEGINS`.

    Raises:
        NotTestableError: the metric lets none of the rows in, or the limit asks for too many.
    """
    row = measuring.chosen_by(project, metric, rows)[0]
    if gate.kind == "age":
        return list(_aged(gate, row))
    inside, outside = int(gate.limit), int(gate.limit) + 1
    if outside > MOST_PLAIN_ROWS:
        raise NotTestableError(f"A limit of {gate.limit:g} {gate.measure} takes more rows than are worth planting.")
    if gate.kind == "count":
        at = BEGINS - min(metric.over, project.policy.window) / 2
        return list(_counted(row, at, inside, outside))
    open_row = {**row, "status": "open"}
    if row.get("status", "open") != "open":
        raise NotTestableError(f"{metric.name} lets no open subject in.")
    return list(_overdue(open_row, inside, outside))


def _aged(gate: GateSpec, row: Row) -> Iterator[Trial]:
    limit = timedelta(hours=gate.limit)
    yield Trial("a row within the age", ((row, BEGINS - limit / 2),), frozenset({"pass"}))
    yield Trial("a row beyond the age", ((row, BEGINS - limit * 2 - timedelta(hours=1)),), frozenset({"stale"}))


def _counted(row: Row, at: datetime, inside: int, outside: int) -> Iterator[Trial]:
    if inside:
        yield Trial(f"{inside:,} rows", ((row, at),) * inside, frozenset({"pass"}))
    yield Trial(f"{outside:,} rows", ((row, at),) * outside, frozenset({"insufficient"}))


def _overdue(row: Row, inside: int, outside: int) -> Iterator[Trial]:
    at, day = BEGINS - timedelta(days=2), timedelta(days=1)
    due = ({**row, "subject": f"s{n}", "due_at": (BEGINS - day).isoformat()} for n in range(outside))
    late = tuple((one, at) for one in due)
    not_yet = ({**row, "subject": "later", "due_at": (BEGINS + day).isoformat()}, at)
    yield Trial("as many overdue as allowed", (*late[:inside], not_yet), frozenset({"pass"}))
    yield Trial("one more overdue than allowed", late, frozenset({"insufficient"}))


def attempt(project: Project, gate: GateSpec, trial: Trial, inside_attributes: list[str]) -> str | None:
    """What the gate got wrong once the trial's rows went the whole path; None when nothing."""
    file = project.base / deriving.LOGS / "rows.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as out:
        for number, (row, at) in enumerate(trial.rows):
            line = measuring.as_line(
                {**row, "event_id": f"p{number}", "occurred_at": at.isoformat()}, inside_attributes
            )
            out.write(json.dumps(line) + "\n")
    seen = look(project, gate, BEGINS)
    standings = {"go"} if "pass" in trial.outcomes else {"hold"}
    if seen.outcome not in trial.outcomes or seen.standing not in standings:
        right = " or ".join(sorted(trial.outcomes))
        return f"With {trial.told} it came to {seen.outcome} and {seen.standing} instead of {right}: {seen.detail}"
    return None


def without_age(gate: GateSpec) -> GateSpec:
    """The gate without its `max_age`, which has nothing to do with how it compares."""
    return replace(gate, max_age=None)
