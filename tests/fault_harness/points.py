"""Points at which a process can die: just before, during and just after everything it asks of files, stores, sockets.

They are counted with the interpreter's own profiling hook, so the product knows nothing of it, and libraries (the
driver of SQLite, DuckDB, HTTP) are cut through as well.
"""

from __future__ import annotations

import _thread
import linecache
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

STORE = frozenset({"execute", "executemany", "commit", "rollback", "close", "connect", "cursor"})
FILE = frozenset({"open", "write", "flush", "fsync", "replace", "rename", "unlink", "mkdir", "flock", "truncate"})
SOCKET = frozenset({"connect", "send", "sendall", "recv", "recv_into", "close", "shutdown"})
OWNERS = {
    "_duckdb": STORE,
    "_sqlite3": STORE,
    "sqlite3": STORE,
    "Cursor": STORE,
    "Connection": STORE,
    "io": FILE,
    "_io": FILE,
    "posix": FILE,
    "fcntl": FILE,
    "TextIOWrapper": FILE,
    "BufferedReader": FILE,
    "BufferedWriter": FILE,
    "BufferedRandom": FILE,
    "FileIO": FILE,
    "socket": SOCKET,
    "_socket": SOCKET,
}
"""What counts: the names of functions by their module or, for methods, by the type of their object."""

MOMENTS = ("before", "during", "after")


@dataclass(frozen=True, slots=True)
class Event:
    """One call as the undisturbed run made it: its number, what it was, how long it took, whether it committed."""

    number: int
    name: str
    seconds: float
    commits: bool


@dataclass(frozen=True, slots=True)
class Kill:
    """Where to die: at the event of that number; `seconds` is how long into it for the moment `during`."""

    number: int
    moment: str
    seconds: float = 0.0


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_later(seconds: float) -> None:
    time.sleep(seconds)
    _die()


def counted(function: Any) -> str | None:
    """The name of what was called if it counts; None for anything else."""
    name = getattr(function, "__name__", "")
    owner = getattr(function, "__module__", None) or type(getattr(function, "__self__", None)).__name__
    return f"{owner}.{name}" if name in OWNERS.get(owner, ()) else None


class Recorder:
    """Writes down every event of the work between `start` and `stop`."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.events: list[Event] = []
        self._open: dict[int, tuple[int, float]] = {}
        self._changes: dict[int, int] = {}

    def __call__(self, frame: FrameType, what: str, function: Any) -> None:
        """The hook of the interpreter."""
        if not what.startswith("c_") or (name := counted(function)) is None:
            return
        thread = threading.get_ident()
        if what == "c_call":
            self._open[thread] = (len(self.events), time.perf_counter())
            self.events.append(Event(len(self.events), name, 0.0, self._commits(name, frame, function)))
        elif thread in self._open:
            number, began = self._open.pop(thread)
            event = self.events[number]
            self.events[number] = Event(number, event.name, time.perf_counter() - began, event.commits)

    def _commits(self, name: str, frame: FrameType, function: Any) -> bool:
        """Whether the call makes something last; looking at SQLite ends in a commit as well, which makes nothing."""
        if name.endswith(".commit"):
            connection = function.__self__
            before, now = self._changes.get(id(connection), 0), connection.total_changes
            self._changes[id(connection)] = now
            return bool(now != before)
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        return name.endswith(".execute") and '"COMMIT"' in line


class Killer:
    """Ends the process at one point of its work."""

    def __init__(self, kill: Kill) -> None:
        """Keep the point."""
        self._kill, self._done = kill, 0
        self._thread: int | None = None

    def __call__(self, _: FrameType, what: str, function: Any) -> None:
        """The hook of the interpreter."""
        if not what.startswith("c_") or counted(function) is None:
            return
        if what == "c_call":
            if self._done == self._kill.number:
                self._reached()
            self._done += 1
        elif self._thread == threading.get_ident():
            _die()

    def _reached(self) -> None:
        if self._kill.moment == "before":
            _die()
        if self._kill.moment == "during":
            # A bare thread: the hook is not set for it, so that it does not count itself.
            _thread.start_new_thread(_die_later, (self._kill.seconds,))
        # The return of this call is the end, whether or not the moment inside it was met.
        self._thread = threading.get_ident()


def under(hook: Callable[[FrameType, str, Any], None], work: Callable[[], object]) -> None:
    """Do the work with the hook set for this thread and every thread that it starts."""
    threading.setprofile(hook)
    sys.setprofile(hook)
    try:
        work()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
