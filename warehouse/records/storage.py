"""Retention, erasure, snapshots and sizes of what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal as OneOf

Removed = OneOf["raw_text", "quarantine_text", "events", "quarantine", "cells", "evidence"]
"""What retention removes."""


@dataclass(frozen=True, slots=True)
class StreamText:
    """The raw text of one stream: `columns` are set to NULL; of `attributes` only `kept` places stay.

    `kept` are the places that metrics read, as paths inside `attributes`.
    """

    columns: tuple[str, ...] = ()
    kept: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class SnapshotRules:
    """How much of the rows goes into the published snapshot: of which age, at most how many, with raw text or not."""

    rows: timedelta = timedelta(days=2)
    most_rows: int = 2_000
    text: bool = False
    quarantine: timedelta = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """How long what is kept; None: for good.

    `text` says by stream what its raw text is. Rows of the streams in `lasting` stay: a measure of what is still open
    reads them, and an open action must not vanish because it is old. `rewrite_after` is how long removed text may stay
    in unused parts of the file.
    """

    raw_text: timedelta | None = None
    events: timedelta | None = None
    cells: timedelta | None = None
    evidence: timedelta | None = None
    text: Mapping[str, StreamText] = field(default_factory=dict)
    lasting: frozenset[str] = frozenset()
    rewrite_after: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Removal:
    """What retention removed at `at`: `rows` of `what`, older than `bound`; `stream` is '' where it has none."""

    at: datetime
    what: Removed
    stream: str
    bound: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What writing the file anew did: its size in bytes before and after."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is to be erased, and who asks: rows whose `column` holds one of `values` (the id, as it is and hashed)."""

    column: str
    values: tuple[str, ...]
    by: str
    reason: str


REVIEWED = "review queues"
"""Under which rows of review queues are counted: no stream can have that name."""


@dataclass(frozen=True, slots=True)
class Erased:
    """The record of an erasure; it names the person only by a salted digest.

    `rows` counts rows, all revisions, by stream, and of review queues under `REVIEWED`; `kept` counts matching rows
    that stay because they record what people did; `quarantined` counts mentions in quarantine; `rollouts` are those
    that lost rows.
    """

    erasure: str
    at: datetime
    by: str
    reason: str
    column: str
    subject_digest: str
    rows: Mapping[str, int]
    kept: Mapping[str, int]
    quarantined: int
    rollouts: tuple[str, ...]

    @property
    def total(self) -> int:
        """Rows erased in all, mentions in quarantine included."""
        return sum(self.rows.values()) + self.quarantined


@dataclass(frozen=True, slots=True)
class SnapshotState:
    """Whether a snapshot can be read, and of when it is.

    `missing`: no run has published one. `broken`: the file cannot be read, `detail` says why. `other_version`: it was
    published by another version. `as_of` is the time of the run that published it, `batch` the newest batch known then.
    """

    state: OneOf["ready", "missing", "broken", "other_version"]
    detail: str
    as_of: datetime | None = None
    batch: int | None = None
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing a snapshot did: tables copied whole, tables that only got new rows, rows written, bytes."""

    as_of: datetime
    batch: int
    whole: int
    grown: int
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Stored:
    """One thing that takes room: `group` and `name` say what, `rows` and `bytes` how much (rows None: not counted).

    Bytes of a table are what its blocks in the file take, after compression.
    """

    group: OneOf["events", "quarantine", "summaries", "evidence", "ledger", "files", "free"]
    name: str
    rows: int | None
    bytes: int


@dataclass(frozen=True, slots=True)
class Month:
    """Rows of one stream in one month ("2026-03"); bytes are the stream's, shared out by rows."""

    stream: str
    month: str
    rows: int
    text_bytes: int
    narrow_bytes: int


@dataclass(frozen=True, slots=True)
class StorageReport:
    """Everything stored, largest first, events by month, and how the files stand."""

    stored: tuple[Stored, ...]
    months: tuple[Month, ...]
    total: int
    free: int
    removals: tuple[Removal, ...]
    erasures: int
    text_waiting_since: datetime | None
