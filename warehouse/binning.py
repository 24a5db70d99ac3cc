"""The bin of a histogram that a value lies in, as SQL: the number of cut points at or below it.

Few cut points are compared one by one. Cut points at about equal steps, of the value or of its logarithm, are found by
computing which one is nearest and comparing with that alone; any others by halving. All three give the same bins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.expressions import bind

FEW = 6
"""Up to so many cut points are compared one by one."""
OFF = 0.4
"""How far, in steps, a cut point may lie from its place on an even scale for the nearest one to be computed."""


def near(given: str, cuts: Sequence[float], parameters: dict[str, object]) -> str:
    """SQL of the number of the cut point next to `given`, counting from 0; missing where `place` needs none."""
    scale = _even(cuts)
    if scale is None:
        return "NULL::SMALLINT"
    low, high, start, per_step = (
        bind(float(part), parameters) for part in (cuts[0], cuts[-1], scale.start, 1 / scale.step)
    )
    point = f"ln({given})" if scale.logarithmic else given
    number = f"(({point} - {start}::DOUBLE) * {per_step}::DOUBLE)::SMALLINT"
    return f"CASE WHEN {given} >= {low}::DOUBLE AND {given} < {high}::DOUBLE THEN {number} END"


def place(given: str, nearest: str, cuts: Sequence[float], parameters: dict[str, object]) -> str:
    """SQL of the bin of the number `given`, counting from 0; missing where that is. `nearest` is what `near` says."""
    cuts = [float(cut) for cut in cuts]
    if len(cuts) <= FEW:
        above = " + ".join(f"({given} >= {bind(cut, parameters)}::DOUBLE)::SMALLINT" for cut in cuts)
        return above or f"CASE WHEN {given} IS NOT NULL THEN 0::SMALLINT END"
    if _even(cuts) is None:
        return f"CASE WHEN {given} IS NOT NULL THEN {_halved(given, cuts, 0, parameters)} END"
    known, low, high = bind(cuts, parameters), bind(cuts[0], parameters), bind(cuts[-1], parameters)
    return (
        f"coalesce({nearest} + ({given} >= list_extract({known}::DOUBLE[], {nearest} + 1))::SMALLINT, "
        f"CASE WHEN {given} < {low}::DOUBLE THEN 0::SMALLINT "
        f"WHEN {given} >= {high}::DOUBLE THEN {len(cuts)}::SMALLINT END)"
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """An even scale, of values or of their logarithms: its first point and its step."""

    start: float
    step: float
    logarithmic: bool


def _even(cuts: Sequence[float]) -> _Scale | None:
    """An even scale on which every one of many cut points lies near its own number; None without one."""
    if len(cuts) <= FEW:
        return None
    return _scale(cuts, logarithmic=False) or _scale(cuts, logarithmic=True)


def _scale(cuts: Sequence[float], *, logarithmic: bool) -> _Scale | None:
    if logarithmic and cuts[0] <= 0:
        return None
    points = [math.log(cut) for cut in cuts] if logarithmic else [float(cut) for cut in cuts]
    step = (points[-1] - points[0]) / (len(points) - 1)
    if not (step > 0 and math.isfinite(step) and math.isfinite(1 / step)):
        return None
    near = all(abs((point - points[0]) / step - i) <= OFF for i, point in enumerate(points))
    return _Scale(points[0], step, logarithmic) if near else None


def _halved(given: str, cuts: Sequence[float], below: int, parameters: dict[str, object]) -> str:
    if not cuts:
        return f"{below}::SMALLINT"
    middle = len(cuts) // 2
    return (
        f"CASE WHEN {given} < {bind(cuts[middle], parameters)}::DOUBLE "
        f"THEN {_halved(given, cuts[:middle], below, parameters)} "
        f"ELSE {_halved(given, cuts[middle + 1 :], below + middle + 1, parameters)} END"
    )
