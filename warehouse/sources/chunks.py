"""What a reader hands over: a bounded chunk of rows, and the rows that it could not make out."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

LINE_LIMIT = 16 * 1024 * 1024
"""Longest line or record read, in bytes; a longer one is quarantined and skipped in pieces."""

BLOCK = 8 * 1024 * 1024
"""How many bytes of text a reader holds at a time."""

RAW_LIMIT = 2_000
"""How many characters of a bad row are kept."""

DEPTH_LIMIT = 200
"""How deep a row may nest; deeper ones exhaust the stack of whatever reads them later."""


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


def bounded(raw: bytes) -> str:
    """The beginning of `raw` as text of at most 2,000 characters; bytes that are no UTF-8 are written as ``\\xff``."""
    # A character has at most four bytes; a cut character at the end is dropped with the rest.
    return raw[: 4 * RAW_LIMIT].decode("utf-8", "backslashreplace")[:RAW_LIMIT]
