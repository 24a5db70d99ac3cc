"""What a reader hands over: a bounded chunk of rows, and the rows that it could not make out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pyarrow as pa

from warehouse.records.errors import SourceError

LINE_LIMIT = 16 * 1024 * 1024
"""Longest line or record read, in bytes; a longer one is quarantined and skipped in pieces."""

BLOCK = 8 * 1024 * 1024
"""An eighth of how many bytes of text are handed over at a time."""

RAW_LIMIT = 2_000
"""How many characters of a bad row are kept."""

DEPTH_LIMIT = 200
"""How deep a row may nest; deeper ones exhaust the stack of whatever reads them later."""


_LEAST = 1024 * 1024
_PARTS = 16
_BATCH = 8_192
_REJECTS = 100_000


@dataclass(frozen=True, slots=True)
class Span:
    """Which bytes of a file are read: from `start` up to `stop`; `first` is the number of the first line, from 1."""

    start: int
    stop: int
    first: int = 1


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be made out: where it stood, why, and the beginning of its text."""

    position: int
    reason: str
    detail: str
    raw: str
    raw_bytes: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows in file order, and those that could not be made out.

    `rows` has the columns ``position`` and, for JSON lines, ``raw``: the text of each row. Tables have ``c0``, ``c1``
    and so on instead, whose names are `names`; `times` names those that hold true timestamps. `done` is how many
    bytes of the file were read so far.
    """

    rows: pa.Table
    rejects: tuple[Reject, ...] = ()
    names: tuple[str, ...] = ()
    times: frozenset[str] = frozenset()
    done: int = 0


def merged(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same rows in fewer and larger chunks of up to about 64 MiB, which the store takes in faster."""
    held: list[Chunk] = []
    try:
        for chunk in chunks:
            held.append(chunk)
            if sum(c.rows.nbytes for c in held) >= 8 * BLOCK or sum(len(c.rejects) for c in held) >= _REJECTS:
                yield _one(held)
                held = []
    except SourceError:
        # What was read before the damage is good.
        if held:
            yield _one(held)
        raise
    if held:
        yield _one(held)


def batched(chunks: Iterator[Chunk], size: int) -> Iterator[Chunk]:
    """The same rows in chunks of one Arrow batch each, of about 8 MiB; `size` is about how many bytes there are in all.

    Of few bytes the batches are smaller, so that every thread of the store has some.
    """
    enough = min(BLOCK, max(_LEAST, size // _PARTS))
    held: list[Chunk] = []
    try:
        for chunk in chunks:
            held.append(chunk)
            if sum(c.rows.nbytes for c in held) >= enough or sum(len(c.rejects) for c in held) >= _REJECTS:
                yield _side_by_side(held)
                held = []
    except SourceError:
        # What was read before the damage is good.
        if held:
            yield _side_by_side(held)
        raise
    if held:
        yield _side_by_side(held)


def ahead(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same chunks, each read while the one before it is worked on."""
    with ThreadPoolExecutor(1, "read-ahead") as reader:
        coming = reader.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = reader.submit(next, chunks, None)
            yield chunk
            # Nothing of it is held here while the next one is waited for.
            del chunk


def _side_by_side(chunks: list[Chunk]) -> Chunk:
    return replace(
        chunks[-1],
        rows=pa.concat_tables([c.rows for c in chunks]).combine_chunks(),
        rejects=tuple(reject for c in chunks for reject in c.rejects),
    )


def _one(chunks: list[Chunk]) -> Chunk:
    # Small batches let the engine spread the rows over its threads.
    batches = pa.concat_tables([c.rows for c in chunks]).to_batches(max_chunksize=_BATCH)
    return replace(
        chunks[-1],
        rows=pa.Table.from_batches(batches, chunks[0].rows.schema),
        rejects=tuple(reject for c in chunks for reject in c.rejects),
    )


def bounded(raw: bytes) -> str:
    """The beginning of `raw` as text of at most 2,000 characters; bytes that are no UTF-8 are written in hex."""
    # A character has at most four bytes; a cut character at the end is dropped with the rest.
    return raw[: 4 * RAW_LIMIT].decode("utf-8", "backslashreplace")[:RAW_LIMIT]
