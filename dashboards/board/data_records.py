"""What the board knows of the data: sources and their ledger, quarantine, restatements, rows and segments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboards.board.metric_records import FEW
from warehouse.behind import Behind
from warehouse.ledger_views import Brought, Fault, Poll, StreamState
from warehouse.records.ingest import BatchReport, Quarantined, SourceState
from warehouse.records.metrics import Slice

QUIET = timedelta(days=1)
"""How long after its newest row a source counts as silent."""
PAGE = 50
"""Rows of quarantine, batches and rows behind a point that a page lists."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source: `known` None before its first poll, `as_of` when that was known; `configured` whether it still is."""

    name: str
    stream: str
    known: SourceState | None
    configured: bool
    as_of: datetime | None

    @property
    def state(self) -> str:
        """One of "never read", "degraded", "silent", "removed" and "read"."""
        if self.known is None or self.known.polled_at is None:
            return "never read"
        if not self.configured:
            return "removed"
        if self.known.degraded is not None:
            return "degraded"
        return "silent" if self.silent else "read"

    @property
    def silent(self) -> bool:
        """Whether it has brought no row of the last day."""
        if self.known is None or self.as_of is None:
            return True
        return self.known.newest_at is None or self.as_of - self.known.newest_at > QUIET


@dataclass(frozen=True, slots=True)
class Ledger:
    """What came within [start, end), in stretches of `width`: by the time rows are of, and by the time they came."""

    start: datetime
    end: datetime
    width: timedelta
    windows: tuple[Brought, ...]
    arrivals: tuple[Brought, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """All sources and streams; `trouble` says why there is nothing to show."""

    as_of: datetime | None
    sources: tuple[SourceLine, ...] = ()
    streams: tuple[StreamState, ...] = ()
    ledger: Ledger | None = None
    batches: tuple[BatchReport, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class OneSource:
    """One source; `reasons` counts rows that were not let in, `polls` and `batches` are the newest few."""

    as_of: datetime
    line: SourceLine
    ledger: Ledger
    polls: tuple[Poll, ...]
    faults: tuple[Fault, ...]
    reasons: tuple[tuple[str, int], ...]
    batches: tuple[BatchReport, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Quarantine: `reasons` are (source, reason, rows ever, rows at hand); `matching` are at hand and meet the filter.

    `since` is from when on rows of quarantine are published, `text` whether their text is.
    """

    as_of: datetime | None
    reasons: tuple[tuple[str, str, int, int], ...] = ()
    rows: tuple[Quarantined, ...] = ()
    matching: int = 0
    text: bool = False
    since: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """A batch that restated rows: `windows` in all, the first `shown` of them with the rows of each."""

    batch: BatchReport
    windows: int
    shown: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True, slots=True)
class Corrections:
    """Batches that restated rows, newest first; `more` when there are older ones."""

    as_of: datetime | None
    found: tuple[Correction, ...] = ()
    more: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """Which rows are asked for: of a stream, within [start, end), of some traffic, as a metric reads them."""

    stream: str
    start: datetime
    end: datetime
    where: Slice
    metric: str | None


@dataclass(frozen=True, slots=True)
class RowsBehind:
    """The rows behind a point that the snapshot holds; it holds all from `since` on, and raw text only with `text`."""

    as_of: datetime | None
    behind: Behind | None = None
    since: datetime | None = None
    text: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """Evidence of one segment: `low` and `high` are 95 % limits, None where the metric has no range; see `state`."""

    name: str
    units: int
    unscored: int
    estimate: float | None
    low: float | None
    high: float | None
    state: str

    @property
    def few(self) -> bool:
        """Whether there are too few units to say much."""
        return self.units - self.unscored < FEW


@dataclass(frozen=True, slots=True)
class GateSegments:
    """Segments of the evidence of one gate since `start`, the largest first; `units` of all of them."""

    gate: str
    metric: str
    measure: str
    direction: str
    limit: float
    start: datetime
    units: int
    segments: tuple[Segment, ...]
    more: int
