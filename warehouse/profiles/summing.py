"""What each arrival batch changed in the profiles: deltas, written once per scheme and batch.

A large batch whose rows all lie in one cell is counted straight from the event table; everything else goes through a
temporary table of bounded size that knows the cell of each row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np

from warehouse.profiles import counting, fetching, sharing
from warehouse.profiles.counting import Counts, Rows
from warehouse.profiles.schemes import store
from warehouse.profiles.wording import check, columns, needs_texts
from warehouse.records.errors import StoreError
from warehouse.records.profiles import Scheme
from warehouse.records.streams import Stream
from warehouse.scope import events_table, statement, utc
from warehouse.store import Warehouse

CHUNK_ROWS = 250_000
"""Rows that go through the temporary table at once, unless one batch alone brings more for one window."""

LARGE_ROWS = 100_000
"""From this many rows on it is worth looking whether a batch lies in one cell."""

Progress = Callable[[int, int], None]
_SLICE = ("rollout", "release", "arm", "segment")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Batch:
    number: int
    rows: int
    plain: bool
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows counted in one transaction: some batches, of one window only where `start` and `end` say so."""

    batches: tuple[_Batch, ...]
    start: datetime | None = None
    end: datetime | None = None


def summarise(
    warehouse: Warehouse, schemes: Sequence[Scheme], stream: Stream, *, progress: Progress | None = None
) -> int:
    """The number of pairs of scheme and batch counted now; those counted before are left alone.

    All schemes are of `stream`. Each pair is written with all of its deltas or not at all, in any order of batches.

    Raises:
        UsageError: a scheme does not fit the stream.
        StoreError: the engine could not carry it out; nothing of that step is kept.
    """
    by_digest = {scheme.digest: scheme for scheme in schemes}
    for scheme in by_digest.values():
        check(scheme, stream)
    store(warehouse, list(by_digest.values()))
    todo = _pending(warehouse, by_digest, stream)
    total, done = sum(len(group) * len(batches) for group, batches in todo), 0
    for group, batches in todo:
        of = [by_digest[digest] for digest in group]
        for some in _steps(of, batches):
            _step(warehouse, of, stream, some)
            done += len(group) * len(some[0].batches)
            if progress is not None:
                progress(done, total)
    for name in ("profile_cells", "profile_rows"):
        warehouse.connection.execute(f"DROP TABLE IF EXISTS {name}")
    return done


def _pending(warehouse: Warehouse, schemes: dict[str, Scheme], stream: Stream) -> list[tuple[list[str], list[_Batch]]]:
    """Schemes that lack the same batches and begin at the same time with the same windows, with those batches."""
    values = {"schemes": list(schemes), "stream": stream.name}
    lacking: dict[str, list[_Batch]] = {}
    for digest, batch, rows, plain, first, last in warehouse.connection.execute(
        statement("profiles_pending"), values
    ).fetchall():
        ends = [None if at is None else utc(at) for at in (first, last)]
        lacking.setdefault(digest, []).append(_Batch(int(batch), int(rows), bool(plain), *ends))
    groups: dict[Any, list[str]] = {}
    for digest, batches in lacking.items():
        key = (schemes[digest].since, schemes[digest].window_seconds, tuple(batches))
        groups.setdefault(key, []).append(digest)
    return [(digests, list(key[2])) for key, digests in groups.items()]


def _steps(schemes: Sequence[Scheme], batches: Sequence[_Batch]) -> Iterator[list[_Piece]]:
    """What is done in one transaction: pieces of the same batches."""
    waiting: list[_Batch] = []
    for batch in batches:
        if batch.rows >= LARGE_ROWS and batch.plain and batch.first_at and batch.last_at:
            if waiting:
                yield [_Piece(tuple(waiting))]
            waiting = []
            yield _windows(batch, timedelta(seconds=schemes[0].window_seconds))
            continue
        if waiting and sum(b.rows for b in waiting) + batch.rows > CHUNK_ROWS:
            yield [_Piece(tuple(waiting))]
            waiting = []
        waiting.append(batch)
    if waiting:
        yield [_Piece(tuple(waiting))]


