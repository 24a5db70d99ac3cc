"""Rows that people review, and the labels they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """One column as people see it; `length` is that of the whole text, of which at most a bounded part is kept."""

    name: str
    text: str | None
    length: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A row that was looked at for people: what it carries on, and which strategies apply to it."""

    event_id: str
    occurred_at: datetime
    met: tuple[bool, ...]
    carried: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewItem:
    """A row that was chosen: `chance` in millionths; `carried` goes on beside the label, `texts` are shown."""

    event_id: str
    occurred_at: datetime
    due_at: datetime
    chance: int
    doubled: bool
    strategies: tuple[str, ...]
    carried: Mapping[str, Any]
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A row in a queue; `texts` is None when its text has been removed."""

    id: str
    queue: str
    event_id: str
    occurred_at: datetime
    chosen_at: datetime
    due_at: datetime
    chance: int
    doubled: bool
    strategies: tuple[str, ...]
    carried: Mapping[str, Any]
    texts: tuple[Text, ...] | None
    handed_in: int | None


@dataclass(frozen=True, slots=True)
class Given:
    """A label that somebody gave; `label` is None where they skipped the row."""

    item: str
    person: str
    at: datetime
    label: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How a queue stands: rows that wait, with every label, handed on without one, and past their time waiting."""

    open: int
    done: int
    unlabelled: int
    overdue: int
