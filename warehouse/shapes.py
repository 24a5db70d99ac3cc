"""Rows of a known shape: of a log with few sets of keys and many rows, what the keys decide is decided once.

A shape is what objects that a plan reads from have for keys, in order. For a shape that is plain enough this module
says without looking at a row which places can hold a value and what the row keeps in `attributes`. Rows of any other
shape go the general way, which gives the same and takes longer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from warehouse.mapping import Place, Plan, pointer_of

Keys = tuple[tuple[str, ...] | None, ...]
"""The keys of each object of `Plan.keyed`, in order; None where the row has no such place, empty for no object."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a plain shape decides.

    `present` are the places of the plan that can hold a value. `kept` is the JSON of `attributes` in pieces: a text
    as it stands, or the place whose value stands there.
    """

    keys: Keys
    present: frozenset[Place]
    kept: tuple[str | Place, ...]


def shape(plan: Plan, keys: Sequence[Sequence[str] | None]) -> Shape | None:
    """What the keys of a row decide under the plan; None when the row has to be looked into."""
    known: Keys = tuple(None if one is None else tuple(one) for one in keys)
    found = dict(zip(plan.keyed, known, strict=True))
    if not known[0] or _overlapping(plan.fed) or any(_is_odd(one) for one in known if one):
        return None
    if any(sum(_may_hold(found, place) for place in group) > 1 for group in plan.rivals):
        return None
    present = frozenset(place for place in (*plan.texts, *plan.jsons) if _may_hold(found, place))
    return Shape(known, present, tuple(_joined(_kept(plan, found, ()))))


def pointers(places: Sequence[Place]) -> list[str]:
    """The places as the store's JSON functions take them; the row itself is "$"."""
    return [pointer_of(place) or "$" for place in places]


def _overlapping(fed: Mapping[Place, frozenset[str]]) -> bool:
    """Whether a key that feeds a column holds an object of which a key feeds another."""
    return any(parent[depth] in fed.get(parent[:depth], ()) for parent in fed for depth in range(len(parent)))


def _is_odd(keys: tuple[str, ...]) -> bool:
    """Whether a key stands twice, or is written otherwise than it reads."""
    return len(set(keys)) < len(keys) or any(not key or not key.isprintable() or set(key) & {'"', "\\"} for key in keys)


def _may_hold(found: Mapping[Place, tuple[str, ...] | None], place: Place) -> bool:
    for depth, step in enumerate(place):
        if place[:depth] not in found:
            # Nothing is known from here on.
            return True
        keys = found[place[:depth]]
        # No keys is an empty object or none at all; a list has places too, by number.
        if not keys:
            return keys is not None and step.isdigit()
        if step not in keys:
            return False
    return True


def _kept(plan: Plan, found: Mapping[Place, tuple[str, ...] | None], parent: Place) -> Iterator[str | Place]:
    comma = ""
    yield "{"
    for key in found[parent] or ():
        place = (*parent, key)
        if key in plan.fed.get(parent, ()):
            continue
        yield f"{comma}{json.dumps(key, ensure_ascii=False)}:"
        comma = ","
        if found.get(place) and any(fed[: len(place)] == place for fed in plan.fed):
            yield from _kept(plan, found, place)
        else:
            yield place
    yield "}"


def _joined(pieces: Iterator[str | Place]) -> Iterator[str | Place]:
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        yield text
        yield piece
        text = ""
    yield text
