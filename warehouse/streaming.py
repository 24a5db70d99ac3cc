"""Rows straight into the event table: the short way for a file that holds new rows alone, which most files do.

Every text is written once, and by all threads at a time. Whether the rows are new is only known when all of them are
in: where one is not, the caller undoes all of it and goes the long way through the staged rows, which gives the same.
A row that cannot be read never gets into the table: it is handed back on the way and staged with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from warehouse import known_ids
from warehouse.casting import outside
from warehouse.keeping_out import KeptOut
from warehouse.mapping import Plan
from warehouse.records.errors import SourceError
from warehouse.redaction import Redactor
from warehouse.shapes import Shape, shape
from warehouse.sources.chunks import Chunk, Reject
from warehouse.sql import load
from warehouse.staging import bound_names, digest, in_sql, judged, reject, seen_shapes, stage

LEAST = 4 * 1024 * 1024
"""From how many bytes of a file on the short way pays."""

_MOST_REJECTS = 100_000
_IS_JSON = "CASE WHEN _keys IS NOT NULL THEN true ELSE kept_out(position, _raw) END"
_STRANGE = 0.1
"""From which share of rows on with shapes that the SQL was not made for it is made anew."""

_USED = re.compile(r"\$([a-z]\w*)")


@dataclass(frozen=True, slots=True)
class Early:
    """What is known of rows that are in the event table before they are settled.

    `flagged` counts the rows with a value outside its column's range or choices, by column; `full` are columns that
    have a value in every row.
    """

    index: known_ids.Index | None
    flagged: Mapping[str, int]
    full: frozenset[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the rows of one file are let in with: the event table, the batch, source, file, and time of reading.

    `texts` are columns whose texts may be long, at most 60 of them.
    """

    events: str
    batch: int
    source: str
    file: str
    now: datetime
    redactor: Redactor
    texts: tuple[str, ...] = ()


def is_likely(connection: duckdb.DuckDBPyConnection, source: str, file: str, *, added: bool) -> bool:
    """Whether a file may be expected to hold new rows alone, by what its source brought before.

    `added` says that only what was added to the file is read.
    """
    found = connection.execute(load("ingest_habit"), {"source": source, "file": file, "added": added}).fetchone()
    return found == (True,)


def let_in(
    connection: duckdb.DuckDBPyConnection,
    plan_of: Callable[[frozenset[str]], Plan],
    chunks: Iterator[Chunk],
    entry: Entry,
    kept: KeptOut,
    heard: Callable[[int], None],
) -> tuple[bool, str | None]:
    """Let the rows in and stage those that cannot be read; whether that went well, and what was lost of the file.

    Where it did not go well, nothing may be kept. `plan_of` gives the plan for fields that hold true timestamps;
    `heard` is told how many bytes are read.

    Raises:
        SourceError: the file cannot be read now.
    """
    stream = _Stream(connection, plan_of, chunks, kept, heard)
    try:
        while stream.has_more:
            if not _of_one_kind(connection, stream, entry, kept):
                return False, None
    finally:
        stream.close()
    if stream.error is not None and stream.error.transient:
        raise stream.error
    if stream.rejects:
        reject(connection, stream.rejects, entry.redactor)
    return not stream.too_many, None if stream.error is None else str(stream.error)


def _of_one_kind(connection: duckdb.DuckDBPyConnection, stream: _Stream, entry: Entry, kept: KeptOut) -> bool:
    """Let the next chunks of one kind in; whether every row of them is accounted for."""
    plan, names, shapes = stream.kind()
    given = stream.given
    sql, bound = _statement(plan, names, shapes, entry)
    reader = pa.RecordBatchReader.from_batches(stream.schema, stream.batches())
    # Of a bare stream the store pulls what it needs; through the reader Arrow would read on far ahead of it.
    inserted = _inserted(connection, sql, bound, reader.__arrow_c_stream__())
    rows = dict(sorted(kept.rows.items()))
    kept.rows.clear()
    if stream.too_many or inserted + len(rows) != stream.given - given:
        return False
    if rows:
        schema = {"position": pa.array(rows.keys(), pa.int64()), "raw": pa.array(rows.values(), pa.string())}
        stage(connection, plan, Chunk(pa.table(schema)), entry.file, entry.now, entry.redactor)
    odd = connection.execute("SELECT count(*) FROM staged WHERE _reason IS NULL").fetchone()
    return odd == (0,)


def _inserted(connection: duckdb.DuckDBPyConnection, sql: str, bound: dict[str, Any], incoming: object) -> int:
    """How many rows the SQL let in; it finds the stream by the name of this function's argument."""
    (count,) = connection.execute(sql, bound).fetchone() or (0,)
    return int(count)


