"""Traffic for gates that hold one stream against a limit or its own past: values, or their distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from checks.evidence import badness
from flows.self_test import mixing, planning
from flows.self_test.records import Candidate, Mix, NotTestableError, Stretch
from flows.self_test.shapes import (
    REFERENCE_ROWS,
    ROWS_A_WINDOW,
    SHARES_A_WINDOW,
    Arms,
    first_affordable,
    past,
    units_of_past,
)

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec

_HEALTHY = (0.25, 0.1, 0.0)
"""Healthy badness as a part of the limit: the first whose proof is not too many rows."""


def _worse(limit: float) -> float:
    return min(4.0 * limit, (1.0 + limit) / 2.0)


def _pairs(mix: Mix) -> list[tuple[float, float]]:
    return [(candidate.badness, share) for candidate, share in mix.parts]


def _sides(gate: GateSpec, found: Sequence[Candidate], limit: float) -> None:
    """Refuse rows that all lie on one side of the limit."""
    for end, side, wrong in (
        (found[0], "inside", limit <= found[0].badness),
        (found[-1], "outside", limit >= found[-1].badness),
    ):
        if wrong:
            raise NotTestableError(
                f"No row {side} the limit was found among {len(found):,} that {gate.metric} counts: the "
                f"{'best' if side == 'inside' else 'worst'} value is {end.value:g}."
            )


def _over(mix: Mix, edge: float) -> Arms:
    return Arms(mix, None, 1.0, planning.mean_growth(_pairs(mix), edge, over=True))


def _under(mix: Mix, edge: float) -> Arms:
    return Arms(mix, None, 1.0, planning.mean_growth(_pairs(mix), edge, over=False))


def limit(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    """Traffic for a gate on a rate or mean against a fixed limit, corrected by people's labels or not."""
    edge = badness.limit_of(gate)
    if gate.kind == "assisted":
        share = gate.limit if gate.direction == "at_most" else 1.0 - gate.limit
        healthy = [_drawn(gate, found, share * part) for part in _HEALTHY]
        declined = _drawn(gate, found, _worse(share))
    else:
        _sides(gate, found, edge)
        healthy = [mixing.reaching(found, edge * part) for part in _HEALTHY]
        declined = mixing.reaching(found, _worse(edge))
    kept = first_affordable(gate, [_under(mix, edge) for mix in healthy])
    # Rows of one value alone could not show whether they depend on each other.
    seen = mixing.ends(found, max(edge / 4.0, 0.05)) if gate.unit == "item" else kept.candidate
    return kept, _over(declined, edge), past(gate, seen, REFERENCE_ROWS, windows)


def _drawn(gate: GateSpec, found: Sequence[Candidate], bad: float) -> Mix:
    """Rows of one verdict of the judge, drawn for people with one chance, of which people find a share `bad` bad.

    So the judge itself never tells the decline: only people do.
    """
    worst = gate.direction == "at_most"
    verdict = min((c.verdict for c in found if c.verdict is not None), default=None)
    mine = [c for c in found if c.verdict == verdict]
    chances = sorted({c.chance for c in mine if c.chosen and c.chance is not None})
    chance = next((p for p in chances if p >= 0.5), chances[-1] if chances else None)
    undrawn = next((c for c in mine if c.chosen is False), None)
    drawn = {
        label: next((c for c in mine if c.chosen and c.chance == chance and c.label is label), None)
        for label in (True, False)
    }
    poor, good = drawn[worst], drawn[not worst]
    if chance is None or poor is None or good is None or (undrawn is None and chance < 1.0):
        raise NotTestableError(
            f"Among {len(found):,} rows that {gate.metric} counts, none show one verdict of the judge that was not "
            "drawn for people, and drawn with both labels."
        )
    parts = [(good, chance * (1.0 - bad)), (poor, chance * bad)]
    return Mix((*([(undrawn, 1.0 - chance)] if undrawn and chance < 1.0 else []), *parts))


def reference(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    """Traffic for a gate on a value against its past: the past is chosen, and healthy is equal to it."""
    tolerance = gate.tolerance or 0.0
    usual = min(0.3 if tolerance >= 0.5 else 0.5, 0.5 / (1.0 + tolerance))
    _sides(gate, found, usual)
    healthy = mixing.reaching(found, usual)
    variance = sum(share * (c.badness - usual) ** 2 for c, share in healthy.parts)
    doubt = 2.0 * math.log(2.0 / gate.budgets[0]) * variance / (ROWS_A_WINDOW if gate.unit == "window" else 1)
    units = units_of_past(gate, math.ceil(1.5 * doubt / (tolerance * usual) ** 2) + 100, windows)
    edge = usual + max(tolerance * usual, math.sqrt(doubt / units))
    if edge >= 0.99:
        raise NotTestableError(f"The reference period of {windows} windows is too short for a limit drawn from it.")
    declined = mixing.reaching(found, _worse(edge))
    return _under(healthy, edge), _over(declined, edge), past(gate, healthy, units, windows)


def distribution(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    """Traffic for a gate on a distribution against its past: healthy equals it, a decline is the worst value."""
    usual = mixing.spread(found)
    alpha = gate.budgets[0]
    number = len(usual.parts)
    # The worst value alone is at this distance; less than half of what is left proves nothing quickly.
    reach = 1.0 - 1.0 / number
    if gate.limit > 0.8 * reach:
        raise NotTestableError(
            f"{number} values of {gate.metric} can be told apart, which is too few to plant a distance over "
            f"{gate.limit:g}."
        )
    units = units_of_past(gate, math.ceil(4.5 * math.log(4.0 / alpha) / gate.limit**2) + 100, windows)
    doubt = math.sqrt(math.log(4.0 / alpha) / 2.0 / units)
    gap = gate.limit - doubt
    if gap < gate.limit / 4.0:
        raise NotTestableError(
            f"What a reference period of {windows:,} windows leaves open takes {doubt:.2g} of the tolerance of "
            f"{gate.limit:g}, and the rest proves nothing in time. Take a longer reference."
        )
    away = reach - gate.limit - doubt
    tests = 2 * max(1, number - 1)
    worst = Mix(((found[-1], 1.0),))
    return (
        Arms(usual, None, 1.0, _shown(gate, gap), parts=8 * tests),
        Arms(worst, None, 1.0, _shown(gate, away), parts=8 * tests),
        past(gate, usual, units, windows),
    )


def _shown(gate: GateSpec, gap: float) -> float:
    """Growth per unit that a distance beyond the limit brings; a window's shares vary less than single values do."""
    gap = max(0.0, gap)
    return min(gap, 2.0 * gap * gap * SHARES_A_WINDOW) if gate.kind == "histogram" else 2.0 * gap * gap
