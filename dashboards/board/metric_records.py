"""What the board knows of a metric: its course, its distribution now and in a span of reference, its slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.records.metrics import Slice

SPANS: Mapping[str, timedelta] = {
    "2d": timedelta(days=2),
    "2w": timedelta(days=14),
    "3m": timedelta(days=91),
    "1y": timedelta(days=365),
}
"""How far back a page may look."""
SPAN_WORDS: Mapping[str, str] = {"2d": "2 days", "2w": "2 weeks", "3m": "3 months", "1y": "a year"}
USUAL = "2w"
DAY = timedelta(days=1)
"""What "now" is, for values and distributions."""
FEW = 30
"""Rows or units below which a number says little; said, never left out."""


@dataclass(frozen=True, slots=True)
class Point:
    """What a metric came to within [start, end): `value` None where no row has one, `rows` those about which it is.

    For a metric that runs read as one number, start and end are the time of the run and rows the units it told.
    """

    start: datetime
    end: datetime
    value: float | None
    rows: int
    unscored: int = 0


@dataclass(frozen=True, slots=True)
class Course:
    """A metric over [start, end) in stretches of `width` (None: run by run); stretches without rows are left out.

    `now` is its last day, None without a row in it; `newest` is the end of the newest window with rows, or of the
    newest run that could read it.
    """

    start: datetime
    end: datetime
    width: timedelta | None
    points: tuple[Point, ...]
    now: Point | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Group:
    """One bar of a distribution: units or rows in the reference and now."""

    label: str
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """How values lay in a span of reference and lie now; `counted` says what is counted ("sessions", "rows").

    `basis` says in words why that span is the reference. `groups` are in the order of the values.
    """

    counted: str
    basis: str
    before: tuple[datetime, datetime]
    now: tuple[datetime, datetime]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One slice: `kind` is "rollout", "release", "arm" or "segment", `name` empty for rows that name none.

    `effect` is its mean less that of all other rows of the traffic shown, `error` the standard error of that (as if
    rows did not depend on each other); both None where either side has no row with a value.
    """

    kind: str
    name: str
    rows: int
    unscored: int
    value: float | None
    effect: float | None
    error: float | None
    newest: datetime | None

    @property
    def small(self) -> bool:
        """Whether it has too few rows with a value to say much."""
        return self.rows - self.unscored < FEW


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric in some traffic. `how` is "cells" (sums of rows), "runs" (one number a run) or "none" (never measured).

    `parts` are ranked by the size of their effect, small ones last. `trouble` says why nothing is known.
    """

    name: str
    where: Slice
    how: str
    as_of: datetime | None
    course: Course | None
    distribution: Distribution | None = None
    parts: tuple[Part, ...] = ()
    complete_until: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Glance:
    """The course of every metric that a gate rests on, by metric and rollout; `trouble` says why there is none."""

    as_of: datetime | None
    courses: Mapping[tuple[str, str], Course]
    trouble: str = ""
