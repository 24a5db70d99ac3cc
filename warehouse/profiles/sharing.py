"""Shares the counting of many schemes among connections: most queries are too small to use every core."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import duckdb

from warehouse.profiles import counting, fetching
from warehouse.profiles.counting import WORKERS, Counts, Rows, counting_in_arrays
from warehouse.profiles.wording import needs_texts
from warehouse.records.profiles import Scheme
from warehouse.records.streams import Stream

Counted = list[tuple[Scheme, Counts]]
Piece = Callable[[duckdb.DuckDBPyConnection], Counted]

TOGETHER = 4
"""Columns of numbers that one query fetches, where others fetch further ones meanwhile."""


def count_all(
    connection: duckdb.DuckDBPyConnection,
    schemes: Sequence[Scheme],
    stream: Stream,
    rows: Rows,
    number: int,
    *,
    apart: bool,
) -> Counted:
    """The rows, about `number` of them, under each scheme; with `apart` pieces of the work are done at the same time.

    Rows then have to lie in tables that all connections see.
    """
    pieces = _pieces(schemes, stream, rows, number)
    if not apart or len(pieces) < 2:
        with counting_in_arrays(connection, number):
            return [one for piece in pieces for one in piece(connection)]
    waiting = deque(pieces)

    def work() -> Counted:
        found: Counted = []
        with closing(connection.cursor()) as own, counting_in_arrays(own, number):
            # Several take from the same queue: it may be empty by the time one asks.
            while piece := _next(waiting):
                found += piece(own)
        return found

    with ThreadPoolExecutor(WORKERS) as pool:
        return [one for done in [pool.submit(work) for _ in range(WORKERS)] for one in done.result()]


def _next(waiting: deque[Piece]) -> Piece | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _pieces(schemes: Sequence[Scheme], stream: Stream, rows: Rows, number: int) -> list[Piece]:
    """The work in pieces, the longest first, so that all workers are done at about the same time."""
    fetched = [s for s in schemes if number < counting.ARRAY_ROWS and fetching.fits(s) and not needs_texts(s)]
    grouped = [s for s in schemes if s not in fetched]
    texts = [s for s in fetched if s.part]
    plain = [s for s in fetched if not s.part]
    categories = [s for s in grouped if s.kind == "category"]
    heavy = {"token": 0, "bucket": 1, "number": 2}
    singly = sorted((s for s in grouped if s not in categories), key=lambda s: (not s.part, heavy[s.kind]))

    def fetch(some: Sequence[Scheme]) -> Piece:
        return lambda own: fetching.count(own, some, stream, rows, number)

    def group(some: Sequence[Scheme]) -> Piece:
        if some[0].kind == "category":
            return lambda own: counting.count_categories(own, some, stream, rows)
        return lambda own: [(scheme, counting.count(own, scheme, stream, rows)) for scheme in some]

    return [
        *(fetch([s]) for s in texts),
        *(group([s]) for s in singly),
        *(group(some) for some in _split(categories, counting.TOGETHER)),
        *(fetch(some) for some in _split(plain, TOGETHER)),
    ]


def _split(schemes: Sequence[Scheme], most: int) -> Iterator[Sequence[Scheme]]:
    return (schemes[i : i + most] for i in range(0, len(schemes), most))
