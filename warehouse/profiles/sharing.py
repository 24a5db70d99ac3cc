"""Shares the counting of many schemes among connections: most queries are too small to use every core."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from operator import itemgetter

import duckdb

from warehouse.profiles import counting, fetching
from warehouse.profiles.counting import WORKERS, Counts, Rows, counting_in_arrays
from warehouse.profiles.wording import needs_texts
from warehouse.records.profiles import Scheme
from warehouse.records.streams import Stream

Counted = list[tuple[Scheme, Counts]]
Work = Callable[[duckdb.DuckDBPyConnection], Counted]

TOGETHER = 6
"""Columns of numbers that one query fetches, where others fetch further ones meanwhile."""


@dataclass(frozen=True, slots=True)
class Share:
    """Rows to count, about `number` of them; without cells of their own all of them lie in `cell`."""

    rows: Rows
    number: int
    cell: int = 0


def count_all(
    connection: duckdb.DuckDBPyConnection,
    schemes: Sequence[Scheme],
    stream: Stream,
    shares: Sequence[Share],
    *,
    apart: bool,
) -> Counted:
    """The rows of each share under each scheme; with `apart` pieces of the work are done at the same time.

    Rows then have to lie in tables that all connections see.
    """
    pieces = [piece for share in shares for piece in _pieces(schemes, stream, share)]
    waiting = deque(work for _, work in sorted(pieces, key=itemgetter(0)))
    if not apart or len(waiting) < 2:
        return [one for work in waiting for one in work(connection)]

    def take() -> Counted:
        found: Counted = []
        with closing(connection.cursor()) as own:
            # Several take from the same queue: it may be empty by the time one asks.
            while work := _next(waiting):
                found += work(own)
        return found

    with ThreadPoolExecutor(WORKERS) as pool:
        return [one for done in [pool.submit(take) for _ in range(WORKERS)] for one in done.result()]


def _next(waiting: deque[Work]) -> Work | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _pieces(schemes: Sequence[Scheme], stream: Stream, share: Share) -> list[tuple[int, Work]]:
    """The work in pieces, the longest with the least number, so that all workers are done at about the same time."""
    rows, number = share.rows, share.number
    fetched = [s for s in schemes if number < counting.ARRAY_ROWS and fetching.fits(s) and not needs_texts(s)]
    grouped = [s for s in schemes if s not in fetched]
    texts = [s for s in fetched if s.part]
    plain = [s for s in fetched if not s.part]
    categories = [s for s in grouped if s.kind == "category"]
    heavy = {"token": 0, "bucket": 1, "number": 2}
    singly = sorted((s for s in grouped if s not in categories), key=lambda s: (not s.part, heavy[s.kind]))

    def fetch(own: duckdb.DuckDBPyConnection, some: Sequence[Scheme]) -> Counted:
        return fetching.count(own, some, stream, rows, number)

    def group(own: duckdb.DuckDBPyConnection, some: Sequence[Scheme]) -> Counted:
        if some[0].kind == "category":
            return counting.count_categories(own, some, stream, rows)
        return [(scheme, counting.count(own, scheme, stream, rows)) for scheme in some]

    def piece(how: Callable[[duckdb.DuckDBPyConnection, Sequence[Scheme]], Counted], some: Sequence[Scheme]) -> Work:
        def work(own: duckdb.DuckDBPyConnection) -> Counted:
            with counting_in_arrays(own, number):
                found = how(own, some)
            return [(scheme, counts.moved(share.cell)) for scheme, counts in found] if share.cell else found

        return work

    return [
        *((0, piece(fetch, [s])) for s in texts),
        *((1, piece(group, [s])) for s in singly),
        *((2, piece(group, some)) for some in _split(categories, counting.TOGETHER)),
        *((3, piece(fetch, some)) for some in _split(plain, TOGETHER)),
    ]


def _split(schemes: Sequence[Scheme], most: int) -> Iterator[Sequence[Scheme]]:
    return (schemes[i : i + most] for i in range(0, len(schemes), most))
