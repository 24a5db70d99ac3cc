"""The process between `up` and each of its children: it lives as long as both, and leaves nothing behind.

It runs as `python -m flows.serving.guard FD COMMAND...`. `FD` is the reading end of a pipe that `up` holds open: when
`up` dies, even by SIGKILL, the pipe ends, and everything below here is stopped. On Linux orphans come to the guard and
not to the system, so a run that its worker left behind is found too. The command itself dies with the guard.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

GRACE_SECONDS = 4.0
"""What a command gets to end by itself, before it is killed."""
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36
_LINUX = sys.platform == "linux"


def main(arguments: list[str]) -> int:
    """The command's exit code, or 128 and the signal that ended it, as shells give it."""
    watched, command = int(arguments[0]), arguments[1:]
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    if _LINUX:
        _prctl(_SET_CHILD_SUBREAPER, 1)
    child = subprocess.Popen(command, preexec_fn=_die_with_me, stdin=subprocess.DEVNULL)
    while child.poll() is None:
        ready, _, _ = select.select([watched, woken], [], [])
        told = os.read(woken, 64) if woken in ready else b""
        if watched in ready or signal.SIGTERM in told or signal.SIGINT in told:
            _end(child)
            break
        _reap(child.pid)
    _sweep()
    code = child.wait()
    return 128 - code if code < 0 else code


def _die_with_me() -> None:
    if _LINUX:
        _prctl(_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask the command to end, and kill it when it does not."""
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


def _sweep() -> None:
    """Kill whatever the command has left, until nothing is left."""
    until = time.monotonic() + GRACE_SECONDS
    while (left := descendants(os.getpid())) and time.monotonic() < until:
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        _reap(None)
        time.sleep(0.02)
    if not _LINUX:
        _kill_group()


def _kill_group() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(os.getpgrp(), signal.SIGTERM)


def _reap(but: int | None) -> None:
    """Collect orphans that ended; the command itself is collected by who waits for it."""
    me = os.getpid()
    for pid, parent, state in _processes():
        if parent == me and state == "Z" and pid != but:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def descendants(pid: int) -> list[int]:
    """Every process below this one that has not ended, near ones first; [] where the system does not tell."""
    below: dict[int, list[int]] = {}
    for child, parent, state in _processes():
        if state != "Z":
            below.setdefault(parent, []).append(child)
    found, waiting = [], [pid]
    while waiting:
        children = below.get(waiting.pop(0), [])
        found += children
        waiting += children
    return found


def _processes() -> Iterator[tuple[int, int, str]]:
    """Id, parent and state of every process that can be seen."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name stands in brackets and may hold anything, brackets too.
            state, parent = path.read_text().rsplit(")", 1)[1].split()[:2]
            yield int(path.parent.name), int(parent), state


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
