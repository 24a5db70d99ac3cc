"""The rows behind a point: those of a span and a slice, with what a metric makes of each, as bounded texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from warehouse.expressions import identifier
from warehouse.measures import measures
from warehouse.records.errors import UsageError
from warehouse.records.metrics import SCALE, CellMetric, Slice
from warehouse.records.streams import Stream
from warehouse.scope import sliced, statement, utc
from warehouse.store import Warehouse

MOST_TEXT = 1_000
"""Characters of a value that are read."""
HIDDEN = frozenset({"digest", "closed_by", "position", "batch", "revision"})
"""Columns that only the store needs."""
Value = str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `inside` tells whether the metric is about it, `value` what it makes of it (None: unscored)."""

    inside: bool
    value: float | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Behind:
    """Rows of a span and a slice.

    `found` are all that there are, `inside` those that the metric is about (all of them without a metric), `rows` the
    newest few of them, those inside first. `measured` is false where the metric reads columns that are not at hand.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    found: int
    inside: int
    measured: bool


def published_since(warehouse: Warehouse, stream: str, *, most: int, since: datetime) -> datetime:
    """From when on the snapshot holds every current row of a stream: `since`, or later where they were too many."""
    table = identifier(f"recent_{stream}")
    row = warehouse.connection.execute(f"SELECT count(*), min(occurred_at) FROM {table}").fetchone()
    # The oldest moment may be held in part only, so it is left to the rows that are not held.
    return utc(row[1]) if row and row[1] and row[0] >= most else utc(since)


def read(
    warehouse: Warehouse,
    stream: Stream,
    where: Slice,
    start: datetime,
    end: datetime,
    *,
    metric: CellMetric | None = None,
    limit: int = 50,
    published: bool = False,
) -> Behind:
    """Current rows within [start, end); of the rows in a snapshot with `published`, else of the warehouse's.

    Raises:
        UsageError: there is no such table: the stream was never used.
    """
    name = f"{'recent' if published else 'events'}_{stream.name}"
    columns = _columns(warehouse, name)
    if not columns:
        raise UsageError(f"No row of stream {stream.name} was ever read.")
    try:
        return _read(warehouse, stream, name, columns, where, start, end, metric, limit, published)
    except duckdb.Error:
        # A snapshot holds no raw text: what the metric makes of it cannot be told there.
        if metric is None:
            raise
        found = _read(warehouse, stream, name, columns, where, start, end, None, limit, published)
        return Behind(found.columns, found.rows, found.found, found.inside, False)


def _read(
    warehouse: Warehouse,
    stream: Stream,
    name: str,
    columns: tuple[str, ...],
    where: Slice,
    start: datetime,
    end: datetime,
    metric: CellMetric | None,
    limit: int,
    published: bool,
) -> Behind:
    bound: dict[str, object] = {
        "start": utc(start),
        "end": utc(end),
        "limit": limit,
        "most": MOST_TEXT,
        **sliced(where),
    }
    made = "true AS _in_0, NULL::BIGINT AS _value_0" if metric is None else measures({0: metric}, stream, bound)
    text = statement(
        "behind_rows",
        texts=", ".join(f"left({identifier(column)}::VARCHAR, $most)" for column in columns),
        measures=made,
        table=identifier(name),
        current="true" if published else "closed_by IS NULL",
    )
    found = warehouse.connection.execute(text, bound).fetchall()
    rows = tuple(Row(bool(r[2]), None if r[3] is None else int(r[3]) / SCALE, tuple(r[4:])) for r in found)
    counted = (int(found[0][0]), int(found[0][1])) if found else (0, 0)
    return Behind(columns, rows, *counted, True)


def _columns(warehouse: Warehouse, table: str) -> tuple[str, ...]:
    asked = (
        "SELECT column_name FROM duckdb_columns() WHERE table_name = $table "
        "AND database_name = current_database() ORDER BY column_index"
    )
    found = warehouse.connection.execute(asked, {"table": table}).fetchall()
    return tuple(str(name) for (name,) in found if name not in HIDDEN)
