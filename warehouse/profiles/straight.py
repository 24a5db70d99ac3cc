"""Large batches whose rows lie in one cell: counted straight from the event table, without a temporary one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from warehouse.profiles.counting import Rows
from warehouse.profiles.pieces import EPOCH, Batch, Piece, window_of
from warehouse.records.profiles import Scheme
from warehouse.scope import statement

_SLICE = ("rollout", "release", "arm", "segment")


@dataclass(frozen=True, slots=True)
class Straight:
    """The rows of a piece in the event table, and the only cell that they lie in."""

    piece: Piece
    rows: Rows
    window: datetime
    values: tuple[str, ...]


def straight(connection: duckdb.DuckDBPyConnection, scheme: Scheme, events: str, piece: Piece) -> Straight | None:
    """The rows of the piece straight from the event table; None when it has several cells."""
    batch = piece.batches[0]
    if len(piece.batches) > 1 or not batch.large or not batch.first_at or not batch.last_at:
        return None
    length = timedelta(seconds=scheme.window_seconds)
    start = max(piece.start or batch.first_at, batch.first_at)
    end = batch.last_at if piece.end is None else min(batch.last_at, piece.end - timedelta(microseconds=1))
    window = window_of(start, length)
    if end >= window + length or start < scheme.since:
        return None
    rows = _one_batch(connection, events, batch, piece)
    if rows is None:
        return None
    values = _one_slice(connection, rows)
    return None if values is None else Straight(piece, rows, window, values)


def note_cells(connection: duckdb.DuckDBPyConnection, found: Sequence[Straight]) -> None:
    """The cells of these pieces, numbered in their order, into the temporary table that deltas are written by."""
    columns = list(zip(*(one.values for one in found), strict=True))
    values = dict(zip(_SLICE, (list(column) for column in columns), strict=True))
    batches = [one.piece.batches[0].number for one in found]
    windows = [(one.window - EPOCH) // timedelta(microseconds=1) for one in found]
    connection.execute(statement("profiles_one_cell"), {"batch": batches, "window": windows, **values})


def _one_slice(connection: duckdb.DuckDBPyConnection, rows: Rows) -> tuple[str, ...] | None:
    """The only slice of the rows, '' for what is not named; None when there are several, or no rows."""
    first = connection.execute(statement("profiles_first_slice", rows=rows.sql), rows.parameters).fetchone()
    if first is None:
        return None
    values = dict(zip(_SLICE, first, strict=True))
    other = connection.execute(statement("profiles_other_slice", rows=rows.sql), rows.parameters | values).fetchone()
    return None if other is not None else tuple(str(value or "") for value in first)


def _one_batch(connection: duckdb.DuckDBPyConnection, events: str, batch: Batch, piece: Piece) -> Rows | None:
    """The rows that a batch brought; None if it superseded any, its own included."""
    closed = connection.execute(
        f"SELECT count(*) FROM {events} WHERE closed_by = $batch", {"batch": batch.number}
    ).fetchone()
    if closed is None or closed[0]:
        return None
    sql = f"{events} WHERE batch = $batch::BIGINT"
    parameters: dict[str, object] = {"batch": batch.number}
    if piece.start is None or piece.end is None:
        return Rows(sql, parameters)
    span = "occurred_at >= $since::TIMESTAMPTZ AND occurred_at < $until::TIMESTAMPTZ"
    return Rows(f"{sql} AND {span}", {**parameters, "since": piece.start, "until": piece.end})