def _windows(batch: _Batch, length: timedelta) -> list[_Piece]:
    """A large batch by window, or whole where its windows are small."""
    assert batch.first_at is not None
    assert batch.last_at is not None
    start = batch.first_at - (batch.first_at - _EPOCH) % length
    number = (batch.last_at - start) // length + 1
    if number > 1 and batch.rows // number < LARGE_ROWS and batch.rows <= 4 * CHUNK_ROWS:
        return [_Piece((batch,))]
    if batch.rows // number < LARGE_ROWS:
        # Windows of few rows: several of them at once, still bounded.
        length = length * (CHUNK_ROWS * number // batch.rows or 1)
        number = (batch.last_at - start) // length + 1
    return [_Piece((batch,), start + i * length, start + (i + 1) * length) for i in range(number)]


def _step(warehouse: Warehouse, schemes: Sequence[Scheme], stream: Stream, pieces: Sequence[_Piece]) -> None:
    batches = [batch.number for batch in pieces[0].batches]
    # Inside somebody's transaction the rows may not be committed yet, so that other connections do not see them.
    apart = not warehouse.in_transaction
    try:
        with warehouse.transaction() as connection:
            events = events_table(warehouse, stream.name)
            for piece in pieces:
                if events is not None and not _before(piece, schemes[0].since):
                    _count(connection, schemes, stream, events, piece, apart=apart)
            marks = {"schemes": [scheme.digest for scheme in schemes], "batches": batches}
            connection.execute(statement("profiles_mark"), marks)
    except duckdb.Error as error:
        raise StoreError(
            f"Batches {batches[0]} to {batches[-1]} of stream {stream.name!r} could not be profiled: {error}. "
            "Nothing of them was kept; mend the cause and run again."
        ) from error


def _before(piece: _Piece, since: datetime) -> bool:
    """Whether all rows of the piece surely lie before the time from which on rows are counted."""
    if piece.end is not None and piece.end <= since:
        return True
    return all(batch.plain and batch.last_at is not None and batch.last_at < since for batch in piece.batches)


def _count(
    connection: duckdb.DuckDBPyConnection,
    schemes: Sequence[Scheme],
    stream: Stream,
    events: str,
    piece: _Piece,
    *,
    apart: bool,
) -> None:
    straight = _straight(connection, schemes[0], events, piece)
    plain = [s for s in schemes if straight is not None and not needs_texts(s)]
    others = [s for s in schemes if s not in plain]
    rows = sum(batch.rows for batch in piece.batches)
    found: list[tuple[Scheme, Counts]] = []
    if straight is not None and plain:
        found += sharing.count_all(connection, plain, stream, straight, rows, apart=apart)
    if others:
        prepared = _prepared(connection, others, events, piece, cells=straight is None)
        fetched = [s for s in others if rows <= fetching.FETCH_ROWS and fetching.fits(s)]
        found += fetching.count(connection, fetched, stream, prepared, rows)
        grouped = [s for s in others if s not in fetched]
        found += sharing.count_all(connection, grouped, stream, prepared, rows, apart=False)
    _insert(connection, found)


def _straight(connection: duckdb.DuckDBPyConnection, scheme: Scheme, events: str, piece: _Piece) -> Rows | None:
    """The rows of the piece straight from the event table, with its one cell noted; None when it has several."""
    batch = piece.batches[0]
    if len(piece.batches) > 1 or batch.rows < LARGE_ROWS or not batch.plain or not batch.first_at or not batch.last_at:
        return None
    length = timedelta(seconds=scheme.window_seconds)
    start = max(piece.start or batch.first_at, batch.first_at)
    end = batch.last_at if piece.end is None else min(batch.last_at, piece.end - timedelta(microseconds=1))
    window = start - (start - _EPOCH) % length
    if end >= window + length or start < scheme.since:
        return None
    rows = _one_batch(connection, events, batch, piece)
    if rows is None:
        return None
    values = _one_slice(connection, rows, batch.rows)
    if values is None:
        return None
    _note_cell(connection, batch.number, window, values)
    return rows


def _one_slice(connection: duckdb.DuckDBPyConnection, rows: Rows, number: int) -> list[str] | None:
    """The only slice of the rows, None when there are several; of many rows column by column, which is cheaper."""
    if number < counting.ARRAY_ROWS:
        found = connection.execute(statement("profiles_slices", rows=rows.sql), rows.parameters).fetchall()
        return [str(value) for value in found[0]] if len(found) == 1 else None
    values = []
    for column in _SLICE:
        value = _one_value(connection, f'"{column}"', rows)
        if value is None:
            return None
        values.append(value)
    return values


def _one_value(connection: duckdb.DuckDBPyConnection, column: str, rows: Rows) -> str | None:
    """The only value of a column, '' for none; None when there are several."""
    # A column without any value is known from the statistics of its row groups, where grouping would read it.
    text = statement("profiles_any_value", column=column, rows=rows.sql)
    found = connection.execute(text, rows.parameters).fetchone()
    if found is not None and found[0] is None and not found[1]:
        return ""
    text = statement("profiles_one_value", column=column, rows=rows.sql)
    held = {str(value) for (value,) in connection.execute(text, rows.parameters).fetchall()}
    return held.pop() if len(held) == 1 else None


def _one_batch(connection: duckdb.DuckDBPyConnection, events: str, batch: _Batch, piece: _Piece) -> Rows | None:
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


def _note_cell(connection: duckdb.DuckDBPyConnection, batch: int, window: datetime, values: Sequence[str]) -> None:
    text = (
        "CREATE OR REPLACE TEMP TABLE profile_cells AS SELECT 0::INTEGER AS _cell, $batch::BIGINT AS _batch, "
        "$window::BIGINT AS _window, $rollout AS _rollout, $release AS _release, $arm AS _arm, $segment AS _segment"
    )
    at = (window - _EPOCH) // timedelta(microseconds=1)
    connection.execute(text, {"batch": batch, "window": at, **dict(zip(_SLICE, values, strict=True))})


def _prepared(
    connection: duckdb.DuckDBPyConnection, schemes: Sequence[Scheme], events: str, piece: _Piece, *, cells: bool
) -> Rows:
    """The changed rows in the temporary table, with the cells they touch numbered where they are not known yet."""
    numbers = [batch.number for batch in piece.batches]
    since = max(schemes[0].since, piece.start or schemes[0].since)
    values: dict[str, object] = {"first": numbers[0], "last": numbers[-1], "since": since, "until": piece.end}
    values["window"] = schemes[0].window_seconds * 1_000_000
    changed = statement("profiles_changed", events=events)
    # Batches of other streams may lie between; the event table holds none of theirs. Those of this stream that are
    # already counted may lie between as well.
    changed = f"(SELECT * FROM {changed} WHERE _batch IN (SELECT unnest($batches::BIGINT[])))"
    values["batches"] = numbers
    if cells:
        connection.execute(statement("profiles_cells", changed=changed), values)
    text = statement("profiles_rows", changed=changed, columns=columns(schemes))
    connection.execute(text, values)
    return Rows("profile_rows", {}, cells=True, signed=True, prepared=True)


def _insert(connection: duckdb.DuckDBPyConnection, found: Sequence[tuple[Scheme, Counts]]) -> None:
    if not found:
        return
    arrays = {
        name: np.concatenate([getattr(counts, name) for _, counts in found])
        for name in ("cell", "bin", "items", "total", "squares")
    }
    sizes = [len(counts.cell) for _, counts in found]
    arrays["scheme"] = np.repeat(np.arange(len(found)), sizes)
    values: dict[str, object] = {"schemes": [scheme.digest for scheme, _ in found]}
    counts = "profile_counts"
    if large := [(place, *row) for place, (_, counted) in enumerate(found) for row in counted.large]:
        counts = statement("profiles_large")
        names = ("scheme", "cell", "bin", "items", "total", "squares")
        values |= {f"large_{name}": [row[i] for row in large] for i, name in enumerate(names)}
    connection.register("profile_counts", arrays)
    try:
        connection.execute(statement("profiles_insert", counts=counts), values)
    finally:
        connection.unregister("profile_counts")
