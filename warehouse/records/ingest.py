"""Sources, batches and what the ledger says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal as OneOf

from warehouse.records.redaction import Redaction

SourceKind = OneOf["jsonl", "csv", "parquet"]


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """Where rows of one stream come from.

    `fields` maps a column of the stream to a place in the row: ``"properties.model"`` (a path; dots go into nested
    objects, a literal key with dots wins over a path), ``"=text"`` (a constant), ``"{model}-{index}"`` (a template of
    places; missing when one of them is; ``"{model|name}"`` writes the text as a name: small letters, a hyphen for
    whatever a name cannot hold), ``"@digest"`` (a digest of the whole row, for rows without a natural key; equal rows
    are duplicates), ``"@file"``, ``"@row"``. A column that is not mapped is read from the field of its own
    name. Fields of the row that feed no column are kept in `attributes`.
    `time_format` is "iso" (ISO 8601; without offset it is UTC), "unix_s", "unix_ms", or a strptime pattern.
    `lateness` is how long after a moment rows of it may still arrive. `expected_per_window` is the smallest number of
    rows a window should bring, where the source knows. `redaction` is what is taken out of a row before it is stored.
    """

    name: str
    kind: SourceKind
    path: str
    stream: str
    lateness: timedelta
    fields: Mapping[str, str] = field(default_factory=dict)
    time_format: str = "iso"
    expected_per_window: int | None = None
    late_rows: OneOf["count", "supplement"] = "count"
    digest: str = ""
    redaction: Redaction | None = None


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What one batch (one file of one source) brought.

    received = accepted + duplicate + restated + quarantined, always. `late` counts accepted rows behind the watermark
    the source had before the batch. `restated_columns` counts, by column, the restated rows whose value changed;
    `reasons` counts quarantined rows by reason; `flagged` counts accepted rows with a value outside its column's
    range, by column. `error` is set when the rest of the file could not be read (a cut archive): what came before is
    in, the loss is named. `repeated` is true when the same content had been ingested before and nothing was done.
    """

    source: str
    stream: str
    file: str
    batch: int
    content_digest: str
    arrived_at: datetime
    received: int
    accepted: int
    duplicate: int
    restated: int
    quarantined: int
    late: int
    first_at: datetime | None
    last_at: datetime | None
    restated_columns: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    flagged: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where one source stands.

    `watermark` is the time up to which it is complete (last successful poll minus lateness); None before the first.
    `newest_at` is the newest event. `degraded` says in one sentence why the last poll failed, None when it did not.
    Counts are over rows that arrived in the asked span.
    """

    source: str
    stream: str
    polled_at: datetime | None
    watermark: datetime | None
    newest_at: datetime | None
    degraded: str | None
    received: int
    accepted: int
    duplicate: int
    restated: int
    quarantined: int
    late: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One row that was not let in. `raw` is bounded to 2,000 characters; `position` counts rows from 1."""

    source: str
    batch: int
    file: str
    position: int
    reason: str
    detail: str
    raw: str
    raw_bytes: int


@dataclass(frozen=True, slots=True)
class PullReport:
    """What one poll of one source brought, file by file in sorted order.

    `degraded` says in one sentence why the source cannot be taken as complete (no file, an unreadable file, a cut
    archive); None when all of it was read.
    """

    source: str
    stream: str
    batches: tuple[BatchReport, ...]
    degraded: str | None


@dataclass(frozen=True, slots=True)
class WindowCount:
    """Rows one source brought for one window of occurrence; `late` are those of `accepted` behind the watermark."""

    source: str
    stream: str
    window_start: datetime
    accepted: int
    restated: int
    late: int


@dataclass(frozen=True, slots=True)
class RestatedWindow:
    """A window with a restated row; `batch` is the newest one that restated one. A missing release is ''."""

    rollout: str
    release: str
    window_start: datetime
    batch: int
