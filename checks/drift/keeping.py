"""Decides which windows of a drift history have to be written, written again, left alone or dropped.

A snapshot's identifier follows from its window and its reference, so that writing one twice replaces it. Whether it is
still right is told by the digest of what was counted and of the limits that judged it.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal as OneOf

NAMESPACE = uuid.UUID("6f1c1d0e-5f0b-5c6e-9a51-0c7d6b0f2a41")
MOST = 300
"""Snapshots that a project holds at most: the library's server reads every one into memory when it starts."""

Deed = OneOf["write", "replace", "keep", "leave_out"]


@dataclass(frozen=True, slots=True)
class Due:
    """A whole window [start, end) as it is counted now.

    `counted` covers the counts and the limits that judge them; `rows` are its rows. `silent` says in one sentence why
    there is nothing to show, and is empty where there is.
    """

    start: datetime
    end: datetime
    reference: str
    counted: str
    rows: int
    silent: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot that is in the workspace: its window, and the digest of what was counted when it was written."""

    id: uuid.UUID
    start: datetime
    end: datetime
    counted: str


@dataclass(frozen=True, slots=True)
class Step:
    """What is to become of one window, and why where it is left out."""

    due: Due
    id: uuid.UUID
    deed: Deed
    why: str = ""


def project_id(rollout: str, stream: str, name: str) -> uuid.UUID:
    """The identifier of the project of one comparison; the same whenever and wherever it is asked for."""
    return uuid.uuid5(NAMESPACE, json.dumps([rollout, stream, name]))


def snapshot_id(project: uuid.UUID, start: datetime, end: datetime, reference: str) -> uuid.UUID:
    """The identifier of the snapshot of one window against one reference."""
    return uuid.uuid5(project, json.dumps([start.isoformat(), end.isoformat(), reference]))


def digest(*parts: object) -> str:
    """SHA-256 over parts that JSON can hold."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def windows(
    first: datetime, end: datetime, length: timedelta, *, since: datetime | None = None
) -> list[tuple[datetime, datetime]]:
    """The whole windows of that length from `first` on that end by `end`, oldest first; from `since` on, if said.

    They are counted from `first`, so that they are the same whenever one looks.
    """
    number = max(0, (end - first) // length)
    spans = ((first + n * length, first + (n + 1) * length) for n in range(number))
    return [span for span in spans if since is None or span[0] >= since]


def plan(project: uuid.UUID, due: Sequence[Due], kept: Sequence[Kept]) -> tuple[Step, ...]:
    """One step for each window, in the order given."""
    known = {one.id: one for one in kept}
    return tuple(_step(project, one, known) for one in due)


def _step(project: uuid.UUID, due: Due, known: dict[uuid.UUID, Kept]) -> Step:
    own = snapshot_id(project, due.start, due.end, due.reference)
    found = known.get(own)
    if due.silent:
        # What was written of it stays: rows that are no longer counted are no reason to forget what they showed.
        return Step(due, own, "keep" if found else "leave_out", due.silent)
    if found is None:
        return Step(due, own, "write")
    return Step(due, own, "keep" if found.counted == due.counted else "replace")


def superseded(own: uuid.UUID, start: datetime, end: datetime, kept: Sequence[Kept]) -> Iterator[uuid.UUID]:
    """Other snapshots that show a part of [start, end): of another reference, or of windows of another length."""
    return (one.id for one in kept if one.id != own and one.start < end and start < one.end)


def oldest(kept: Sequence[Kept], most: int) -> tuple[uuid.UUID, ...]:
    """The snapshots that are too many, the oldest first."""
    by_age = sorted(kept, key=lambda one: (one.end, one.id))
    return tuple(one.id for one in by_age[: max(0, len(by_age) - most)])
