"""Which version of each part answers now, told from the rows that name them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.releases.parts import COLUMNS, PARTS, UNKNOWN, Part
from warehouse.records.facts import PartSeen

LIVE = timedelta(hours=24)
"""How long a version that has no rows any more still counts as answering, seen from the newest row of its stream."""

SHOWN = 12
"""Characters of a fingerprint that people are shown."""


@dataclass(frozen=True, slots=True)
class Held:
    """The version of one part that answers now, as one column of one stream names it.

    `value` is None where the newest day of rows names none. It answers since `since` (time of occurrence); `before` is
    the version that it took the place of. `first` is true when no other was there before it. `beside` are other
    versions that answered within the same day.
    """

    part: Part
    stream: str
    column: str
    value: str | None
    since: datetime
    before: str | None = None
    first: bool = True
    beside: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, str]:
        """The stream and column that name it."""
        return self.stream, self.column


@dataclass(frozen=True, slots=True)
class Release:
    """What answers now: the version of every part that some column names, ordered by part, stream and column."""

    held: tuple[Held, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all versions, in hexadecimal digits; empty when no stream has a column that names any."""
        return digest(self.held) if self.held else ""

    @property
    def short(self) -> str:
        """The fingerprint as people are shown it."""
        return self.fingerprint[:SHOWN]

    @property
    def since(self) -> datetime | None:
        """When the newest of its versions began to answer; None when none is named."""
        return max((held.since for held in self.held), default=None)

    def versions(self, part: Part) -> tuple[str, ...]:
        """The versions of one part, `unknown` for those that rows do not name; empty when no column speaks of it.

        There are several where streams disagree, or where another model answered than was asked for.
        """
        found = dict.fromkeys(held.value for held in self.held if held.part == part)
        known = [value for value in found if value is not None]
        return tuple(known) or ((UNKNOWN,) if found else ())


def digest(held: Iterable[Held]) -> str:
    """SHA-256 over versions and where they are named, in any order; one that is not named has a form of its own."""
    lines = sorted([h.part, h.stream, h.column, [] if h.value is None else [h.value]] for h in held)
    return hashlib.sha256(json.dumps(lines, separators=(",", ":")).encode()).hexdigest()


def in_force(seen: Iterable[PartSeen], *, parts: Sequence[Part] = PARTS, live: timedelta = LIVE) -> Release:
    """The version of each part that answers now, in whatever order the rows came and in whatever batches.

    Of the versions in the newest span of `live` of a stream it is the one first seen last: a new version counts from
    its first row on, even while the old one still answers, and going back to an older one is noticed once the newer has
    been silent for `live`. Rows that name none count only when there is no other in that span.
    """
    places: dict[tuple[str, str], list[PartSeen]] = {}
    for one in _merged(seen):
        if COLUMNS.get(one.column) in parts:
            places.setdefault((one.stream, one.column), []).append(one)
    held = (_held(stream, column, found, live) for (stream, column), found in places.items())
    order = {part: number for number, part in enumerate(PARTS)}
    columns = {column: number for number, column in enumerate(COLUMNS)}
    return Release(tuple(sorted(held, key=lambda h: (order[h.part], h.stream, columns[h.column]))))


def _merged(seen: Iterable[PartSeen]) -> list[PartSeen]:
    """Each version of each column once, whatever batches its rows came in."""
    found: dict[tuple[str, str, str | None], PartSeen] = {}
    for one in seen:
        key = one.stream, one.column, one.value
        other = found.get(key, one)
        first, last = min(one.first_at, other.first_at), max(one.last_at, other.last_at)
        rows = one.rows + (other.rows if key in found else 0)
        found[key] = PartSeen(one.stream, one.column, one.value, first, last, rows)
    return list(found.values())


def _held(stream: str, column: str, found: Sequence[PartSeen], live: timedelta) -> Held:
    newest = max(one.last_at for one in found)
    known = sorted((one for one in found if one.value is not None), key=lambda one: (one.first_at, one.value or ""))
    alive = [one for one in known if one.last_at > newest - live]
    where = COLUMNS[column], stream, column
    if not alive:
        return _unnamed(where, found, known)
    now = alive[-1]
    earlier, later = known[: known.index(now)], known[known.index(now) + 1 :]
    since = max([now.first_at, *(one.last_at for one in later)])
    blank = [one for one in found if one.value is None and one.first_at < now.first_at]
    before = later[-1] if later else earlier[-1] if earlier else None
    return Held(
        *where,
        now.value,
        since,
        before=before.value if before else None,
        first=not (later or earlier or blank),
        beside=tuple(sorted(one.value for one in alive if one is not now and one.value is not None)),
    )


def _unnamed(where: tuple[Part, str, str], found: Sequence[PartSeen], known: Sequence[PartSeen]) -> Held:
    """No row of the newest span names a version: since the last that did, or since the first row."""
    last = max(known, key=lambda one: (one.last_at, one.value or ""), default=None)
    if last is None:
        return Held(*where, None, min(one.first_at for one in found))
    return Held(*where, None, last.last_at, before=last.value, first=False)
