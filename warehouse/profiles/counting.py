"""Counts rows under schemes: one grouping query per scheme, made of the engine's fastest forms.

A number becomes a code of two bytes by one multiplication and one cast, and codes are counted in an array; the few rows
that do not fit are counted by a second query. From codes to bins is a search among at most 65,536 codes in numpy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from warehouse.profiles.wording import Wording, wording
from warehouse.records.profiles import CODE_LIMIT, MISSING, WORTH_LIMIT, Scheme
from warehouse.records.streams import Stream
from warehouse.scope import statement

TEXTS = -3
"""Bin of all texts of a scheme of words."""

TOGETHER = 16
"""Columns of categories that one query groups."""

WORKERS = min(4, os.cpu_count() or 1)
"""Queries at the same time."""

ARRAY_ROWS = 500_000
"""Rows from which on codes are counted in an array."""

_LEAST = -(1 << 15)

_DENSE = 4_000_000
"""Sums of up to so many bins of all cells are made in an array."""

_FITS = 32_000.0
"""Codes up to this size, either way, certainly fit two bytes."""

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to count: what stands behind FROM, its parameters, and what they carry.

    `cells` rows have `_cell`; `signed` ones have `_sign`; `prepared` ones hold the columns of `wording.columns`.
    """

    sql: str
    parameters: dict[str, object]
    cells: bool = False
    signed: bool = False
    prepared: bool = False


@dataclass(slots=True)
class Counts:
    """Counts by cell and bin as parallel arrays; `large` are further ones as integers of any size."""

    cell: Integers
    bin: Integers
    items: Integers
    total: Integers
    squares: Integers
    large: list[tuple[int, int, int, int, int]] = field(default_factory=list)

    def moved(self, cells: int) -> Counts:
        """The same counts of cells whose numbers are higher by so many."""
        large = [(cell + cells, bin_, n, total, squares) for cell, bin_, n, total, squares in self.large]
        return replace(self, cell=self.cell + cells, large=large)


def none() -> Counts:
    """The counts of no rows."""
    nothing = np.zeros(0, dtype=np.int64)
    return Counts(nothing, nothing, nothing, nothing, nothing)


def count(connection: duckdb.DuckDBPyConnection, scheme: Scheme, stream: Stream, rows: Rows) -> Counts:
    """The rows under one scheme; without `cells` all of them are cell 0."""
    words = wording(scheme, stream, prepared=rows.prepared)
    match scheme.kind:
        case "number":
            return _numbers(connection, scheme, words, rows)
        case "category":
            return count_categories(connection, [scheme], stream, rows)[0][1]
        case "bucket":
            return _buckets(_run(connection, "profiles_buckets", words, rows, {}))
        case "token":
            return _plain(_run(connection, "profiles_tokens", words, rows, {}))


def count_categories(
    connection: duckdb.DuckDBPyConnection, schemes: Sequence[Scheme], stream: Stream, rows: Rows
) -> list[tuple[Scheme, Counts]]:
    """The rows under each of some schemes of categories, at most `TOGETHER` of them: in one pass."""
    names = [f"_column_{i}" for i in range(len(schemes))]
    words = [wording(scheme, stream, prepared=rows.prepared).value for scheme in schemes]
    cell = "_cell, " if rows.cells else ""
    text = statement(
        "profiles_categories",
        **{key: part for key, part in _parts(Wording("", "", {}), rows).items() if key != "value"},
        names=", ".join(names),
        columns=", ".join(f"{word}::VARCHAR AS {name}" for word, name in zip(words, names, strict=True)),
        sets=", ".join(f"({cell}{name})" for name in names),
    )
    values = {
        "values": [list(scheme.values) for scheme in schemes],
        "last": [len(scheme.values) for scheme in schemes],
        "groups": [(1 << len(names)) - 1 - (1 << place) for place in reversed(range(len(names)))],
    }
    found: dict[str, Any] = connection.execute(text, rows.parameters | values).fetchnumpy()
    cells, bins, items, place = _cells(found), *(_array(found[name]) for name in ("_bin", "_items", "_place"))
    chosen = [place == i for i in range(len(schemes))]
    counts = [Counts(cells[c], bins[c], items[c], *_nothing(int(c.sum()))) for c in chosen]
    return list(zip(schemes, counts, strict=True))


