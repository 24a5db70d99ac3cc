"""Which bytes a file holds, and which of them are new since it was last read."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256 and size in bytes of a file, and the span of it that has not been read before.

    `changed_ns` is when it last changed, in nanoseconds since 1970, and None when that is too recent to be trusted.
    """

    digest: str
    size: int
    unread: Span
    changed_ns: int | None


def fingerprint(path: Path, before: tuple[int, str] | None) -> Fingerprint:
    """The fingerprint of a file as it is now; bytes that are appended meanwhile are left for the next time.

    `before` is size and digest of what was read of it earlier. When the file still begins with just that, the unread
    span starts behind its last whole line; else it is the whole file.

    Raises:
        SourceError: the file cannot be opened, or is no regular file.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SourceError(f"{path.name} is not a regular file.")
            grown = before if before and before[0] <= status.st_size else None
            # Before anything is read: a change during the reading shows as a later one.
            settled = changed_ns(status) <= time.time_ns() - SETTLED_NS
            return _fingerprint(file, status.st_size, grown, changed_ns(status) if settled else None)
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


def _fingerprint(file: BinaryIO, size: int, before: tuple[int, str] | None, changed_ns: int | None) -> Fingerprint:
    hasher = hashlib.sha256()
    unread = Span(0, size)
    if before is not None:
        lines, whole = _hash(file, hasher, before[0])
        if hasher.hexdigest() == before[1]:
            unread = Span(whole, size, lines + 1)
    _hash(file, hasher, size - file.tell())
    return Fingerprint(hasher.hexdigest(), size, unread, changed_ns)


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