def _statement(plan: Plan, names: Sequence[str], shapes: Sequence[Shape], entry: Entry) -> tuple[str, dict[str, Any]]:
    rows, bound = judged(plan, len(names), shapes, entry.redactor, _IS_JSON)
    lacks = " + ".join(f'("{text}" IS NULL)::BIGINT * {1 << bit}' for bit, text in enumerate(entry.texts))
    sql = load("ingest_let_in").format(
        events=entry.events,
        judged=rows,
        digest=digest(plan.columns),
        columns=in_sql(plan.columns),
        lacks=lacks or "0::BIGINT",
    )
    bound |= {f"k{index}": name for index, name in enumerate(names)}
    bound |= {"file": entry.file, "now": entry.now, "batch": entry.batch, "source": entry.source}
    used = set(_USED.findall(sql))
    return sql, {name: value for name, value in bound.items() if name in used}


def flagged(connection: duckdb.DuckDBPyConnection, plan: Plan, entry: Entry) -> dict[str, int]:
    """How many rows that were let in have a value outside its column's range or choices, by column."""
    bound: dict[str, Any] = {"batch": entry.batch}
    tests = [(c.name, outside(c, bound)) for c in plan.columns if c.outside == "flag"]
    counts = [f'count(*) FILTER ({test}) AS "{name}"' for name, test in tests if test]
    if not counts:
        return {}
    sql = load("ingest_flagged").format(counts=", ".join(counts), events=entry.events)
    found = connection.execute(sql, bound)
    names = [column[0] for column in found.description or ()]
    return {name: count for name, count in zip(names, found.fetchone() or (), strict=True) if count}


class _Stream:
    """The chunks of a file as the store pulls them; those of one kind are let in by one statement."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        plan_of: Callable[[frozenset[str]], Plan],
        chunks: Iterator[Chunk],
        kept: KeptOut,
        heard: Callable[[int], None],
    ) -> None:
        self.error: SourceError | None = None
        self.rejects: list[Reject] = []
        self.given = 0
        # The connection itself is busy with the statement that pulls.
        self._looker = connection.cursor()
        self._plan_of = plan_of
        self._chunks = chunks
        self._kept = kept
        self._heard = heard
        self._like: tuple[tuple[str, ...], frozenset[str]] = ((), frozenset())
        self._shapes: list[Shape] = []
        self._coming: Chunk | None = None
        self._pull()

    @property
    def has_more(self) -> bool:
        return self._coming is not None

    @property
    def too_many(self) -> bool:
        """Whether more rows cannot be read than may be held here."""
        return self._kept.too_many or len(self.rejects) > _MOST_REJECTS

    def kind(self) -> tuple[Plan, tuple[str, ...], list[Shape]]:
        """The plan, the names and the shapes of the chunks that come next."""
        assert self._coming is not None
        self._like = (self._coming.names, self._coming.times)
        self._shapes = [plain for plain, _ in self._seen(self._coming) if plain is not None]
        return self._plan_of(self._coming.times), self._coming.names, self._shapes

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows of the chunks up to the first of another kind."""
        chunk = self._coming
        while chunk is not None and not self.too_many:
            self.given += chunk.rows.num_rows
            done = chunk.done
            yield from chunk.rows.to_batches()
            # Nothing of it is held here while the next one is waited for.
            del chunk
            self._pull()
            self._heard(done)
            chunk = self._coming if self._coming is not None and self._is_alike(self._coming) else None

    @property
    def schema(self) -> pa.Schema:
        assert self._coming is not None
        return self._coming.rows.schema

    def close(self) -> None:
        self._looker.close()

    def _pull(self) -> None:
        """Take the next chunk with rows; the rejects of those passed over are kept."""
        self._coming = None
        try:
            for chunk in self._chunks:
                self.rejects += chunk.rejects
                if chunk.rows.num_rows:
                    self._coming = chunk
                    return
        except SourceError as error:
            self.error = error

    def _is_alike(self, chunk: Chunk) -> bool:
        if self._like != (chunk.names, chunk.times):
            return False
        seen = self._seen(chunk)
        strange = sum(count for plain, count in seen if plain is not None and plain not in self._shapes)
        return strange <= _STRANGE * sum(count for _, count in seen)

    def _seen(self, chunk: Chunk) -> list[tuple[Shape | None, int]]:
        plan = self._plan_of(chunk.times)
        return [
            (shape(plan, keys), count) for keys, count in seen_shapes(self._looker, plan, chunk, bound_names(chunk))
        ]
