"""Planting: stretches of traffic written as log files, each row a unit that closes inside its window."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flows.self_test import mixing
from flows.self_test.deriving import field_name
from flows.self_test.measuring import as_line
from flows.self_test.records import Candidate, Stretch

EVENT, SESSION = "event_id", "session_id"
OWN = frozenset({EVENT, SESSION, "occurred_at", "arm"})
"""Columns that each planted row has values of its own in."""
TWINS = 20
"""Of a gate on the control arm, one row in so many has a twin in the candidate: only there a release is looked for."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How long a window is, and how long after its last row a unit with a session closes."""

    window: timedelta
    gap: timedelta


def plant(
    file: Path, stretch: Stretch, start: datetime, clock: Clock, inside_attributes: Sequence[str], *, sessions: bool
) -> datetime:
    """Write a stretch that begins at `start`; returns the end of its last window.

    With `sessions` each row has a session of its own, so that it closes a gap later; the gap is allowed for.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    texts = {
        id(c): _text(c, inside_attributes) for mix in (stretch.candidate, stretch.control) if mix for c, _ in mix.parts
    }
    names = {column: field_name(column, inside_attributes) for column in OWN}
    with file.open("w", encoding="utf-8") as out:
        for number, (closes, candidate, control) in enumerate(_laid_out(stretch, start, clock)):
            arm = "control" if control else str(candidate.row.get("arm", "candidate"))
            # Rows that the metric wants without a session stay without one.
            gap = clock.gap if sessions and candidate.row.get(SESSION, "") is not None else None
            keys = {f"{file.stem}-{number}": arm}
            if arm == "control" and not control and number % TWINS == 0:
                keys[f"{file.stem}-{number}-twin"] = "candidate"
            for key, which in keys.items():
                own = {names[column]: value for column, value in _own(key, which, closes, gap).items()}
                out.write(f"{json.dumps(own)[:-1]}, {texts[id(candidate)]}\n")
    return start + stretch.windows * clock.window


def _own(key: str, arm: str, closes: datetime, gap: timedelta | None) -> dict[str, str]:
    """A row's own values; with a gap it has a session, which closes that much after its only row."""
    own = {EVENT: key, "arm": arm, "occurred_at": (closes - (gap or timedelta(0))).isoformat()}
    return own if gap is None else {**own, SESSION: key}


def _laid_out(stretch: Stretch, start: datetime, clock: Clock) -> Iterator[tuple[datetime, Candidate, bool]]:
    """When each unit closes, its row, and whether it is in the control arm."""
    mine, theirs = mixing.in_turn(stretch.candidate), mixing.in_turn(stretch.control or stretch.candidate)
    turns = mixing.arms(stretch.share)
    for number in range(stretch.units):
        # Evenly over all windows, and strictly inside each.
        at = start + (number + 0.5) / stretch.units * stretch.windows * clock.window
        first = next(turns) or stretch.control is None
        yield at, next(mine if first else theirs), not first


def _text(candidate: Candidate, inside_attributes: Sequence[str]) -> str:
    """What rows of one kind have in common, as the end of a JSON object."""
    line = as_line({k: v for k, v in candidate.row.items() if k not in OWN}, inside_attributes)
    return json.dumps(line)[1:]
