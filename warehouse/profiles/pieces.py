"""Which batches are counted in which order and in which transactions; a large batch by its windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CHUNK_ROWS = 250_000
"""Rows that go through the temporary table at once, unless one batch alone brings more for one window."""

LARGE_ROWS = 100_000
"""From this many rows on it is worth looking whether a batch lies in one cell."""

STEP_ROWS = 4_000_000
"""Rows of large batches that one transaction counts: a step that is cut off is done again."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of arrival; `plain` ones superseded no row of another; `first_at` and `last_at` are of its rows."""

    number: int
    rows: int
    plain: bool
    first_at: datetime | None
    last_at: datetime | None

    @property
    def large(self) -> bool:
        """Whether it may be counted straight from the event table."""
        return self.rows >= LARGE_ROWS and self.plain and self.first_at is not None and self.last_at is not None


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows counted at once: some batches, of one window only where `start` and `end` say so."""

    batches: tuple[Batch, ...]
    start: datetime | None = None
    end: datetime | None = None

    @property
    def rows(self) -> int:
        """Rows that its batches brought."""
        return sum(batch.rows for batch in self.batches)

    def before(self, since: datetime) -> bool:
        """Whether all its rows surely lie before a time."""
        if self.end is not None and self.end <= since:
            return True
        return all(batch.plain and batch.last_at is not None and batch.last_at < since for batch in self.batches)


def steps(batches: Sequence[Batch], window_seconds: int) -> Iterator[list[Piece]]:
    """Pieces by transaction, in the order of the batches: small batches together, large ones window by window."""
    small: list[Batch] = []
    large: list[Batch] = []

    def waiting() -> Iterator[list[Piece]]:
        if small:
            yield [Piece(tuple(small))]
        if large:
            length = timedelta(seconds=window_seconds)
            yield [piece for batch in large for piece in _windows(batch, length)]
        small.clear()
        large.clear()

    for batch in batches:
        others, some, most = (small, large, STEP_ROWS) if batch.large else (large, small, CHUNK_ROWS)
        if others or (some and sum(b.rows for b in some) + batch.rows > most):
            yield from waiting()
        some.append(batch)
    yield from waiting()


def window_of(at: datetime, length: timedelta) -> datetime:
    """The start of the window that a time lies in."""
    return at - (at - EPOCH) % length


def _windows(batch: Batch, length: timedelta) -> list[Piece]:
    """A large batch by window, or whole where its windows are small."""
    assert batch.first_at is not None
    assert batch.last_at is not None
    start = window_of(batch.first_at, length)
    number = (batch.last_at - start) // length + 1
    if number > 1 and batch.rows // number < LARGE_ROWS and batch.rows <= 4 * CHUNK_ROWS:
        return [Piece((batch,))]
    if batch.rows // number < LARGE_ROWS:
        # Windows of few rows: several of them at once, still bounded.
        length = length * (CHUNK_ROWS * number // batch.rows or 1)
        number = (batch.last_at - start) // length + 1
    return [Piece((batch,), start + i * length, start + (i + 1) * length) for i in range(number)]
