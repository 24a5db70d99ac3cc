"""Reads what the last run published, as it counts at this moment; what nobody changed is not read again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from checks.gates import saying
from dashboards.http.configured import Configured
from warehouse.people import glance
from warehouse.people.glance import Tally, Word
from warehouse.people.watching import Mark, Watch
from warehouse.records.errors import ConfigurationError, StoreError, UsageError

if TYPE_CHECKING:
    from checks.policy import Policy

T = TypeVar("T")
MOST_KEPT = 500
WAIT_SECONDS = 2.0
"""How long a request waits for a file that is being prepared; readers never wait for a run that writes."""


class Reader:
    """What requests ask for; every call looks whether anything was written, so that nobody is told an old word."""

    def __init__(self, data: Path, config: Configured | None, clock: Callable[[], datetime]) -> None:
        """Keep where to read; nothing is opened."""
        self.data, self._config, self._clock = data, config, clock
        self._watch, self._lock = Watch(data, WAIT_SECONDS), threading.Lock()
        self._mark: Mark | None = None
        self._kept: dict[tuple[str, str | None], Any] = {}

    @property
    def reports(self) -> Path:
        """The folder of pages."""
        return self.data / "reports"

    def now(self) -> datetime:
        """The present moment."""
        return self._clock()

    def policy(self) -> Policy | None:
        """The configuration as it stands now; None where the server was given none.

        Raises:
            ConfigurationError: it cannot be read or is wrong.
        """
        return None if self._config is None else self._config.policy()

    def tally(self) -> Tally:
        """How many entries the decision log has, and how many messages the outbox, as they are now.

        Raises:
            StoreError: the people's records cannot be read.
        """
        self._there()
        return self._once(("tally", None), lambda: glance.tally(self.data, wait_seconds=WAIT_SECONDS))

    def standings(self) -> list[dict[str, Any]]:
        """The standing of every rollout that a run has looked at, as it counts now, by name.

        Raises:
            StoreError: the people's records cannot be read.
        """
        return [self._now(word) for word in self._words(None).values()]

    def standing(self, rollout: str) -> dict[str, Any]:
        """The standing of one rollout, as it counts now.

        Raises:
            StoreError: the people's records cannot be read.
            UsageError: no run has looked at such a rollout.
        """
        word = self._words(rollout).get(rollout)
        if word is None:
            raise UsageError("There is no such rollout, or no run has looked at it yet: `gatehold run`.")
        return self._now(word)

    def decisions(self, rollout: str | None, after: int, limit: int) -> list[dict[str, Any]]:
        """Entries of the decision log without their bodies, in order, from position `after` on.

        Raises:
            StoreError: the people's records cannot be read.
        """
        self._there()
        return glance.heads(self.data, rollout=rollout, after=after, limit=limit, wait_seconds=WAIT_SECONDS)

    def _words(self, rollout: str | None) -> dict[str, Word]:
        self._there()
        return self._once(
            ("words", rollout), lambda: glance.words(self.data, rollout=rollout, wait_seconds=WAIT_SECONDS)
        )

    def _once(self, name: tuple[str, str | None], read: Callable[[], T]) -> T:
        """What was read under that name, if nothing was written since; else what is read now."""
        # The mark first: what is written while we read is noticed the next time.
        mark = self._watch.mark()
        with self._lock:
            if mark != self._mark:
                self._mark, self._kept = mark, {}
            if mark is not None and name in self._kept:
                kept: T = self._kept[name]
                return kept
        found = read()
        with self._lock:
            if mark is not None and mark == self._mark and len(self._kept) < MOST_KEPT:
                self._kept[name] = found
        return found

    def _there(self) -> None:
        # Without the folder there is no way to tell "nothing yet" from "nothing can be read".
        if not self.data.is_dir():
            raise StoreError(f"The data folder {self.data} is not there.")

    def _now(self, word: Word) -> dict[str, Any]:
        told = {} if word.stop is None else word.stop.told()
        try:
            stored = word.standing.body["standing"]
            digest = None if self._config is None else self._config.digest()
            return saying.now_says(stored, self._clock(), config_digest=digest, **told)
        except ConfigurationError:
            said = saying.now_says(stored, self._clock(), **told)
            return saying.unreadable(said, "The configuration cannot be read: `gatehold validate` says why.")
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"The standing of {word.standing.rollout} in {self.data} cannot be read; run the monitor again."
            ) from error
