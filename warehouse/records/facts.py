"""Plain facts read from the stored rows of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ReleaseSeen:
    """One release in the rows of a rollout; `release` is '' for rows that name none. Times are of occurrence."""

    release: str
    first_at: datetime
    last_at: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class PartSeen:
    """One value of one column that names a version, in the rows of a rollout in one stream.

    `value` is None for rows that name none. Times are of occurrence.
    """

    stream: str
    column: str
    value: str | None
    first_at: datetime
    last_at: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """Subjects that are still open after they were due: how many, and which, in alphabetical order."""

    count: int
    subjects: tuple[str, ...]
