"""A rate or bounded mean against a limit: fixed, or pinned from a reference period (`checks.evidence.reference`).

H0 (healthy): whatever was seen before, the expected badness of the next unit is at most the limit. The bets and their
proof are in `checks.evidence.bets`; values may be graded, their law may move, and units may follow each other in any
order as long as that holds. Prediction-powered means (`checks.evidence.assisted`) are means in a wider range.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.evidence import assisted, badness, bets, cumulative, interval
from checks.evidence.growth import WindowGrowth, window_growth
from checks.gates.kinds.port import Floats, Kind, Measures
from checks.gates.spec import GateSpec
from warehouse.records.folded import FoldedWindows
from warehouse.records.metrics import SCALE, UnitCount


def fold(gate: GateSpec, units: Sequence[UnitCount], control: Sequence[UnitCount]) -> WindowGrowth:
    """The growth of one window; the control arm does not matter."""
    return window_growth(units, gate)


def bet_numbers(_: GateSpec) -> tuple[int, int]:
    """Sixteen either way."""
    return bets.BETS, bets.BETS


def prior(gate: GateSpec) -> Floats | None:
    """The weights of the breach bets."""
    return np.asarray(bets.prior(badness.limit_of(gate)))


def passing(_: GateSpec, wealth: Sequence[float]) -> float:
    """The mean over all bets."""
    return cumulative.log_mean(wealth)


def estimate(gate: GateSpec, rows: FoldedWindows) -> float | None:
    """The mean over the scored part of the units, in the metric's unit; None when nothing is scored.

    A unit counts as far as its items are scored: what is missing of it shows in the width between its two ends.
    """
    return mean(gate, int(rows.units.sum()), int(rows.total_low.sum()), int(rows.total_high.sum()))


def mean(gate: GateSpec, units: int, total_low: int, total_high: int) -> float | None:
    """The same from the sums over windows; totals in millionths."""
    if gate.kind == "assisted":
        return assisted.estimate(units, total_low, total_high)
    low, high = badness.bounds(gate)
    missing = (total_high - total_low) / SCALE / (high - low)
    scored = units - missing
    return (total_low / SCALE - low * missing) / scored if scored > 0.5 / SCALE else None


def measure(gate: GateSpec, rows: FoldedWindows) -> Measures:
    """Mean, anytime-valid interval and side."""
    units = int(rows.units.sum())
    low_total, high_total = int(rows.total_low.sum()), int(rows.total_high.sum())
    low, high = _ends(gate, rows, units)
    limit = badness.limit_of(gate)
    least, most = sorted(badness.of_value(gate, total / SCALE / units) for total in (low_total, high_total))
    measured = mean(gate, units, low_total, high_total)
    over = measured is not None and badness.of_value(gate, measured) > limit
    doubt = low_total != high_total and (measured is None or (least <= limit if over else most > limit))
    return Measures(
        estimate=measured,
        low=_possible(gate, low),
        high=_possible(gate, high),
        all_low=_possible(gate, low_total / SCALE / units),
        all_high=_possible(gate, high_total / SCALE / units),
        over=over,
        doubt=doubt,
    )


def _possible(gate: GateSpec, value: float) -> float:
    """The value cut off where the mean of what people say ends; the rows of an assisted metric reach beyond."""
    return min(1.0, max(0.0, value)) if gate.kind == "assisted" else value


def _ends(gate: GateSpec, rows: FoldedWindows, units: int) -> tuple[float, float]:
    alpha, beta = gate.budgets
    wealth, passed = rows.breach.sum(axis=0, keepdims=True), rows.passing.sum(axis=0, keepdims=True)
    number = np.asarray([float(units)])
    low, high = interval.ends(wealth, passed, number, badness.limit_of(gate), alpha, beta)
    values = sorted((badness.to_value(gate, float(low[0])), badness.to_value(gate, float(high[0]))))
    return values[0], values[1]


def assumes(gate: GateSpec) -> str:
    """What the verdict rests on."""
    what = {
        "session": "sessions are independent of each other given the past (rows within one may depend on each other)",
        "item": "rows are independent of each other given the past (checked on the reference period)",
        "window": "what to expect of a window does not depend on the windows before (within one anything may)",
    }[gate.unit]
    drawn = ", rows were drawn for people with the chances written down" if gate.kind == "assisted" else ""
    return f"Right if {what}{drawn}, and if lateness does not depend on the outcome."


LIMIT = Kind(fold, bet_numbers, prior, passing, estimate, measure, assumes)