@contextmanager
def counting_in_arrays(connection: duckdb.DuckDBPyConnection, rows: int) -> Iterator[None]:
    """Inside, groups by a two-byte integer are counted in an array (17 bits with the missing ones).

    The array costs some milliseconds a query, hashing some nanoseconds a row: few rows are hashed.
    """
    if rows < ARRAY_ROWS:
        yield
        return
    connection.execute("SET SESSION perfect_ht_threshold = 17")
    try:
        yield
    finally:
        connection.execute("RESET SESSION perfect_ht_threshold")


def _run(
    connection: duckdb.DuckDBPyConnection, name: str, words: Wording, rows: Rows, values: dict[str, object]
) -> dict[str, Any]:
    text = statement(name, **_parts(words, rows))
    found: dict[str, Any] = connection.execute(text, rows.parameters | words.parameters | values).fetchnumpy()
    return found


def _parts(words: Wording, rows: Rows) -> dict[str, str]:
    items = "sum(_sign)::BIGINT" if rows.signed else "count(*)"
    filled = f"coalesce(sum(_sign) FILTER (WHERE {words.value} IS NOT NULL), 0)::BIGINT"
    return {
        "cell": "_cell, " if rows.cells else "",
        "cell_key": "_cell, " if rows.cells else "",
        "sign": "_sign" if rows.signed else "1",
        "items": items,
        "filled": filled if rows.signed else f"count({words.value})",
        "value": words.value,
        "code": words.code,
        "rows": rows.sql,
    }


def _numbers(connection: duckdb.DuckDBPyConnection, scheme: Scheme, words: Wording, rows: Rows) -> Counts:
    found = _run(connection, "profiles_numbers", words, rows, {})
    cells, items, filled = _cells(found), _array(found["_items"]), _array(found["_filled"])
    empty = np.ma.getmaskarray(found["_code"])
    code = _array(found["_code"])
    # The engine lets 32767.5 through and rounds it to 32768, which is -32768 in two bytes.
    again = empty | (code == _LEAST)
    counts = binned(scheme, cells[~again], code[~again], items[~again])
    missing = items[empty] - filled[empty]
    _append(counts, cells[empty], np.full(len(missing), MISSING), missing)
    if np.any(filled[again]) or (rows.signed and np.any(again)):
        counts.large += _outside(connection, scheme, words, rows)
    return counts


def bins_of_codes(scheme: Scheme) -> Integers:
    """The bin of each code of two bytes, from the least one on: to look up is faster than to search."""
    ends = np.clip(np.array(scheme.cuts, dtype=np.int64), _LEAST, -_LEAST)
    lengths = np.diff(ends, prepend=_LEAST, append=-_LEAST)
    found: Integers = np.repeat(np.arange(scheme.bins), lengths)
    return found


