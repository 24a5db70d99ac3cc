"""Which bytes a file holds, and which of them are new since it was last read."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from warehouse.records.errors import SourceError
from warehouse.sources.chunks import Span

EMPTY = hashlib.sha256(b"").hexdigest()
SETTLED_NS = 2_000_000_000
"""How long ago, in nanoseconds, a file must have changed for the time of its last change to be trusted.

File systems date changes in steps of up to two seconds, so that a change right after another may bear the same time.
"""

_BLOCK = 4 * 1024 * 1024


class Fingerprint:
    """A file as it is while it is read once: size, what of it was not read before, and the digest of its bytes.

    `total` is how many bytes it has; those that are appended meanwhile are left for the next time. `size` is up to
    where it is read this time. `unread` is the span that has not been read before: whoever reads it tells `take` of the
    bytes, in order. `changed_ns` is when it last changed, in nanoseconds since 1970, and None when that is too recent
    to be trusted.
    """

    def __init__(self, path: Path, status: os.stat_result, changed_ns: int | None) -> None:
        """Begin before the first byte; callers use `fingerprint`."""
        self.total = self.size = status.st_size
        self.changed_ns = changed_ns
        self.unread = Span(0, self.size)
        self._path = path
        self._identity = (status.st_dev, status.st_ino)
        self._hasher = hashlib.sha256()
        self._hashed = self._told = self._lines = 0
        self._start = self._state()

    def skip(self, file: BinaryIO, size: int, digest: str) -> None:
        """Leave out what was read earlier, if the file still begins with it; `size` and `digest` are those of it."""
        self._lines, whole = _hash(file, self._hasher, size)
        self._hashed = size
        if self._hasher.hexdigest() == digest:
            self.unread = Span(whole, self.size, self._lines + 1)
            self._told = whole
        self._start = self._state()

    def stop_early(self, file: BinaryIO, most: int) -> None:
        """Read no more than about `most` bytes this time, up to the end of a line; `following` is what is left."""
        self.size = _end_of_line(file, self.unread.start, most, self.total)
        self.unread = replace(self.unread, stop=self.size)

    def again(self) -> Fingerprint:
        """The same before any of it was taken."""
        found = copy(self)
        hasher, found._hashed, found._told, found._lines = self._start
        found._hasher = hasher.copy()
        return found

    def following(self, most: int) -> Fingerprint:
        """The fingerprint of the same file of which about `most` bytes more are read.

        Raises:
            SourceError: it is another file by now, or shorter.
        """
        found = copy(self)
        found._hasher = self._hashed_whole().copy()
        found._told, found.unread = self.size, Span(self.size, self.total, self._lines + 1)
        found._start = found._state()
        with _open(self._path) as file:
            status = os.fstat(file.fileno())
            if (status.st_dev, status.st_ino) != self._identity or status.st_size < self.total:
                raise SourceError(f"{self._path.name} was replaced while it was read.", transient=True)
            found.stop_early(file, most)
        return found

    def take(self, data: bytes) -> None:
        """Add the next bytes of the unread span to the digest."""
        # The last line was read before and is read again, since it may not have been whole.
        known = max(0, self._hashed - self._told)
        self._told += len(data)
        if known < len(data):
            self._hasher.update(memoryview(data)[known:])
            self._hashed += len(data) - known
            self._lines += data.count(b"\n", known)

    @property
    def digest(self) -> str:
        """SHA-256 of the file up to `size`; what nobody has read is read now.

        Raises:
            SourceError: the file cannot be read any more.
        """
        return self._hashed_whole().hexdigest()

    def _hashed_whole(self) -> hashlib._Hash:
        if self._hashed < self.size:
            with _open(self._path) as file:
                file.seek(self._hashed)
                self._lines += _hash(file, self._hasher, self.size - self._hashed)[0]
            self._hashed = self.size
        return self._hasher

    def _state(self) -> tuple[hashlib._Hash, int, int, int]:
        return self._hasher.copy(), self._hashed, self._told, self._lines


def fingerprint(path: Path, before: tuple[int, str] | None, most: int | None = None) -> Fingerprint:
    """The fingerprint of a file as it is now, of which no byte is read yet but those that were read before.

    `before` is size and digest of what was read of it earlier. When the file still begins with just that, the unread
    span starts behind its last whole line; else it is the whole file. Of a file of lines about `most` bytes may be read
    at a time.

    Raises:
        SourceError: the file cannot be opened, or is no regular file.
    """
    with _open(path) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{path.name} is not a regular file.")
        # Before anything is read: a change during the reading shows as a later one.
        settled = changed_ns(status) <= time.time_ns() - SETTLED_NS
        found = Fingerprint(path, status, changed_ns(status) if settled else None)
        if before is not None and before[0] <= status.st_size:
            found.skip(file, *before)
        if most is not None:
            found.stop_early(file, most)
        return found


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            yield file
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror or error}.", transient=True) from error


def changed_ns(status: os.stat_result) -> int:
    """When a file last changed, in nanoseconds since 1970.

    The later of the times of its content and of its status: the second cannot be set back, as the first is by tools
    that copy it.
    """
    return max(status.st_mtime_ns, status.st_ctime_ns)


def _without_waiting(path: str, flags: int) -> int:
    # Opening a named pipe would wait for a writer for ever.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _end_of_line(file: BinaryIO, start: int, most: int, total: int) -> int:
    """Where a line ends, at most `most` bytes behind `start` if one does; no line is cut."""
    at = start + most
    if at >= total:
        return total
    end = at
    while end > start:
        begin = max(start, end - _BLOCK)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    file.seek(at)
    while at < total and (data := file.read(min(_BLOCK, total - at))):
        found = data.find(b"\n")
        if found >= 0:
            return at + found + 1
        at += len(data)
    return total


def _hash(file: BinaryIO, hasher: hashlib._Hash, count: int) -> tuple[int, int]:
    """Add `count` bytes; returns how many newlines they hold and the offset behind the last of them."""
    lines = whole = 0
    while count > 0 and (data := file.read(min(_BLOCK, count))):
        hasher.update(data)
        count -= len(data)
        lines += data.count(b"\n")
        last = data.rfind(b"\n")
        whole = file.tell() - len(data) + last + 1 if last >= 0 else whole
    return lines, whole
