"""What is being done, told on stderr while it takes its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from flows.cli import terminal

Say = Callable[[str], None]
QUIET_SECONDS = 2.0


@contextmanager
def progress() -> Iterator[Say]:
    """A line on stderr that says what is being done; a spinner on a terminal, one line per step elsewhere."""
    err = Console(stderr=True, highlight=False, markup=False, emoji=False)
    if not err.is_terminal:
        err.soft_wrap = True
        yield lambda text: err.print(Text(f"{terminal.visible(text)} ...", style="dim"))
        return
    with err.status("Starting ...") as shown:
        yield lambda text: shown.update(Text(f"{terminal.visible(text)} ..."))


def reading(say: Say) -> Callable[[str, int, int], None]:
    """A listener for files that are being read: it says how far, at most every two seconds."""
    last = time.monotonic()

    def heard(file: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= QUIET_SECONDS:
            last = time.monotonic()
            say(f"Reading {file}: {f'{100 * done // total} %' if total else f'{done:,} rows'}")

    return heard


def remaining(say: Say, what: str) -> Callable[[int, int], None]:
    """A listener for work whose size is known: how much is done and how long the rest takes at this speed.

    It says so at most every two seconds.
    """
    began = last = time.monotonic()

    def heard(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < QUIET_SECONDS or not total:
            return
        last = now
        left = (now - began) * (total - done) / done if done else 0.0
        say(f"{what}: {100 * done // total} %, about {_duration(left)} left")

    return heard


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
