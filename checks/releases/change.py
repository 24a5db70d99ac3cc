"""What of a gate's evidence a changed part makes old: the versions that it rests on, then and now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from checks.releases.in_force import Held, Release
from checks.releases.parts import UNKNOWN
from warehouse.records.errors import LedgerError

CHANGED = "release_changed"
"""The code of evidence that is old because a part was changed."""

_MOST = 60


def depended(release: Release, parts: Sequence[str], stream: str | None) -> tuple[Held, ...]:
    """The versions that a gate on `stream` rests on when it depends on `parts`.

    A judge is that of the stream itself, since judges of other streams scored other rows.
    """
    return tuple(h for h in release.held if h.part in parts and (h.part != "judge" or h.stream == stream))


def written(held: Iterable[Held]) -> str:
    """The versions as they are stored with an epoch: JSON, in an order of its own."""
    return json.dumps(sorted([*h.place, [] if h.value is None else [h.value]] for h in held), separators=(",", ":"))


def changes(before: str, began: datetime, held: Iterable[Held]) -> tuple[str, ...]:
    """What was changed since evidence began, such as "prompt v3 -> v4"; nothing while all is as it was.

    `before` is what `written` said then, `began` the start of the evidence. Of a column that was not known then only a
    version counts that took the place of another one since. A version that was not named and one that was named differ.

    Raises:
        LedgerError: `before` is nothing that `written` wrote.
    """
    known = _read(before)
    return tuple(dict.fromkeys(_said(h, known.get(h.place, h.before)) for h in held if _differs(h, known, began)))


def told(changed: Sequence[str]) -> str:
    """Changes as the reason why evidence is old, such as "release_changed: prompt v3 -> v4"; empty for none."""
    return f"{CHANGED}: {', '.join(changed)}" if changed else ""


def reason_of(text: str) -> str:
    """The changes that `told` put into words; empty where a text tells of none."""
    return text.removeprefix(f"{CHANGED}: ") if text.startswith(f"{CHANGED}: ") else ""


def newest(held: Iterable[Held]) -> datetime | None:
    """When the newest version began that took the place of another one; None when none ever did."""
    return max((h.since for h in held if not h.first), default=None)


def since(held: Iterable[Held], moment: datetime) -> tuple[str, ...]:
    """What was changed after a moment, in the form of `changes`."""
    return tuple(dict.fromkeys(_said(h, h.before) for h in held if not h.first and h.since > moment))


def _differs(held: Held, known: Mapping[tuple[str, str], str | None], began: datetime) -> bool:
    if held.place in known:
        return known[held.place] != held.value
    return not held.first and held.since > began


def _said(held: Held, before: str | None) -> str:
    return f"{held.part} {_shown(before)} -> {_shown(held.value)}"


def _shown(value: str | None) -> str:
    """A version for people: what logs hold has no bounds, and may hold what moves a terminal."""
    if value is None:
        return UNKNOWN
    plain = "".join(c if c.isprintable() else " " for c in value)
    return plain if len(plain) <= _MOST else f"{plain[: _MOST - 3]}..."


def _read(text: str) -> dict[tuple[str, str], str | None]:
    if not text:
        return {}
    try:
        return {(stream, column): (value[0] if value else None) for stream, column, value in json.loads(text)}
    except (ValueError, TypeError, IndexError) as problem:
        raise LedgerError(
            f"The versions of an epoch cannot be read ({problem}). Restore the data folder from a copy."
        ) from None
