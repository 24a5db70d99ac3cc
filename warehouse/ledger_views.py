"""The ledger of ingest as people look at it: in stretches of time, newest first, and in parts of bounded length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from warehouse import ledger
from warehouse.records.ingest import BatchReport, Quarantined
from warehouse.scope import utc
from warehouse.sources.chunks import RAW_LIMIT
from warehouse.sql import load
from warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class Brought:
    """Rows of one stretch of time, from `start` on; `received`, `duplicate` and `quarantined` None where not known.

    By the time that rows are of, only rows that were let in are known: of others there may be no time to read.
    """

    start: datetime
    accepted: int
    restated: int
    late: int
    received: int | None = None
    duplicate: int | None = None
    quarantined: int | None = None


@dataclass(frozen=True, slots=True)
class StreamState:
    """What one stream received in all; times of occurrence, None without a row."""

    stream: str
    sources: int
    batches: int
    accepted: int
    restated: int
    quarantined: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of a source; `watermark` is up to where it was complete after it, None where it never was."""

    at: datetime
    batches: int
    degraded: str | None
    watermark: datetime | None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that went wrong: `what` is "poll" or names the batch."""

    at: datetime
    what: str
    detail: str


def by_window(
    warehouse: Warehouse, start: datetime, end: datetime, width: timedelta, *, source: str | None = None
) -> list[Brought]:
    """Rows by the time that they are of; stretches without rows are left out."""
    found = _stretches(warehouse, "ledger_by_window", start, end, width, source)
    return [Brought(utc(at), accepted, restated, late) for at, accepted, restated, late in found]


def by_arrival(
    warehouse: Warehouse, start: datetime, end: datetime, width: timedelta, *, source: str | None = None
) -> list[Brought]:
    """Rows by the time that they came; stretches without a batch are left out."""
    found = _stretches(warehouse, "ledger_by_arrival", start, end, width, source)
    return [
        Brought(utc(at), accepted, restated, late, received, duplicate, quarantined)
        for at, received, accepted, duplicate, restated, quarantined, late in found
    ]


def streams(warehouse: Warehouse) -> list[StreamState]:
    """Every stream that ever received a batch, by name."""
    found = warehouse.connection.execute(load("ledger_streams")).fetchall()
    return [
        StreamState(name, sources, batches, accepted, restated, kept_out, _utc(first), _utc(last))
        for name, sources, batches, accepted, restated, kept_out, first, last in found
    ]


def newest(
    warehouse: Warehouse, *, source: str | None = None, restating: bool = False, limit: int = 50, offset: int = 0
) -> list[BatchReport]:
    """Batches, newest first; with `restating` only those that corrected rows."""
    bound = {"source": source, "restating": restating, "limit": limit, "offset": offset}
    return [ledger.report(row) for row in ledger.rows(warehouse, "ledger_newest", bound)]


def reasons(warehouse: Warehouse, *, source: str | None = None) -> list[tuple[str, str, int]]:
    """Source, reason and rows that were not let in for it, the most first."""
    found = warehouse.connection.execute(load("ledger_reasons"), {"source": source}).fetchall()
    return [(str(name), str(reason), int(rows)) for name, reason, rows in found]


def polls(warehouse: Warehouse, source: str, *, limit: int) -> list[Poll]:
    """The newest polls of a source, newest first."""
    found = warehouse.connection.execute(load("ledger_polls"), {"source": source, "limit": limit}).fetchall()
    return [Poll(utc(at), batches, degraded, _utc(mark)) for at, batches, degraded, mark in found]


def faults(warehouse: Warehouse, source: str, *, limit: int) -> list[Fault]:
    """What went wrong with a source, newest first."""
    found = warehouse.connection.execute(load("ledger_faults"), {"source": source, "limit": limit}).fetchall()
    return [Fault(utc(at), what, detail) for at, what, detail in found]


def restated(
    warehouse: Warehouse, batches: Sequence[int], *, most: int
) -> dict[int, tuple[int, list[tuple[datetime, int]]]]:
    """By batch: how many windows it restated rows of, and the first `most` of them with the rows."""
    bound = {"batches": list(batches), "most": most}
    found: dict[int, tuple[int, list[tuple[datetime, int]]]] = {}
    for batch, at, rows, windows in warehouse.connection.execute(load("ledger_restated_windows"), bound).fetchall():
        found.setdefault(batch, (int(windows), []))[1].append((utc(at), int(rows)))
    return found


def quarantine_page(
    warehouse: Warehouse, *, source: str | None, reason: str | None, limit: int, offset: int
) -> list[Quarantined]:
    """Rows that were not let in and are at hand, newest batch first."""
    bound = {"source": source, "reason": reason, "limit": limit, "offset": offset, "most": RAW_LIMIT}
    return [Quarantined(**row) for row in ledger.rows(warehouse, "quarantine_page", bound)]


def quarantine_kept(warehouse: Warehouse) -> dict[tuple[str, str], int]:
    """How many rows of quarantine are at hand, by source and reason."""
    found = warehouse.connection.execute(load("quarantine_kept")).fetchall()
    return {(str(source), str(reason)): int(rows) for source, reason, rows in found}


def _stretches(
    warehouse: Warehouse, name: str, start: datetime, end: datetime, width: timedelta, source: str | None
) -> list[tuple[Any, ...]]:
    bound = {"start": utc(start), "end": utc(end), "width": width // timedelta(microseconds=1), "source": source}
    return warehouse.connection.execute(load(name), bound).fetchall()


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else utc(at)
