"""Driving: one story goes the whole path, from log files to the standing, in a folder and at times of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows import epochs
from flows.self_test import deriving, expecting
from flows.self_test.planting import Clock, plant
from flows.self_test.records import MOST_ROWS, NotTestableError, Planned, Seen
from warehouse.folder import set_apart

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from flows.once import Pass
    from flows.project import Project

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
"""When planted traffic begins for a gate without a reference period."""


def drive(project: Project, gate: GateSpec, planned: Planned, inside_attributes: Sequence[str]) -> tuple[Seen, int]:
    """What the gate and its rollout came to, and how many rows were planted.

    The monitor looks once the traffic is complete. Where the gate has not spoken yet, the same traffic goes on and it
    looks again, as long as the plan has patience.

    Raises:
        NotTestableError: it has not spoken, and more would be more rows than a self-test sends.
    """
    policy = project.policy
    clock = Clock(policy.window, policy.session_gap)
    logs = project.base / deriving.LOGS
    sessions = gate.unit == "session" and gate.kind != "histogram"
    seconds = int(policy.window.total_seconds())
    at, rows = BEGINS, 0
    if gate.reference is not None:
        start, end = (epochs.floor(moment, seconds) for moment in gate.reference)
        if planned.reference is not None:
            begins = max(start, end - planned.reference.windows * clock.window)
            plant(logs / "reference.jsonl", planned.reference, begins, clock, inside_attributes, sessions=sessions)
            rows += planned.reference.units
        at = end if end == gate.reference[1] else end + clock.window
    at = epochs.floor(at, seconds)
    if planned.before is not None:
        at = plant(logs / "before.jsonl", planned.before, at, clock, inside_attributes, sessions=sessions)
        rows += planned.before.units
    wait = deriving.lateness(policy, policy.metric(gate.metric).stream)
    for time in range(1, planned.patience + 1):
        at = plant(logs / f"{time}.jsonl", planned.stretch, at, clock, inside_attributes, sessions=sessions)
        rows += planned.stretch.units
        seen = look(project, gate, at + wait)
        if not expecting.goes_on(gate, planned.story, seen):
            break
        if time < planned.patience and rows + planned.stretch.units > MOST_ROWS:
            raise NotTestableError(
                f"It came to {seen.outcome} after {rows:,} rows, and a self-test sends at most {MOST_ROWS:,}. "
                f"It said: {seen.detail}"
            )
    return seen, rows


def look(project: Project, gate: GateSpec, now: datetime) -> Seen:
    """What the gate and its rollout come to after one pass at `now`."""
    from flows.once import run_once

    set_apart(project.data, "self-test")
    return said(run_once(project, now=now), gate)


def said(done: Pass, gate: GateSpec) -> Seen:
    """What a pass says of the gate; faults of reading the planted rows are part of it."""
    standing = done.outcomes[0].standing
    (verdict,) = (v for v in standing.verdicts if v.gate == gate.name)
    lost = sum(batch.quarantined for report in done.pulled for batch in report.batches)
    more = f" {lost:,} planted row(s) went to quarantine." if lost else ""
    return Seen(verdict.outcome, verdict.reason, f"{verdict.detail}{more}", standing.standing, verdict.units)
