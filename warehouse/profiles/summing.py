"""What each arrival batch changed in the profiles: deltas, written once per scheme and batch.

A large batch whose rows all lie in one cell is counted straight from the event table; everything else goes through a
temporary table of bounded size that knows the cell of each row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import numpy as np

from warehouse.profiles import fetching, sharing
from warehouse.profiles.counting import Counts, Rows
from warehouse.profiles.pieces import Batch, Piece, steps
from warehouse.profiles.schemes import store
from warehouse.profiles.sharing import Counted, Share
from warehouse.profiles.straight import Straight, note_cells, straight
from warehouse.profiles.wording import check, columns, needs_texts
from warehouse.records.errors import StoreError
from warehouse.records.profiles import Scheme
from warehouse.records.streams import Stream
from warehouse.scope import events_table, statement, utc
from warehouse.store import Warehouse

Progress = Callable[[int, int], None]


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
        for pieces in steps(batches, of[0].window_seconds):
            done += len(group) * _step(warehouse, of, stream, pieces)
            if progress is not None:
                progress(done, total)
    for name in ("profile_cells", "profile_rows"):
        warehouse.connection.execute(f"DROP TABLE IF EXISTS {name}")
    return done


def _pending(warehouse: Warehouse, schemes: dict[str, Scheme], stream: Stream) -> list[tuple[list[str], list[Batch]]]:
    """Schemes that lack the same batches and begin at the same time with the same windows, with those batches."""
    values = {"schemes": list(schemes), "stream": stream.name}
    lacking: dict[str, list[Batch]] = {}
    for digest, batch, rows, plain, first, last in warehouse.connection.execute(
        statement("profiles_pending"), values
    ).fetchall():
        ends = [None if at is None else utc(at) for at in (first, last)]
        lacking.setdefault(digest, []).append(Batch(int(batch), int(rows), bool(plain), *ends))
    groups: dict[Any, list[str]] = {}
    for digest, batches in lacking.items():
        key = (schemes[digest].since, schemes[digest].window_seconds, tuple(batches))
        groups.setdefault(key, []).append(digest)
    return [(digests, list(key[2])) for key, digests in groups.items()]


def _step(warehouse: Warehouse, schemes: Sequence[Scheme], stream: Stream, pieces: Sequence[Piece]) -> int:
    """The number of batches counted."""
    batches = list(dict.fromkeys(batch.number for piece in pieces for batch in piece.batches))
    # Inside somebody's transaction the rows may not be committed yet, so that other connections do not see them.
    apart = not warehouse.in_transaction
    try:
        with warehouse.transaction() as connection:
            events = events_table(warehouse, stream.name)
            if events is not None:
                some = [piece for piece in pieces if not piece.before(schemes[0].since)]
                _count(connection, schemes, stream, events, some, apart=apart)
            marks = {"schemes": [scheme.digest for scheme in schemes], "batches": batches}
            connection.execute(statement("profiles_mark"), marks)
    except duckdb.Error as error:
        raise StoreError(
            f"Batches {batches[0]} to {batches[-1]} of stream {stream.name!r} could not be profiled: {error}. "
            "Nothing of them was kept; mend the cause and run again."
        ) from error
    return len(batches)


def _count(
    connection: duckdb.DuckDBPyConnection,
    schemes: Sequence[Scheme],
    stream: Stream,
    events: str,
    pieces: Sequence[Piece],
    *,
    apart: bool,
) -> None:
    found: list[Straight] = []
    for piece in pieces:
        one = straight(connection, schemes[0], events, piece)
        if one is not None:
            found.append(one)
            continue
        prepared = _prepared(connection, schemes, events, piece, cells=True)
        _insert(connection, _of_prepared(connection, schemes, stream, prepared, piece.rows))
    if not found:
        return
    note_cells(connection, found)
    counted: Counted = []
    if plain := [s for s in schemes if not needs_texts(s)]:
        shares = [Share(one.rows, one.piece.rows, cell) for cell, one in enumerate(found)]
        counted += sharing.count_all(connection, plain, stream, shares, apart=apart)
    if texts := [s for s in schemes if needs_texts(s)]:
        for one in found:
            prepared = _prepared(connection, texts, events, one.piece, cells=False)
            counted += _of_prepared(connection, texts, stream, prepared, one.piece.rows)
    _insert(connection, counted)


def _of_prepared(
    connection: duckdb.DuckDBPyConnection, schemes: Sequence[Scheme], stream: Stream, rows: Rows, number: int
) -> Counted:
    fetched = [s for s in schemes if number <= fetching.FETCH_ROWS and fetching.fits(s)]
    grouped = [s for s in schemes if s not in fetched]
    found = fetching.count(connection, fetched, stream, rows, number)
    return found + sharing.count_all(connection, grouped, stream, [Share(rows, number)], apart=False)


def _prepared(
    connection: duckdb.DuckDBPyConnection, schemes: Sequence[Scheme], events: str, piece: Piece, *, cells: bool
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
