"""What the board knows of a drift comparison: the columns as they are judged, its history, and Evidently's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal as OneOf

from checks.drift.records import ColumnDrift, DriftReport
from warehouse.records.profiles import Profile, Scheme


@dataclass(frozen=True, slots=True)
class Share:
    """The share of drifted columns over [start, end): None where a column could not be judged, which then bounds it."""

    start: datetime
    end: datetime
    share: float | None
    at_least: float | None
    at_most: float | None


@dataclass(frozen=True, slots=True)
class Past:
    """Some spans of a comparison, oldest first, judged by today's limits; `older` tells whether there are ones before.

    `why` says in one sentence why none can be shown.
    """

    shares: tuple[Share, ...]
    older: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison of the policy, over the newest whole windows [start, end) that a run has counted.

    `report` is None while there is nothing to compare, and `why` then says why in one sentence. `by_column` holds how
    each property was counted and what on either side, by its name. `past` is the newest spans, this one the last of
    them. `left_out` are columns that only a run compares (embeddings).
    """

    name: str
    stream: str
    rollout: str
    as_of: datetime | None
    reference: tuple[datetime, datetime]
    tolerance: float
    report: DriftReport | None
    why: str = ""
    start: datetime | None = None
    end: datetime | None = None
    by_column: tuple[tuple[str, Scheme, Profile, Profile], ...] = ()
    past: Past = Past((), older=False)
    left_out: tuple[str, ...] = ()

    def column(self, name: str) -> tuple[ColumnDrift, Scheme, Profile, Profile] | None:
        """What was judged of one property, and what of; None for one that was not counted."""
        judged = next((c for c in self.report.columns if c.name == name), None) if self.report else None
        found = next((one for one in self.by_column if one[0] == name), None)
        return None if judged is None or found is None else (judged, *found[1:])


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page of Evidently's: it shows [start, end), as known at `at`.

    `current` tells whether that is the span compared now and judges the same.
    """

    at: datetime
    start: datetime | None
    end: datetime | None
    current: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where Evidently's page of a comparison stands.

    `state` is "drawn", "drawing" (since `at`), "failed" (what began at `at`, for `reason`) or "absent". `page` is what
    was drawn last: it stays in reach while another is being drawn, and when that fails.
    """

    state: OneOf["drawn", "drawing", "failed", "absent"]
    at: datetime | None = None
    reason: str = ""
    page: Drawn | None = None
