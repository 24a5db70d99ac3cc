"""The look into a row, as SQL: its shape, the values of the plan's places, and what `attributes` keeps.

Rows of a known shape are parsed once for all their values; rows of others once for the texts and once for the JSON.
Keys and shapes come from logs: they are bound, never composed in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from warehouse.mapping import Place, Plan
from warehouse.shapes import Shape, Tree, pointers, tree, way


def parts(plan: Plan, shapes: Sequence[Shape], bound: dict[str, Any]) -> dict[str, str]:
    """The parts ``shape``, ``fields``, ``places``, ``kept`` of the staging SQL; what they refer to goes to `bound`."""
    root = tree(shapes)
    kept = list(dict.fromkeys(piece for one in shapes for piece in one.kept if not isinstance(piece, str)))
    # The engine takes no empty list of places.
    bound["keyed"] = pointers(plan.keyed)
    bound["texts"] = pointers(plan.texts) or ["/"]
    bound["jsons"] = pointers(plan.jsons) or ["/"]
    places = [_text(root, plan, number, bound) for number in range(len(plan.texts))]
    places += [_json(root, place, number, shapes, bound) for number, place in enumerate(plan.jsons)]
    places += [f"{_in_tree(root, place, f'k{number}', bound)} AS _k{number}" for number, place in enumerate(kept)]
    tests, keeps = [], []
    for number, one in enumerate(shapes):
        bound[f"s{number}"] = [None if keys is None else list(keys) for keys in one.keys]
        tests.append(f"WHEN _keys = $s{number}::VARCHAR[][] THEN {number}")
        keeps.append(f"WHEN _shape = {number} THEN {_concatenated(one.kept, kept, bound, number)}")
    if root:
        bound["tree"] = json.dumps(root)
    return {
        "shape": f"CASE {' '.join(tests)} END" if tests else "NULL::INTEGER",
        "fields": "CASE WHEN _shape IS NOT NULL THEN json_transform(_raw, $tree) END" if root else "NULL",
        "places": ", ".join(places),
        "kept": " ".join(keeps) or "WHEN false THEN NULL",
    }


def _text(root: Tree, plan: Plan, number: int, bound: dict[str, Any]) -> str:
    """The text at a place, as `json_extract_string` gives it; only of exact places also as it writes a number."""
    seen, place = f"_texts[{number + 1}]", plan.texts[number]
    found = way(root, place)
    if found is None:
        return f"{seen} AS _t{number}"
    steps, rest, kind = found
    value = _field(steps)
    if kind == "JSON":
        bound[f"t{number}"] = pointers([rest])[0]
        value = f"json_extract_string({value}, $t{number}::VARCHAR)"
    elif place in plan.exact:
        bound[f"t{number}"] = pointers([place])[0]
        # Read as a text, a number is written in another way when it has an exponent or is none. Few texts get as far as
        # the pattern: a number begins with a sign or a digit, which come before the colon.
        pattern = "'-?[0-9.]+e[-+][0-9]+|-nan|-inf'"
        odd = f"{value} < ':' AND strlen({value}) < 26 AND regexp_full_match({value}, {pattern})"
        exact = f"json_extract_string(_raw, $t{number}::VARCHAR)"
        value = f"CASE WHEN {odd} OR {value} IN ('nan', 'inf') THEN {exact} ELSE {value} END"
    return f"CASE WHEN _shape IS NULL THEN {seen} ELSE {value} END AS _t{number}"


def _json(root: Tree, place: Place, number: int, shapes: Sequence[Shape], bound: dict[str, Any]) -> str:
    """The JSON at a place, as `json_extract` gives it: a null is a value."""
    seen = f"_jsons[{number + 1}]"
    if way(root, place) is None:
        return f"{seen} AS _j{number}"
    has = ", ".join(str(index) for index, one in enumerate(shapes) if place in one.jsons)
    value = _in_tree(root, place, f"j{number}", bound)
    return f"CASE WHEN _shape IS NULL THEN {seen} WHEN _shape IN ({has or 'NULL'}) THEN {value} END AS _j{number}"


def _in_tree(root: Tree, place: Place, name: str, bound: dict[str, Any]) -> str:
    """The JSON at a place that rows of this shape have; a null is written as such."""
    found = way(root, place)
    assert found is not None
    steps, rest, _ = found
    value = _field(steps)
    if rest:
        bound[name] = pointers([rest])[0]
        value = f"json_extract({value}, ${name}::VARCHAR)"
    return f"coalesce({value}, 'null')"


def _field(steps: Sequence[int]) -> str:
    field = "_fields"
    for step in steps:
        field = f"struct_extract_at({field}, {step})"
    return field


def _concatenated(pieces: Sequence[str | Place], kept: Sequence[Place], bound: dict[str, Any], shape: int) -> str:
    texts = []
    for number, piece in enumerate(pieces):
        if isinstance(piece, str):
            bound[f"p{shape}_{number}"] = piece
            texts.append(f"$p{shape}_{number}::VARCHAR")
        else:
            texts.append(f"_k{kept.index(piece)}::VARCHAR")
    return " || ".join(texts)
