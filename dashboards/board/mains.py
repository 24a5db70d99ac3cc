"""The main parts of pages that are the same for everybody, made once for all that happened until now."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup


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


class Mains:
    """What was made for the version of now: twenty readers need not each have a year of evidence drawn."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._version = ""
        self._made: dict[str, Main] = {}

    def get(self, version: str, name: str) -> Main | None:
        """What was made for this version."""
        with self._lock:
            return self._made.get(name) if version == self._version else None

    def put(self, version: str, name: str, made: Main) -> None:
        """Keep it; what was made for another version goes."""
        with self._lock:
            if version != self._version:
                self._version, self._made = version, {}
            self._made[name] = made
