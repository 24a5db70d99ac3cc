"""What happened, what is open, and what has to be written about it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from warehouse.records.headlines import Headline

Told = frozenset[tuple[str, str]]
"""Decision and channel of every alert that was ever written."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that a run changed: the event, a sentence, the words for it among others, and facts.

    `ended` is the event whose end this is (of a recovery), else None; `gate` the gate it is about (None: the rollout).
    """

    event: str
    summary: str
    short: str
    facts: tuple[tuple[str, str], ...] = ()
    ended: str | None = None
    gate: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause of a rollout, from the decision that began it.

    `decisions` are the ids of all entries that say it, `acknowledged` who took it on (None: nobody yet), `ended` the
    entry that ended it (None: it is open).
    """

    opened: Headline
    decisions: frozenset[str]
    acknowledged: Headline | None = None
    ended: Headline | None = None

    @property
    def about(self) -> str:
        """What every alert about it carries."""
        return f"{self.opened.rollout}/pause/{self.opened.id}"


@dataclass(frozen=True, slots=True)
class Lapse:
    """A standing that nobody renewed: from when it was, until when it held, and the last decision on the rollout."""

    rollout: str
    at: datetime
    valid_until: datetime
    last: Headline


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert to write for one channel, under a decision that is in the log already."""

    channel: str
    event: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    about: str
    step: str
    at: datetime
    under: Headline

    @property
    def id(self) -> str:
        """The same for the same thing, step and channel, so that it is written once however often it is found due."""
        text = "\x1f".join((self.about, self.step, self.channel))
        return f"{self.under.id}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"
