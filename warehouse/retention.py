"""Retention: what has reached its age goes, each kind in one transaction, and it is noted what, how many and when.

Text goes from its columns while its row stays, digest included, so that repeats and restatements are still told apart.
Rows go when they are old by the time of their occurrence, and rows as old are not let in again, since they would be
counted twice. Summaries of windows that an open epoch may still need stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import duckdb

from warehouse import sql
from warehouse.expressions import identifier, pointer
from warehouse.records.storage import Removal, Removed, RetentionRules, StreamText
from warehouse.scope import utc
from warehouse.store import Warehouse
from warehouse.tables import table_of

GAP = timedelta(days=1)
"""The longest gap within a session."""
SUMMARIES = ({"metric_digest", "window_start"}, {"scheme", "window_start"}, {"field", "hour"})
"""Columns by which a table of summaries is known: of metrics, of profiles for drift, of which fields have values."""
TOLD = (
    ("standings", "at_time"),
    ("verdicts", "at_time"),
    ("findings", "found_at"),
    ("check_runs", "checked_at"),
    ("check_results", "checked_at"),
)
"""What runs said, with the column of its time; it goes with evidence."""


def apply(warehouse: Warehouse, rules: RetentionRules, *, now: datetime) -> list[Removal]:
    """What was removed at `now`; empty when nothing was due.

    Ages are counted in whole days of UTC: what reaches its age in the course of a day goes with the first run of that
    day, so that nothing is kept longer than said. What was noted as done costs nothing the next time.
    """
    day = utc(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    removed: list[Removal] = []
    tables = _tables(warehouse)
    streams = [table.removeprefix("events_") for table in tables if table.startswith("events_")]
    if rules.raw_text is not None:
        for stream in streams:
            text = rules.text.get(stream, StreamText())
            present = tuple(name for name in text.columns if name in tables[table_of(stream)])
            text = StreamText(present, text.kept)
            removed += _text(warehouse, stream, text, day - rules.raw_text, now)
        removed += _quarantined(warehouse, "quarantine_text", day - rules.raw_text, now)
    if rules.events is not None:
        for stream in streams:
            if stream not in rules.lasting:
                removed += _events(warehouse, stream, day - rules.events, now)
        removed += _quarantined(warehouse, "quarantine", day - rules.events, now)
    if rules.cells is not None:
        summaries = {t: time for t, columns in tables.items() if (time := summary_time(t, columns)) is not None}
        removed += _cells(warehouse, summaries, day - rules.cells, now)
    if rules.evidence is not None:
        removed += _evidence(warehouse, day - rules.evidence, now)
    return removed


def summary_time(table: str, columns: Sequence[str]) -> str | None:
    """The column by which a table of summaries of windows ages; None for any other table."""
    if table != "window_counts" and not any(known <= set(columns) for known in SUMMARIES):
        return None
    return "window_start" if "window_start" in columns else "hour"


def removals(warehouse: Warehouse) -> list[Removal]:
    """Everything that retention removed so far, oldest first."""
    found = warehouse.connection.execute(
        "SELECT at_time, what, stream, bound, rows FROM retention_log ORDER BY at_time, what, stream"
    ).fetchall()
    return [Removal(utc(at), what, stream, utc(bound), rows) for at, what, stream, bound, rows in found]


def incomplete_batches(warehouse: Warehouse, stream: str) -> dict[int, int]:
    """Batches of a stream that lost rows to retention or erasure, with how many.

    Their cells are right as they are and cannot be computed again from the rows: a backfill must leave them alone.
    """
    asked = "SELECT batch, sum(rows)::BIGINT FROM removed_rows WHERE stream = $stream GROUP BY batch ORDER BY batch"
    return dict(warehouse.connection.execute(asked, {"stream": stream}).fetchall())


def kept_since(warehouse: Warehouse, stream: str) -> datetime | None:
    """The time of occurrence before which rows of a stream are gone and not let in again; None: there is none."""
    mark = _mark(warehouse, "events", stream)
    return None if mark is None else mark[1]


def _text(warehouse: Warehouse, stream: str, text: StreamText, bound: datetime, now: datetime) -> Iterator[Removal]:
    """Empty the text columns of rows that arrived before `bound`, batch by batch."""
    columns = [identifier(name) for name in text.columns]
    form = json.dumps([sorted(columns), sorted(text.kept)])
    after, through = _due(warehouse, "raw_text", stream, form, bound)
    if through <= after:
        return
    values: dict[str, object] = {"after": after, "through": through}
    emptied = [f"{name} = NULL" for name in columns] + [f"attributes = {_kept(text.kept, values)}"]
    held = [f"{name} IS NOT NULL" for name in (*columns, "attributes")]
    statement = sql.load("retention_text").format(
        events=f'"{table_of(stream)}"', emptied=", ".join(emptied), held=" OR ".join(held)
    )
    with warehouse.transaction() as connection:
        rows = _count(connection, statement, values)
        _note(connection, "raw_text", stream, through, bound, form)
        yield from _log(connection, Removal(utc(now), "raw_text", stream, bound, rows))


def _kept(places: Sequence[tuple[str, ...]], values: dict[str, object]) -> str:
    """SQL of what stays of `attributes`: the places that metrics read, nothing else; NULL when there are none."""
    parts = []
    for index, path in enumerate(sorted(places)):
        values[f"place_{index}"] = pointer(path)
        made = f"json_extract(attributes, $place_{index}::VARCHAR)"
        for step, key in reversed(list(enumerate(path))):
            values[f"key_{index}_{step}"] = key
            made = f"json_object($key_{index}_{step}::VARCHAR, {made})"
        parts.append(made)
    if not parts:
        return "NULL"
    # A merge patch leaves out what is null: a place that the row does not have.
    merged = f"json_merge_patch('{{}}', {', '.join(parts)})"
    return f"CASE WHEN attributes IS NOT NULL THEN CAST({merged} AS JSON) END"


def _quarantined(warehouse: Warehouse, what: Removed, bound: datetime, now: datetime) -> Iterator[Removal]:
    """Empty the texts of rows in quarantine, or remove the rows, by the arrival of their batch."""
    after, through = _due(warehouse, what, "", "", bound)
    if through <= after:
        return
    with warehouse.transaction() as connection:
        rows = _count(connection, sql.load(f"retention_{what}"), {"after": after, "through": through})
        _note(connection, what, "", through, bound, "")
        yield from _log(connection, Removal(utc(now), what, "", bound, rows))


def _events(warehouse: Warehouse, stream: str, bound: datetime, now: datetime) -> Iterator[Removal]:
    mark = _mark(warehouse, "events", stream)
    if mark is not None and mark[1] >= bound:
        return
    table = f'"{table_of(stream)}"'
    values = {"bound": bound, "stream": stream}
    with warehouse.transaction() as connection:
        connection.execute(sql.load("retention_seal").format(events=table), {**values, "until": bound + GAP})
        connection.execute(sql.load("retention_lost").format(events=table), values)
        rows = _count(connection, f"DELETE FROM {table} WHERE occurred_at < $bound", {"bound": bound})
        if rows or mark is not None:
            _note(connection, "events", stream, 0, bound, "")
        yield from _log(connection, Removal(utc(now), "events", stream, bound, rows))


def _cells(warehouse: Warehouse, tables: Mapping[str, str], bound: datetime, now: datetime) -> Iterator[Removal]:
    """Remove summaries of windows before `bound`, but none from the first window of an open epoch on."""
    asked = "SELECT min(first_window) FROM epochs WHERE closed_at IS NULL"
    row = warehouse.connection.execute(asked).fetchone()
    if row is not None and row[0] is not None:
        bound = min(bound, utc(row[0]))
    mark = _mark(warehouse, "cells", "")
    if mark is not None and mark[1] >= bound:
        return
    with warehouse.transaction() as connection:
        rows = sum(
            _count(connection, f"DELETE FROM {identifier(table)} WHERE {identifier(time)} < $bound", {"bound": bound})
            for table, time in tables.items()
        )
        if rows or mark is not None:
            _note(connection, "cells", "", 0, bound, "")
        yield from _log(connection, Removal(utc(now), "cells", "", bound, rows))


def _evidence(warehouse: Warehouse, bound: datetime, now: datetime) -> Iterator[Removal]:
    """Remove folded windows of epochs closed before `bound`, and what runs said before it.

    Epochs themselves stay: how many attempts there were decides what error budget is left.
    """
    mark = _mark(warehouse, "evidence", "")
    if mark is not None and mark[1] >= bound:
        return
    with warehouse.transaction() as connection:
        rows = _count(connection, sql.load("retention_evidence"), {"bound": bound})
        for table, column in TOLD:
            rows += _count(connection, f"DELETE FROM {table} WHERE {column} < $bound", {"bound": bound})
        if rows or mark is not None:
            _note(connection, "evidence", "", 0, bound, "")
        yield from _log(connection, Removal(utc(now), "evidence", "", bound, rows))


def _due(warehouse: Warehouse, what: Removed, stream: str, form: str, bound: datetime) -> tuple[int, int]:
    """The batches that are due: those after the first number, through the second."""
    mark = _mark(warehouse, what, stream)
    after = mark[0] if mark is not None and mark[2] == form else 0
    values = {"stream": stream, "bound": bound, "after": after}
    row = warehouse.connection.execute(sql.load("retention_due"), values).fetchone()
    return after, int(row[0]) if row and row[0] is not None else after


def _mark(warehouse: Warehouse, what: Removed, stream: str) -> tuple[int, datetime, str] | None:
    asked = "SELECT batch, bound, rules FROM retention_marks WHERE what = $what AND stream = $stream"
    row = warehouse.connection.execute(asked, {"what": what, "stream": stream}).fetchone()
    return None if row is None else (int(row[0]), utc(row[1]), row[2])


def _note(
    connection: duckdb.DuckDBPyConnection, what: Removed, stream: str, batch: int, bound: datetime, form: str
) -> None:
    values = {"what": what, "stream": stream, "batch": batch, "bound": bound, "rules": form}
    connection.execute("INSERT OR REPLACE INTO retention_marks VALUES ($what, $stream, $batch, $bound, $rules)", values)


def _log(connection: duckdb.DuckDBPyConnection, removal: Removal) -> list[Removal]:
    """Note a removal, unless there was nothing to remove."""
    if not removal.rows:
        return []
    values = {name: getattr(removal, name) for name in Removal.__dataclass_fields__}
    connection.execute("INSERT INTO retention_log VALUES ($at, $what, $stream, $bound, $rows)", values)
    return [removal]


def _count(connection: duckdb.DuckDBPyConnection, statement: str, values: dict[str, object]) -> int:
    """Rows that a statement changed."""
    row = connection.execute(statement, values).fetchone()
    return int(row[0]) if row else 0


def _tables(warehouse: Warehouse) -> dict[str, list[str]]:
    """Every table with the names of its columns."""
    found: dict[str, list[str]] = {}
    for table, column, _ in warehouse.connection.execute(sql.load("snapshot_tables")).fetchall():
        found.setdefault(table, []).append(column)
    return found
