"""Tells whether the people's records were changed, so that what was read of them need not be read again."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from pathlib import Path

from warehouse.people.file import FILE_NAME

Mark = tuple[object, ...]


class Watch:
    """One connection that stays open and only asks SQLite whether anybody wrote; safe for many threads."""

    def __init__(self, folder: Path, wait_seconds: float) -> None:
        """Keep where to look; nothing is opened."""
        self._path, self._wait, self._lock = folder / FILE_NAME, wait_seconds, threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._end: weakref.finalize[[], Watch] | None = None
        self._file: tuple[object, ...] = ()
        self._opened = 0

    def mark(self) -> Mark | None:
        """Equal to an earlier one only if nothing was committed in between; None where that cannot be told.

        What is read after a mark was taken is at least as new as the mark. A file of which nobody may note that it is
        being read has no marks: it has to be read each time.
        """
        with self._lock:
            try:
                if self._connection is None or self._file != _file(self._path):
                    self._open()
                assert self._connection is not None
                return (self._opened, *self._connection.execute("PRAGMA data_version").fetchone())
            except (OSError, sqlite3.Error):
                self._close()
                return None

    def close(self) -> None:
        """Let the file go; the next question opens it again."""
        with self._lock:
            self._close()

    def _open(self) -> None:
        self._close()
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, timeout=self._wait, check_same_thread=False)
        self._end = weakref.finalize(self, self._connection.close)
        # Numbers of one connection mean nothing to another one.
        self._opened += 1
        self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        # The first read makes the log of changes beside the file, where there was none.
        self._file = _file(self._path)

    def _close(self) -> None:
        if self._end is not None:
            self._end()
        self._connection, self._end = None, None


def _file(path: Path) -> tuple[object, ...]:
    """Which file it is, and which log of changes belongs to it: either may have been put in another's place."""
    found = path.stat()
    log = path.with_name(f"{path.name}-wal")
    try:
        beside: object = log.stat().st_ino
    except FileNotFoundError:
        beside = None
    return found.st_dev, found.st_ino, beside
