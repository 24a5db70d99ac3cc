"""Rows of a known shape: of a log with few sets of keys and many rows, what the keys decide is decided once.

A shape is what the objects that a plan reads from have for keys, in order. For a shape that is plain enough this
module says without looking at a row which places can hold a value and what the row keeps in `attributes`. Rows of any
other shape go the general way, which gives the same and takes longer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, Union

from warehouse.mapping import Place, Plan, pointer_of

Keys: TypeAlias = tuple[tuple[str, ...] | None, ...]
"""The keys of each object of `Plan.keyed`, in order; None where the row has no such place, empty for no object."""

Tree: TypeAlias = dict[str, Union["Tree", str]]
"""Keys with what is read there: the keys of an object, or the type of a value ("VARCHAR" or "JSON")."""

_Found = Mapping[Place, tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a plain shape decides.

    `texts` and `jsons` are the places of the plan that hold a value or a null. `kept` is the JSON of `attributes` in
    pieces: a text as it stands, or the place whose value stands there.
    """

    keys: Keys
    texts: frozenset[Place]
    jsons: frozenset[Place]
    kept: tuple[str | Place, ...]


def shape(plan: Plan, keys: Sequence[Sequence[str] | None]) -> Shape | None:
    """What the keys of a row decide under the plan; None when the row has to be looked into."""
    known: Keys = tuple(None if one is None else tuple(one) for one in keys)
    found = dict(zip(plan.keyed, known, strict=True))
    if not known[0] or _overlapping(plan.fed) or any(_is_odd(one) for one in known if one):
        return None
    # Without keys it is an empty object, which is patched, or no object at all, which is not.
    if any(found[parent] == () for parent in plan.fed):
        return None
    holds = {place: _holds(found, place) for place in (*plan.texts, *plan.jsons)}
    if None in holds.values() or any(sum(map(bool, map(holds.get, group))) > 1 for group in plan.rivals):
        return None
    texts, jsons = (frozenset(place for place in places if holds[place]) for places in (plan.texts, plan.jsons))
    # Every object on the way to one that is patched is written key by key.
    patched = frozenset(parent[:depth] for parent in plan.fed if found[parent] for depth in range(1, len(parent) + 1))
    return Shape(known, texts, jsons, tuple(_joined(_kept(_order(plan, found), patched, ()))))


def tree(shapes: Sequence[Shape]) -> Tree:
    """All that the shapes read from a row; where one needs a whole object, what others read in it is in there."""
    root: Tree = {}
    for one in shapes:
        for place in one.texts:
            _plant(root, place, "VARCHAR")
        for place in (*one.jsons, *(piece for piece in one.kept if not isinstance(piece, str))):
            _plant(root, place, "JSON")
    return root


def way(root: Tree, place: Place) -> tuple[list[int], Place, str] | None:
    """How to get to a place of a tree: numbers of fields from 1, the rest of the place, and the type found there.

    The rest is empty unless a whole object is read on the way. None when nothing is read there.
    """
    steps: list[int] = []
    here = root
    for depth, key in enumerate(place):
        if key not in here:
            return None
        steps.append(list(here).index(key) + 1)
        below = here[key]
        if isinstance(below, str):
            return steps, place[depth + 1 :], below
        here = below
    return None


def pointers(places: Sequence[Place]) -> list[str]:
    """The places as the store's JSON functions take them; the row itself is "$"."""
    return [pointer_of(place) or "$" for place in places]


def _overlapping(fed: Mapping[Place, frozenset[str]]) -> bool:
    """Whether a key that feeds a column holds an object of which a key feeds another."""
    return any(parent[depth] in fed.get(parent[:depth], ()) for parent in fed for depth in range(len(parent)))


def _is_odd(keys: tuple[str, ...]) -> bool:
    """Whether a key stands twice, or is written otherwise than it reads."""
    return len(set(keys)) < len(keys) or any(not key or not key.isprintable() or set(key) & {'"', "\\"} for key in keys)


def _holds(found: _Found, place: Place) -> bool | None:
    """Whether the row has the place; None when its keys do not say."""
    for depth, step in enumerate(place):
        if place[:depth] not in found:
            return None
        keys = found[place[:depth]]
        # No keys is an empty object or none at all; a list has places too, by number.
        if keys == () and step.isdigit():
            return None
        if not keys or step not in keys:
            return False
    return True


def _order(plan: Plan, found: _Found) -> dict[Place, list[str]]:
    """The keys that objects keep, in the order in which merge patches leave them: what is patched goes to the end."""
    order = {place: list(keys or ()) for place, keys in found.items()}
    for parent, leaves in plan.fed.items():
        if not found[parent]:
            continue
        order[parent] = [key for key in order[parent] if key not in leaves]
        for depth, key in enumerate(parent):
            above = order[parent[:depth]]
            above.append(above.pop(above.index(key)))
    return order


def _kept(order: Mapping[Place, list[str]], patched: frozenset[Place], parent: Place) -> Iterator[str | Place]:
    yield "{"
    for number, key in enumerate(order[parent]):
        place = (*parent, key)
        yield f"{',' if number else ''}{json.dumps(key, ensure_ascii=False)}:"
        if place in patched:
            yield from _kept(order, patched, place)
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


def _plant(root: Tree, place: Place, kind: str) -> None:
    here = root
    for key in place[:-1]:
        below = here.setdefault(key, {})
        if isinstance(below, str):
            # Something on the way is read as a whole, or holds no object in rows of another shape.
            here[key] = "JSON"
            return
        here = below
    known = here.get(place[-1])
    here[place[-1]] = kind if known is None or known == kind else "JSON"
