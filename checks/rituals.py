"""What is due for people: waivers that end, pauses nobody took up, overdue actions, judges whose labels have aged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal as OneOf

from checks.gates.judges import QUALIFIED
from checks.gates.records import Standing
from checks.rollout import state, waivers
from warehouse.records.decisions import DecisionEntry

AHEAD = timedelta(days=14)
"""How far the digest looks ahead."""
DueKind = OneOf["waiver", "pause", "action", "judge", "lapsed"]


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that people should see to; `when` is when it began or ends, None when that is not known."""

    kind: DueKind
    rollout: str
    detail: str
    when: datetime | None = None


def due(rollout: str, entries: Sequence[DecisionEntry], standing: Standing | None, now: datetime) -> tuple[Due, ...]:
    """Everything that is due for one rollout at `now`; `entries` are its decisions, `standing` the last published.

    A rollout that no run has looked at, or not for so long that its lease lapsed, is due itself: silence is not order.
    """
    found = [*_lapsed(rollout, standing, now), *_paused(rollout, entries), *_ending(rollout, entries, now)]
    return (*found, *(_of_gates(standing) if standing is not None else ()))


def _lapsed(rollout: str, standing: Standing | None, now: datetime) -> Iterator[Due]:
    if standing is None:
        yield Due("lapsed", rollout, "No run has looked at it yet.")
    elif now >= standing.valid_until:
        yield Due(
            "lapsed", rollout, "The monitor has not renewed its standing; it counts as hold.", standing.valid_until
        )


def _paused(rollout: str, entries: Sequence[DecisionEntry]) -> Iterator[Due]:
    """The pause that stands, unless somebody has acknowledged it."""
    if state(entries).status != "paused":
        return
    resumed = max((e.seq for e in entries if e.kind == "resume"), default=0)
    pauses = [e for e in entries if e.kind == "pause" and e.seq > resumed]
    taken_up = {e.body.get("decision") for e in entries if e.kind == "acknowledge"}
    if pauses and not taken_up & {e.id for e in pauses}:
        yield Due("pause", rollout, f"Nobody has acknowledged its pause: {pauses[0].summary}", pauses[0].at)


def _ending(rollout: str, entries: Sequence[DecisionEntry], now: datetime) -> Iterator[Due]:
    for waiver in waivers(entries):
        if now < waiver.until <= now + AHEAD:
            yield Due("waiver", rollout, f"The waiver of gate {waiver.gate} by {waiver.person} ends.", waiver.until)


def _of_gates(standing: Standing) -> Iterator[Due]:
    for verdict in standing.verdicts:
        if verdict.kind == "overdue" and verdict.outcome != "pass":
            yield Due("action", standing.rollout, f"Gate {verdict.gate}: {verdict.detail}")
        elif verdict.reason.startswith("judge_") and verdict.reason != QUALIFIED:
            yield Due("judge", standing.rollout, f"Gate {verdict.gate}: {verdict.detail}")
