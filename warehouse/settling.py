"""From staged rows to events, quarantine and ledger: the second half of taking in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from warehouse.records.ingest import BatchReport, SourceSpec
from warehouse.sql import load
from warehouse.tables import table_of


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a file before its rows are settled."""

    batch: int
    file: str
    content_digest: str
    mapping_digest: str
    size: int
    now: datetime
    watermark: datetime | None
    window_seconds: int


def settle(
    connection: duckdb.DuckDBPyConnection,
    source: SourceSpec,
    columns: Sequence[str],
    arrival: Arrival,
    error: str | None,
) -> BatchReport:
    """Let the staged rows in and write quarantine, window counts, ledger and cursor; returns what the file brought.

    Runs inside the caller's transaction. `columns` are the mapped columns of the stream.
    """
    events = f'"{table_of(source.stream)}"'
    connection.execute(load("ingest_fates").format(events=events))
    who = {"batch": arrival.batch, "source": source.name}
    totals = _totals(connection, arrival.watermark)
    changes: dict[str, int] = {}
    if totals["restated"]:
        changes = _changes(connection, events, [*columns, "attributes"])
        connection.execute(load("ingest_close").format(events=events), {"batch": arrival.batch})
    quoted = ", ".join(f's."{name}"' for name in columns)
    connection.execute(load("ingest_insert").format(events=events, columns=quoted), {**who, "now": arrival.now})
    connection.execute(load("ingest_quarantine"), {**who, "file": arrival.file})
    connection.execute(
        load("ingest_windows"),
        {**who, "stream": source.stream, "width": arrival.window_seconds * 1_000_000, "watermark": arrival.watermark},
    )
    report = BatchReport(
        source=source.name,
        stream=source.stream,
        file=arrival.file,
        batch=arrival.batch,
        content_digest=arrival.content_digest,
        arrived_at=arrival.now,
        restated_columns=changes,
        reasons=dict(connection.execute(load("ingest_reasons")).fetchall()),
        flagged=dict(connection.execute(load("ingest_flags")).fetchall()),
        error=error,
        **totals,
    )
    _write_ledger(connection, report, arrival)
    connection.execute("DROP TABLE staged; DROP TABLE fates")
    return report


def _totals(connection: duckdb.DuckDBPyConnection, watermark: datetime | None) -> dict[str, Any]:
    result = connection.execute(load("ingest_totals"), {"watermark": watermark})
    names = [column[0] for column in result.description or []]
    return dict(zip(names, result.fetchone() or (), strict=True))


def _changes(connection: duckdb.DuckDBPyConnection, events: str, columns: Sequence[str]) -> dict[str, int]:
    """Counts of changed values by column, columns without a change left out."""
    old = ", ".join(f'e."{name}"' for name in columns)
    counts = ", ".join(
        f'count(*) FILTER (b."{name}"{_text(name)} IS DISTINCT FROM s."{name}"{_text(name)}) AS "{name}"'
        for name in columns
    )
    sql = load("ingest_changes").format(events=events, before_stored=old, before_staged=old, changes=counts)
    row = connection.execute(sql).fetchone() or ()
    return {name: count for name, count in zip(columns, row, strict=True) if count}


def _text(name: str) -> str:
    return "::VARCHAR" if name == "attributes" else ""


def _write_ledger(connection: duckdb.DuckDBPyConnection, report: BatchReport, arrival: Arrival) -> None:
    values = {name: getattr(report, name) for name in _LEDGER_FIELDS}
    for name in ("restated_columns", "reasons", "flagged"):
        values[name] = json.dumps(values[name], sort_keys=True)
    connection.execute(load("ledger_add_batch"), {**values, "mapping_digest": arrival.mapping_digest})
    cursor = ("source", "file", "content_digest", "batch")
    connection.execute(
        load("ledger_move_cursor"),
        {**{name: values[name] for name in cursor}, "mapping_digest": arrival.mapping_digest, "bytes": arrival.size},
    )


_LEDGER_FIELDS = (
    "batch",
    "source",
    "stream",
    "file",
    "content_digest",
    "arrived_at",
    "received",
    "accepted",
    "duplicate",
    "restated",
    "quarantined",
    "late",
    "first_at",
    "last_at",
    "restated_columns",
    "reasons",
    "flagged",
    "error",
)
