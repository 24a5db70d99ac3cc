"""The main parts of pages that are the same for everybody, made once for all that happened until now.

One thread makes a part for a version, and whoever else wants it waits for that one. While a part is made anew only
because there is new evidence, or because time went on, readers are given the one before at once, which says as of when
it is true. They never are when something firm changed: a standing, a lease that ended, what a gate says, a decision,
the configuration. Then all wait for the new one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

_LOG = logging.getLogger("gatehold.board")
PATIENCE = 30.0
"""Seconds since a part was last up to date within which it may be shown while the next is made."""
MOST_KEPT = 100


@dataclass(frozen=True, slots=True)
class Main:
    """The main part of a page as it was made at `made_at`, from evidence as of `as_of` (None: there is none).

    `text` comes from our own templates, which have escaped what is foreign.
    """

    made_at: datetime
    title: str
    as_of: datetime | None
    simulated: bool
    text: Markup


@dataclass(frozen=True, slots=True)
class Version:
    """What a part is made from: `all` changes with anything that it shows, `firm` with what must never be shown old."""

    all: str
    firm: str


@dataclass(slots=True)
class Kept:
    """A part that was made, for which version, and when it was last known to be up to date (seconds of a clock)."""

    main: Main
    version: Version
    current: float


class _Flight:
    """A part that is being made by one thread."""

    def __init__(self) -> None:
        self.landed = threading.Event()
        self.kept: Kept | None = None


class Mains:
    """What was made: twenty readers need not each have a year of evidence drawn."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with none."""
        self._lock, self._clock = threading.Lock(), clock
        self._kept: dict[str, Kept] = {}
        self._flights: dict[tuple[str, Version], _Flight] = {}

    def serve(self, name: str, now: Callable[[], Version], make: Callable[[], Main]) -> Kept:
        """The part of that name as `now` has it, or the one before while the next is made and nothing firm changed.

        The version is read before `make` reads anything: what is made from newer values is then made once more.

        Raises:
            Exception: whatever `now` or `make` raises.
        """
        version = now()
        flight, mine, before = _Flight(), True, None
        with self._lock:
            found, clock = self._kept.get(name), self._clock()
            if found is not None and found.version == version:
                found.current = clock
                return found
            if found is not None and found.version.firm == version.firm and clock - found.current <= PATIENCE:
                before = found
                # One thread a page is enough: what it makes is compared with the newest version by the next reader.
                mine = all(name != flying for flying, _ in self._flights)
            elif (name, version) in self._flights:
                flight, mine = self._flights[name, version], False
            if mine:
                self._flights[name, version] = flight
        if before is not None:
            if mine:
                threading.Thread(
                    target=self._aside, args=(name, version, now, make, flight), name="gatehold-main"
                ).start()
            return before
        if not mine:
            flight.landed.wait()
            # Whoever made it was told what went wrong; the same may not be true of us.
            return flight.kept or self._made(name, version, now, make, _Flight())
        return self._made(name, version, now, make, flight)

    def renew(self, name: str, now: Callable[[], Version], make: Callable[[], Main]) -> None:
        """Make the part of that name, unless it is there as `now` has it or somebody is making it.

        Raises:
            Exception: whatever `now` or `make` raises.
        """
        version, flight = now(), _Flight()
        with self._lock:
            found = self._kept.get(name)
            if (found is not None and found.version == version) or any(name == flying for flying, _ in self._flights):
                return
            self._flights[name, version] = flight
        self._made(name, version, now, make, flight)

    def confirm(self, version: Version) -> None:
        """Note that parts of that version are up to date, as a reader of each would."""
        with self._lock:
            for kept in self._kept.values():
                if kept.version == version:
                    kept.current = self._clock()

    def _aside(
        self, name: str, version: Version, now: Callable[[], Version], make: Callable[[], Main], flight: _Flight
    ) -> None:
        try:
            self._made(name, version, now, make, flight)
        except Exception as error:  # whatever it is, the next reader makes the page and is told
            _LOG.warning("a page could not be renewed: %s", type(error).__name__)
            with self._lock:
                self._kept.pop(name, None)

    def _made(
        self, name: str, version: Version, now: Callable[[], Version], make: Callable[[], Main], flight: _Flight
    ) -> Kept:
        try:
            made = Kept(make(), version, self._clock())
            # What changed while it was made may show in it or not: it is not kept, to be shown as neither.
            if now().firm == version.firm:
                with self._lock:
                    self._keep(name, made)
            flight.kept = made
            return made
        finally:
            with self._lock:
                if self._flights.get((name, version)) is flight:
                    del self._flights[name, version]
            flight.landed.set()

    def _keep(self, name: str, made: Kept) -> None:
        self._kept.pop(name, None)
        if len(self._kept) >= MOST_KEPT:
            del self._kept[min(self._kept, key=lambda one: self._kept[one].current)]
        self._kept[name] = made
