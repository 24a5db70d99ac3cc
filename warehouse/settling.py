"""From staged rows to events, quarantine and ledger: the second half of taking in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from warehouse import known_ids, summing
from warehouse.erasure import screen
from warehouse.records.ingest import BatchReport, SourceSpec
from warehouse.sql import load
from warehouse.streaming import Early
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


_START = datetime(1970, 1, 1, tzinfo=UTC)
_EVER = {"start": datetime(1, 1, 2, tzinfo=UTC), "end": datetime(9999, 12, 31, tzinfo=UTC)}
_NEVER = {"start": _START, "end": _START}


def settle(
    connection: duckdb.DuckDBPyConnection,
    source: SourceSpec,
    columns: Sequence[str],
    arrival: Arrival,
    error: str | None,
    folder: Path,
) -> BatchReport:
    """Let the staged rows in and write quarantine, window counts, ledger and cursor; returns what the file brought.

    Runs inside the caller's transaction. `columns` are the mapped columns of the stream; `folder` is the data folder.
    """
    events = f'"{table_of(source.stream)}"'
    screen(connection, source.stream)
    connection.execute(load("ingest_readable"))
    index = known_ids.opened(connection, folder, source.stream, events)
    span = _span(connection, index)
    _find_stored(connection, events, [*columns, "attributes"], span, arrival.batch)
    all_new = _judge(connection)
    who = {"batch": arrival.batch, "source": source.name}
    totals = _totals(connection, arrival.watermark)
    changes: dict[str, int] = {}
    if totals["restated"]:
        changes = _changes(connection, events, [*columns, "attributes"], span)
        connection.execute(load("ingest_close").format(events=events), {"batch": arrival.batch, **span})
    quoted = ", ".join(f's."{name}"' for name in columns)
    insert = "ingest_insert_all" if totals["accepted"] == totals["received"] else "ingest_insert"
    connection.execute(load(insert).format(events=events, columns=quoted), {**who, "now": arrival.now})
    restated = bool(totals["restated"])
    summing.add(connection, source.stream, columns, source.name, arrival.batch, span, restated=restated)
    flagged = dict(connection.execute(load("ingest_flags")).fetchall())
    report = _written(connection, source, arrival, index, error, totals | {"restated_columns": changes}, flagged)
    _clear(connection, all_new=all_new)
    return report


def settle_early(
    connection: duckdb.DuckDBPyConnection,
    source: SourceSpec,
    columns: Sequence[str],
    arrival: Arrival,
    error: str | None,
    early: Early,
) -> BatchReport | None:
    """As `settle`, of rows that are in the event table already; None when one is not new, and nothing may be kept."""
    events = f'"{table_of(source.stream)}"'
    connection.execute(load("ingest_brought").format(events=events), {"batch": arrival.batch})
    span = _span(connection, early.index)
    sql = load("ingest_stored").format(events=events)
    found = connection.execute(sql, {**span, "batch": arrival.batch}).fetchone()
    if found != (0,) or _is_screened(connection, source.stream, events, arrival.batch) or not _judge(connection):
        return None
    totals = _totals(connection, arrival.watermark)
    # Staged are only the rows that are kept out.
    totals["received"] += totals["accepted"]
    summing.add(connection, source.stream, columns, source.name, arrival.batch, span, restated=False, full=early.full)
    report = _written(connection, source, arrival, early.index, error, totals, early.flagged)
    _clear(connection, all_new=True)
    return report


def _is_screened(connection: duckdb.DuckDBPyConnection, stream: str, events: str, batch: int) -> bool:
    """Whether a row of the batch was erased, or is older than rows are kept."""
    found = connection.execute(load("ingest_erased_columns"), {"stream": stream}).fetchall()
    columns = "".join(f', "{column}"' for (column,) in found if column != "occurred_at")
    connection.execute(load("ingest_screened").format(events=events, columns=columns), {"batch": batch})
    kept_out = screen(connection, stream, "screened")
    connection.execute("DROP TABLE screened")
    return kept_out > 0


def _written(
    connection: duckdb.DuckDBPyConnection,
    source: SourceSpec,
    arrival: Arrival,
    index: known_ids.Index | None,
    error: str | None,
    totals: Mapping[str, Any],
    flagged: Mapping[str, int],
) -> BatchReport:
    """The report of a batch whose rows are in, behind its ids, quarantine, window counts, ledger and cursor."""
    who = {"batch": arrival.batch, "source": source.name}
    if index is not None:
        new = connection.execute(load("ids_of_new")).fetchnumpy()
        known_ids.add(connection, index, arrival.batch, np.asarray(new["key"]), np.asarray(new["day"]))
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
        reasons=dict(connection.execute(load("ingest_reasons")).fetchall()),
        flagged=dict(flagged),
        error=error,
        **totals,
    )
    _write_ledger(connection, report, arrival)
    return report


def _clear(connection: duckdb.DuckDBPyConnection, *, all_new: bool) -> None:
    connection.execute(f"DROP {'VIEW' if all_new else 'TABLE'} fates")
    connection.execute("DROP TABLE often; DROP TABLE stored; DROP TABLE readable; DROP TABLE staged")


def _span(connection: duckdb.DuckDBPyConnection, index: known_ids.Index | None) -> dict[str, datetime]:
    """The span of occurrence that holds every stored row with an id of the file."""
    if index is None:
        return _EVER
    keys = np.asarray(connection.execute(load("ids_of_file")).fetchnumpy()["key"])
    found = known_ids.days(index, keys)
    if found is None:
        return _NEVER
    return {"start": _START + timedelta(days=found[0]), "end": _START + timedelta(days=found[1] + 1)}


def _find_stored(
    connection: duckdb.DuckDBPyConnection, events: str, columns: Sequence[str], span: dict[str, datetime], batch: int
) -> None:
    """Note the stored revisions that the file repeats or restates."""
    sql = load("ingest_stored").format(events=events)
    (found,) = connection.execute(sql, {**span, "batch": batch}).fetchone() or (0,)
    if not found:
        return
    differs = "SELECT count(*) FROM stored k JOIN readable r USING (event_id) WHERE k.digest IS DISTINCT FROM r.digest"
    if (connection.execute(differs).fetchone() or (0,))[0]:
        same = " AND ".join(f'e."{name}"{_text(name)} IS NOT DISTINCT FROM s."{name}"{_text(name)}' for name in columns)
        connection.execute(load("ingest_unchanged").format(events=events, same=same), span)


def _judge(connection: duckdb.DuckDBPyConnection) -> bool:
    """Say what becomes of each readable row; returns whether every one of them is new."""
    often = connection.execute(load("ingest_often")).fetchone()
    stored = connection.execute("SELECT count(*) FROM stored").fetchone()
    all_new = (often, stored) == ((0,), (0,))
    connection.execute(load("ingest_all_new" if all_new else "ingest_fates"))
    return all_new


def _totals(connection: duckdb.DuckDBPyConnection, watermark: datetime | None) -> dict[str, Any]:
    result = connection.execute(load("ingest_totals"), {"watermark": watermark})
    names = [column[0] for column in result.description or []]
    return dict(zip(names, result.fetchone() or (), strict=True))


def _changes(
    connection: duckdb.DuckDBPyConnection, events: str, columns: Sequence[str], span: dict[str, datetime]
) -> dict[str, int]:
    """Counts of changed values by column, columns without a change left out."""
    old = ", ".join(f'e."{name}"' for name in columns)
    counts = ", ".join(
        f'count(*) FILTER (b."{name}"{_text(name)} IS DISTINCT FROM s."{name}"{_text(name)}) AS "{name}"'
        for name in columns
    )
    sql = load("ingest_changes").format(events=events, before_stored=old, before_staged=old, changes=counts)
    row = connection.execute(sql, span).fetchone() or ()
    return {name: count for name, count in zip(columns, row, strict=True) if count}


def _text(name: str) -> str:
    return "::VARCHAR" if name == "attributes" else ""


def _write_ledger(connection: duckdb.DuckDBPyConnection, report: BatchReport, arrival: Arrival) -> None:
    values = {name: getattr(report, name) for name in _LEDGER_FIELDS}
    for name in ("restated_columns", "reasons", "flagged"):
        values[name] = json.dumps(values[name], sort_keys=True)
    connection.execute(load("ledger_add_batch"), {**values, "mapping_digest": arrival.mapping_digest})
    connection.execute("INSERT INTO contents VALUES ($batch, $size)", {"batch": report.batch, "size": arrival.size})
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
