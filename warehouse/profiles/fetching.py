"""Counts numbers in numpy: for few rows, and for rows of many cells, faster than a grouping query per column.

The values of all columns are fetched at once. Codes, bins and sums are those of `counting`, bit for bit: sums are of
whole numbers that a double holds exactly, which bounds the rows of one fetch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from warehouse.profiles.counting import Counts, Rows, binned, bins_of_codes
from warehouse.profiles.wording import wording
from warehouse.records.profiles import CODE_LIMIT, MISSING, UNUSABLE, Scheme
from warehouse.records.streams import Stream

FETCH_ROWS = 4_000_000
"""Rows of one fetch at most: squares of codes of two bytes then sum to less than 2**53."""

FETCH_VALUES = 12_000_000
"""Values held at once."""

_SHORT = 1 << 15
_DENSE = 4_000_000

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def fits(scheme: Scheme) -> bool:
    """Whether a scheme can be counted here: logarithms are the engine's own."""
    return scheme.kind == "number" and not scheme.logarithmic


def count(
    connection: duckdb.DuckDBPyConnection, schemes: Sequence[Scheme], stream: Stream, rows: Rows, number: int
) -> list[tuple[Scheme, Counts]]:
    """The rows, about `number` of them and at most `FETCH_ROWS`, under each of these schemes."""
    found: list[tuple[Scheme, Counts]] = []
    width = max(1, FETCH_VALUES // max(1, number))
    for start in range(0, len(schemes), width):
        some = schemes[start : start + width]
        values = [f"{wording(s, stream, prepared=rows.prepared).value} AS _v{i}" for i, s in enumerate(some)]
        names = [*(["_cell"] if rows.cells else []), *(["_sign"] if rows.signed else []), *values]
        text = f"SELECT {', '.join(names)} FROM {rows.sql}"
        arrays = connection.execute(text, rows.parameters).fetchnumpy()
        cells = _plain(arrays["_cell"]).astype(np.int64) if rows.cells else None
        signs = _plain(arrays["_sign"]).astype(float) if rows.signed else None
        found += [(scheme, _counted(scheme, arrays[f"_v{i}"], cells, signs)) for i, scheme in enumerate(some)]
    return found


def _counted(scheme: Scheme, column: Any, cells: Integers | None, signs: Floats | None) -> Counts:
    values = _plain(column).astype(float, copy=False)
    if signs is not None and np.all(signs == 1.0):
        signs = None
    with np.errstate(over="ignore", invalid="ignore"):
        # In place: to give room to one more array of so many rows costs more than to reckon it.
        codes = values * scheme.scale
        if scheme.offset:
            codes += float(scheme.offset)
        np.rint(codes, out=codes)
    missing = np.ma.getmask(column)
    there = None if missing is np.ma.nomask else ~missing
    held = _chosen(codes, there)
    # A number that is not finite makes none of these comparisons true.
    if len(held) and held.min() >= -_SHORT and held.max() < _SHORT:
        counts = _binned(scheme, held, _chosen(cells, there), _chosen(signs, there))
        if there is not None:
            gaps = np.full(len(codes) - len(held), MISSING)
            counts.large = list(_apart(gaps, _chosen(cells, missing), _chosen(signs, missing)))
        return counts
    usable = np.isfinite(values)
    apart = np.where(usable, 0, UNUSABLE)
    if missing is not np.ma.nomask:
        usable = usable & ~missing
        apart[missing] = MISSING
    short = usable & (codes >= -_SHORT) & (codes < _SHORT)
    counts = _binned(scheme, *(_chosen(x, short) for x in (codes, cells, signs)))
    counts.large = [
        *_far(scheme, *(_chosen(x, usable & ~short) for x in (codes, cells, signs))),
        *_apart(*(_chosen(x, ~usable) for x in (apart, cells, signs))),
    ]
    return counts


def _binned(scheme: Scheme, codes: Floats | None, cells: Integers | None, signs: Floats | None) -> Counts:
    assert codes is not None
    if cells is None and signs is None:
        return _of_one_cell(scheme, codes)
    keys = bins_of_codes(scheme)[codes.astype(np.int64) + _SHORT]
    if cells is not None:
        keys = keys + cells * scheme.bins
    named = None
    if len(keys) and int(keys.max()) > _DENSE:
        named, keys = np.unique(keys, return_inverse=True)
    weighed = codes if signs is None else codes * signs
    items = np.bincount(keys) if signs is None else np.rint(np.bincount(keys, weights=signs)).astype(np.int64)
    total = np.bincount(keys, weights=weighed).astype(np.int64)
    squares = np.bincount(keys, weights=weighed * codes).astype(np.int64)
    kept = np.flatnonzero((items != 0) | (total != 0) | (squares != 0))
    at = kept if named is None else named[kept]
    return Counts(at // scheme.bins, at % scheme.bins, items[kept].astype(np.int64), total[kept], squares[kept])


def _of_one_cell(scheme: Scheme, codes: Floats) -> Counts:
    """Rows by code first, in one pass; what follows is work on the codes alone."""
    places = codes.astype(np.int64)
    places += _SHORT
    rows = np.bincount(places)
    held = np.flatnonzero(rows)
    return binned(scheme, np.zeros(len(held), dtype=np.int64), held - _SHORT, rows[held])


def _far(
    scheme: Scheme, codes: Floats | None, cells: Integers | None, signs: Floats | None
) -> Iterator[tuple[int, int, int, int, int]]:
    """Rows whose code needs more than two bytes, in integers of any size."""
    assert codes is not None
    limit = float(CODE_LIMIT)
    whole = np.clip(codes, -limit, limit).astype(np.int64)
    bins = np.searchsorted(np.array(scheme.cuts), whole, side="right")
    size = len(bins)
    sums: dict[tuple[int, int], tuple[int, int, int]] = {}
    rows = zip(_list(cells, size), bins.tolist(), whole.tolist(), _signs(signs, size), strict=True)
    for cell, bin_, code, sign in rows:
        items, total, squares = sums.get((cell, bin_), (0, 0, 0))
        sums[cell, bin_] = items + sign, total + sign * code, squares + sign * code * code
    yield from ((*key, *one) for key, one in sums.items())


def _apart(
    bins: Integers | None, cells: Integers | None, signs: Floats | None
) -> Iterator[tuple[int, int, int, int, int]]:
    assert bins is not None
    weights = np.ones(len(bins)) if signs is None else signs
    keys = (np.zeros(len(bins), dtype=np.int64) if cells is None else cells) * 2 + (bins == MISSING)
    named, places = np.unique(keys, return_inverse=True)
    sums = np.rint(np.bincount(places, weights=weights, minlength=len(named)))
    for key, items in zip(named.tolist(), sums.tolist(), strict=True):
        yield key // 2, MISSING if key % 2 else UNUSABLE, int(items), 0, 0


def _chosen(array: Any, chosen: Any) -> Any:
    return array if array is None or chosen is None else array[chosen]


def _list(cells: Integers | None, size: int) -> list[int]:
    return [0] * size if cells is None else list(cells.tolist())


def _signs(signs: Floats | None, size: int) -> list[int]:
    return [1] * size if signs is None else [int(sign) for sign in signs.tolist()]


def _plain(column: Any) -> Any:
    return np.ma.getdata(column)