def binned(scheme: Scheme, cells: Integers, codes: Integers, items: Integers) -> Counts:
    """Codes summed to bins, exactly: codes have 15 bits, so that squares fit with up to 2**33 rows a cell."""
    bins = bins_of_codes(scheme)[codes - _LEAST]
    width = scheme.bins
    places: Integers = cells * width + bins
    keys: Integers | None = None
    if len(places) and int(places.max()) > _DENSE:
        keys, places = np.unique(places, return_inverse=True)
    size = int(places.max()) + 1 if len(places) else 0

    def summed(weights: Integers) -> Integers:
        sums = np.zeros(size, dtype=np.int64)
        np.add.at(sums, places, weights)
        return sums

    kept = np.flatnonzero(np.bincount(places, minlength=size))
    at = kept if keys is None else keys[kept]
    if scheme.logarithmic:
        where = np.searchsorted(kept, places)
        counts = Counts(at // width, at % width, summed(items)[kept], *_nothing(len(kept)))
        return _worth(counts, scheme, codes, items, where)
    weighed = items * codes
    rows, total, squares = (summed(weights)[kept] for weights in (items, weighed, weighed * codes))
    return Counts(at // width, at % width, rows, total, squares)


def _worth(counts: Counts, scheme: Scheme, codes: Integers, items: Integers, where: Integers) -> Counts:
    """The counts with sums of what each code stands for, in integers of any size: they outgrow eight bytes."""
    worth = np.minimum(np.rint(np.exp((codes - scheme.offset) / scheme.scale) * scheme.unit), float(WORTH_LIMIT))
    totals, squares = [0] * len(counts.cell), [0] * len(counts.cell)
    for place, n, value in zip(where.tolist(), items.tolist(), worth.tolist(), strict=True):
        totals[place] += n * int(value)
        squares[place] += n * int(value) ** 2
    keys = zip(counts.cell.tolist(), counts.bin.tolist(), strict=True)
    counts.large = [(*key, 0, total, square) for key, total, square in zip(keys, totals, squares, strict=True)]
    return counts


def _outside(
    connection: duckdb.DuckDBPyConnection, scheme: Scheme, words: Wording, rows: Rows
) -> list[tuple[int, int, int, int, int]]:
    low, high = ((end * _FITS - scheme.offset) / scheme.scale for end in (-1.0, 1.0))
    if scheme.logarithmic:
        low, high = 1.0, 0.0
    values = {"cuts": list(scheme.cuts), "limit": float(CODE_LIMIT), "low": low, "high": high}
    worth = "_code"
    if scheme.logarithmic:
        worth = "round(greatest(-$worth::DOUBLE, least($worth::DOUBLE, _number * $unit::DOUBLE)))"
        values |= {"worth": float(WORTH_LIMIT), "unit": scheme.unit}
    text = statement("profiles_outside", **_parts(words, rows), worth=worth)
    found = connection.execute(text, rows.parameters | words.parameters | values).fetchall()
    return [
        (int(cell), int(bin_), int(n), int(total), int(squares))
        for cell, bin_, n, total, squares in (row if rows.cells else (0, *row) for row in found)
    ]


def _plain(found: dict[str, Any]) -> Counts:
    items = _array(found["_items"])
    return Counts(_cells(found), _array(found["_bin"]), items, *_nothing(len(items)))


def _buckets(found: dict[str, Any]) -> Counts:
    cells, items, filled = _cells(found), _array(found["_items"]), _array(found["_filled"])
    counts = Counts(cells, _array(found["_bin"]), filled, *_nothing(len(items)))
    without = items != filled
    _append(counts, cells[without], np.full(int(without.sum()), MISSING), (items - filled)[without])
    return counts


def _nothing(length: int) -> tuple[Integers, Integers]:
    return np.zeros(length, dtype=np.int64), np.zeros(length, dtype=np.int64)


def _append(counts: Counts, cells: Integers, bins: Integers, items: Integers) -> None:
    nothing = np.zeros(len(items), dtype=np.int64)
    counts.cell = np.concatenate([counts.cell, cells])
    counts.bin = np.concatenate([counts.bin, bins])
    counts.items = np.concatenate([counts.items, items])
    counts.total = np.concatenate([counts.total, nothing])
    counts.squares = np.concatenate([counts.squares, nothing])


def _cells(found: dict[str, Any]) -> Integers:
    if "_cell" in found:
        return _array(found["_cell"])
    return np.zeros(len(found["_items"]), dtype=np.int64)


def _array(column: Any) -> Integers:
    return np.ma.getdata(column).astype(np.int64)
