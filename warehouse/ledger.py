"""The ledger of ingest: what every source brought, when, and up to where it is complete."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import duckdb

from warehouse.records.ingest import BatchReport, Quarantined, RestatedWindow, SourceSpec, SourceState, WindowCount
from warehouse.sql import load
from warehouse.store import Warehouse
from warehouse.tables import table_of


def source_states(
    warehouse: Warehouse, *, since: datetime | None = None, until: datetime | None = None
) -> list[SourceState]:
    """Where every source stands that was ever polled, by name; empty before the first poll.

    Counts are over batches that arrived after `since` and not after `until`; poll, watermark and newest row are as
    they were known at `until`. None leaves that side open.
    """
    return [SourceState(**row) for row in rows(warehouse, "ledger_states", {"since": since, "until": until})]


def batches(
    warehouse: Warehouse,
    *,
    source: str | None = None,
    stream: str | None = None,
    after_batch: int = 0,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[BatchReport]:
    """Batches of the ledger, oldest first, that arrived after `since` and not after `until`."""
    bound = {"source": source, "stream": stream, "after_batch": after_batch, "since": since, "until": until}
    return [report(row) for row in rows(warehouse, "ledger_batches", bound)]


def quarantined(warehouse: Warehouse, *, source: str | None = None, limit: int = 100) -> list[Quarantined]:
    """Rows that were not let in, newest batch first, at most `limit` of them."""
    return [Quarantined(**row) for row in rows(warehouse, "ledger_quarantined", {"source": source, "limit": limit})]


def window_counts(
    warehouse: Warehouse,
    *,
    start: datetime,
    end: datetime,
    stream: str | None = None,
    source: str | None = None,
    through_batch: int | None = None,
) -> list[WindowCount]:
    """Rows that each source brought for each window that starts in [start, end); windows without rows are left out."""
    bound = {"start": start, "end": end, "stream": stream, "source": source, "through_batch": through_batch}
    return [WindowCount(**row) for row in rows(warehouse, "ledger_window_counts", bound)]


def restated_windows(
    warehouse: Warehouse, *, stream: str, after_batch: int, window_seconds: int = 3600
) -> list[RestatedWindow]:
    """Every window touched by a restatement that arrived after `after_batch`, in order.

    Both the window of the old value and that of the new one are named; a missing release is "". Empty when the
    stream has no table yet.

    Raises:
        UsageError: the stream's name is not an identifier.
    """
    table = table_of(stream)
    known = "SELECT 1 FROM duckdb_tables() WHERE table_name = $table AND database_name = current_database()"
    if not warehouse.connection.execute(known, {"table": table}).fetchone():
        return []
    sql = load("ledger_restated").format(events=f'"{table}"')
    bound = {"after_batch": after_batch, "width": window_seconds * 1_000_000}
    return [RestatedWindow(*row) for row in warehouse.connection.execute(sql, bound).fetchall()]


def newest_batch(warehouse: Warehouse) -> int:
    """The number of the newest batch, 0 before the first."""
    row = warehouse.connection.execute("SELECT coalesce(max(batch), 0) FROM batches").fetchone()
    return int(row[0]) if row else 0


def newest_restatements(warehouse: Warehouse) -> dict[str, int]:
    """The newest batch that restated rows, by stream; streams without one are left out."""
    sql = "SELECT stream, max(batch) FROM batches WHERE restated > 0 GROUP BY stream"
    return dict(warehouse.connection.execute(sql).fetchall())


def watermark(warehouse: Warehouse, source: str) -> datetime | None:
    """The time up to which a source is complete (last successful poll minus lateness), None before the first one."""
    row = warehouse.connection.execute(load("ledger_watermark"), {"source": source}).fetchone()
    return row[0] if row else None


def cursor(warehouse: Warehouse, source: str, file: str, mapping_digest: str) -> tuple[int, str] | None:
    """Size in bytes and digest of what was read of a file under this mapping, None when nothing was."""
    bound = {"source": source, "file": file, "mapping_digest": mapping_digest}
    row = warehouse.connection.execute(load("ledger_cursor"), bound).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def same_content(
    warehouse: Warehouse, source: str, content_digest: str, mapping_digest: str, file: str | None
) -> BatchReport | None:
    """The batch in which a source brought these bytes under this mapping, None when it never did."""
    bound = {"source": source, "content_digest": content_digest, "mapping_digest": mapping_digest, "file": file}
    return next((report(row) for row in rows(warehouse, "ledger_same_content", bound)), None)


def is_known_size(warehouse: Warehouse, source: str, mapping_digest: str, size: int) -> bool:
    """Whether a source may have brought content of this size in bytes under this mapping before."""
    bound = {"source": source, "mapping_digest": mapping_digest, "bytes": size}
    row = warehouse.connection.execute(load("ledger_known_size"), bound).fetchone()
    return bool(row and row[0])


def next_batch(connection: duckdb.DuckDBPyConnection) -> int:
    """A new batch number, greater than all before."""
    row = connection.execute("SELECT nextval('batch_seq')").fetchone()
    assert row is not None
    return int(row[0])


def add_poll(
    warehouse: Warehouse, source: SourceSpec, *, polled_at: datetime, batches: int, degraded: str | None
) -> None:
    """Note that a source was polled, with what success."""
    bound = {
        "source": source.name,
        "stream": source.stream,
        "polled_at": polled_at,
        "lateness_seconds": int(source.lateness.total_seconds()),
        "batches": batches,
        "degraded": degraded,
    }
    with warehouse.transaction() as connection:
        connection.execute(load("ledger_add_poll"), bound)


def rows(warehouse: Warehouse, name: str, bound: dict[str, Any]) -> list[dict[str, Any]]:
    """The result of a query of the ledger, each row by column name."""
    result = warehouse.connection.execute(load(name), bound)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def report(row: dict[str, Any]) -> BatchReport:
    """The report that a row of the table of batches holds."""
    known = {name: row[name] for name in BatchReport.__dataclass_fields__ if name in row}
    for name in ("restated_columns", "reasons", "flagged"):
        known[name] = json.loads(row[name])
    return BatchReport(**known)
