"""Pages are made before anybody asks: when the server starts, and when something changed.

A thread looks twice a second whether a page would be another one, as a reader's request does, and makes it then. Who
comes while it is made is served as ever: by what there was before, if nothing firm changed, else once it is made.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI

from dashboards.board.mains import Main, Mains, Version

Pages = dict[str, Callable[[], Main]]
_LOG = logging.getLogger("gatehold.board")
EVERY = 0.5
"""Seconds between two looks, at least; after making pages it rests for as long as that took."""
MOST_WARM = 20
"""Rollouts whose pages are made ahead; the others are made when somebody looks."""


class Warmer:
    """The thread that makes pages ahead."""

    def __init__(
        self, mains: Mains, now: Callable[[], Version], pages: Callable[[], Pages], every: float = EVERY
    ) -> None:
        """Keep what to look at: the version as it is `now`, and which `pages` there are."""
        self._mains, self._now, self._pages, self._every = mains, now, pages, every
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._trouble = ""

    def start(self) -> None:
        """Begin to look."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, name="gatehold-warm", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, once the page that is being made is there."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        seen: Version | None = None
        while not self._stopped.is_set():
            begun = time.monotonic()
            try:
                seen = self._look(seen)
            except Exception as error:  # whatever it is, whoever asks is told
                self._note(error)
            took = time.monotonic() - begun
            self._stopped.wait(max(self._every, took))

    def _look(self, seen: Version | None) -> Version:
        """The version for which all pages are there."""
        version = self._now()
        self._mains.confirm(version)
        if version != seen:
            for name, make in self._pages().items():
                if self._stopped.is_set():
                    break
                self._make(name, make)
        return version

    def _make(self, name: str, make: Callable[[], Main]) -> None:
        try:
            self._mains.renew(name, self._now, make)
        except Exception as error:  # one page that cannot be made keeps no other from being made
            self._note(error)

    def _note(self, error: Exception) -> None:
        # Once for each kind of trouble: it is tried again and again.
        if (trouble := type(error).__name__) != self._trouble:
            _LOG.warning("pages are not made ahead: %s", trouble)
        self._trouble = trouble


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Make pages ahead while the server runs."""
    warmer: Warmer = app.state.warmer
    warmer.start()
    try:
        yield
    finally:
        await anyio.to_thread.run_sync(warmer.stop)
