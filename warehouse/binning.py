"""The bin of a histogram that a value lies in, as SQL: the number of cut points at or below it.

Few cut points are compared one by one. Cut points at about equal steps, of the value or of its logarithm, are found by
computing which one is nearest and comparing with that alone; any others by halving. All three give the same bins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from warehouse.expressions import bind

FEW = 6
"""Up to so many cut points are compared one by one."""
OFF = 0.4
"""How far, in steps, a cut point may lie from its place on an even scale for the nearest one to be computed."""


def place(given: str, cuts: Sequence[float], parameters: dict[str, object]) -> str:
    """SQL of the bin of the number `given`, counting from 0; missing where that is."""
    cuts = [float(cut) for cut in cuts]
    if len(cuts) <= FEW:
        above = " + ".join(f"({given} >= {bind(cut, parameters)}::DOUBLE)::SMALLINT" for cut in cuts)
        return above or f"CASE WHEN {given} IS NOT NULL THEN 0::SMALLINT END"
    for logarithmic in (False, True):
        if (scale := _scale(cuts, logarithmic)) is not None:
            return _nearest(given, cuts, scale, logarithmic, parameters)
    return f"CASE WHEN {given} IS NOT NULL THEN {_halved(given, cuts, 0, parameters)} END"


def _scale(cuts: Sequence[float], logarithmic: bool) -> tuple[float, float] | None:
    """First point and step of an even scale on which every cut point lies near its own number; None without one."""
    if logarithmic and cuts[0] <= 0:
        return None
    points = [math.log(cut) for cut in cuts] if logarithmic else list(cuts)
    step = (points[-1] - points[0]) / (len(points) - 1)
    if step <= 0 or not math.isfinite(step):
        return None
    near = all(abs((point - points[0]) / step - i) <= OFF for i, point in enumerate(points))
    return (points[0], step) if near else None


def _nearest(
    given: str, cuts: Sequence[float], scale: tuple[float, float], logarithmic: bool, parameters: dict[str, object]
) -> str:
    """The number of the nearest cut point, one more if the value is not below it."""
    low, high = bind(cuts[0], parameters), bind(cuts[-1], parameters)
    start, step = (bind(part, parameters) for part in scale)
    known = bind(list(cuts), parameters)
    point = f"ln({given})" if logarithmic else given
    nearest = f"floor(({point} - {start}::DOUBLE) / {step}::DOUBLE + 0.5::DOUBLE)::SMALLINT"
    return (
        f"CASE WHEN {given} < {low}::DOUBLE THEN 0::SMALLINT WHEN {given} >= {high}::DOUBLE "
        f"THEN {len(cuts)}::SMALLINT ELSE {nearest} + "
        f"({given} >= list_extract({known}::DOUBLE[], {nearest} + 1))::SMALLINT END"
    )


def _halved(given: str, cuts: Sequence[float], below: int, parameters: dict[str, object]) -> str:
    if not cuts:
        return f"{below}::SMALLINT"
    middle = len(cuts) // 2
    return (
        f"CASE WHEN {given} < {bind(cuts[middle], parameters)}::DOUBLE "
        f"THEN {_halved(given, cuts[:middle], below, parameters)} "
        f"ELSE {_halved(given, cuts[middle + 1 :], below + middle + 1, parameters)} END"
    )
