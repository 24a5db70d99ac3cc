"""Whole lines out of blocks of bytes, without ever holding a line that has no end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from warehouse.records.errors import SourceError
from warehouse.sources.chunks import LINE_LIMIT, RAW_LIMIT, Reject, bounded

_KEEP = 4 * RAW_LIMIT
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that stand one after the other, joined by newlines (the last newline is left out), or one overlong line.

    `first` is the number of the first of them, counting from 1.
    """

    first: int
    text: bytes
    overlong: Reject | None
    done: int


def whole_lines(blocks: Iterator[tuple[bytes, int]], first: int) -> Iterator[Lines]:
    """Blocks cut at line ends; a line over 16 MiB is read past and given out as a reject.

    Raises:
        SourceError: as the blocks do, with the number of lines read before.
    """
    cutter = _Cutter(first)
    try:
        for data, done in blocks:
            yield from cutter.cut(data, done)
    except SourceError as error:
        raise SourceError(
            f"{error} {cutter.position - 1:,} whole lines before that were read; what follows is lost.",
            transient=error.transient,
        ) from error
    yield from cutter.end()


class _Cutter:
    """Where the next line starts, and what is held of it so far; of an overlong one only the beginning is held."""

    def __init__(self, first: int) -> None:
        self.position = first
        self._at_start = first == 1
        self._held = b""
        self._skipped = 0
        self._done = 0

    def cut(self, data: bytes, done: int) -> Iterator[Lines]:
        self._done = done
        if self._skipped:
            end = data.find(b"\n")
            self._skipped += len(data) if end < 0 else end
            if end < 0:
                return
            yield from self.end()
            data = data[end + 1 :]
        data = self._held + data
        if self._at_start and len(data) >= len(_MARK):
            data = data.removeprefix(_MARK)
            self._at_start = False
        head, newline, self._held = data.rpartition(b"\n")
        if newline:
            yield from self._whole(head)
        if len(self._held) > LINE_LIMIT:
            self._skipped = len(self._held)
            self._held = self._held[:_KEEP]

    def end(self) -> Iterator[Lines]:
        held, skipped, self._held, self._skipped = self._held, self._skipped, b"", 0
        if skipped:
            yield self._overlong(held, skipped)
        elif held:
            yield from self._whole(held)

    def _whole(self, text: bytes) -> Iterator[Lines]:
        if len(text) <= LINE_LIMIT:
            yield self._lines(text)
            return
        run: list[bytes] = []
        for line in text.split(b"\n"):
            if len(line) <= LINE_LIMIT:
                run.append(line)
                continue
            if run:
                yield self._lines(b"\n".join(run))
            run = []
            yield self._overlong(line[:_KEEP], len(line))
        if run:
            yield self._lines(b"\n".join(run))

    def _lines(self, text: bytes) -> Lines:
        # Many times faster than the method of bytes.
        newlines = int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord("\n")))
        first, self.position = self.position, self.position + newlines + 1
        return Lines(first, text, None, self._done)

    def _overlong(self, beginning: bytes, size: int) -> Lines:
        detail = f"the line has {size:,} bytes; allowed are {LINE_LIMIT:,}"
        reject = Reject(self.position, "line_too_long", detail, bounded(beginning), size)
        self.position += 1
        return Lines(reject.position, b"", reject, self._done)
