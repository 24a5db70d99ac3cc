"""The share of bad units, candidate less control, against an absolute margin (block e-values by reverse projection).

H0 (healthy): in every window the candidate's rate is at most the control's plus the margin. Formula and proof:
`checks.evidence.arms.margin`. The guess of the control's rate is the configured `typical`: fixed in advance, so that a
pass speaks of the average as long as the shares of the arms stay what they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from checks.evidence import badness
from checks.evidence.arms import margin
from checks.evidence.bets import BETS
from checks.evidence.cumulative import log_mean
from checks.evidence.growth import WindowGrowth
from checks.gates.kinds import arm_counts
from checks.gates.kinds.port import Floats, Kind, Measures
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError
from warehouse.records.folded import FoldedWindows
from warehouse.records.metrics import UnitCount


def _given(gate: GateSpec) -> tuple[float, float]:
    """Margin and typical rate, as badness."""
    if gate.typical is None:
        raise CheckError(f"Gate {gate.key} compares rates and lacks typical, the control's rate to expect.")
    sign = 1.0 if gate.direction == "at_most" else -1.0
    return sign * gate.limit, badness.of_value(gate, gate.typical)


def fold(gate: GateSpec, units: Sequence[UnitCount], control: Sequence[UnitCount]) -> WindowGrowth:
    """The growth of one window; counts as in `arm_counts.COLUMNS`."""
    counts = arm_counts.of_window(gate, units, control)
    delta, typical = _given(gate)
    return WindowGrowth(
        units=counts[0] + counts[1],
        scored=arm_counts.scored(gate, units, control),
        total_low=0,
        total_high=0,
        breach=margin.log_growth(arm_counts.for_breach(counts), delta, typical)[0],
        passing=margin.log_growth(arm_counts.for_pass(counts), delta, typical)[1],
        counts=counts,
    )


def estimate(gate: GateSpec, rows: FoldedWindows) -> float | None:
    """The weighted difference of rates over the scored units; None where no window has both arms."""
    found = margin.estimate(arm_counts.known(rows))
    return None if found is None else _shown(gate, found)


def measure(gate: GateSpec, rows: FoldedWindows) -> Measures:
    """Difference, anytime-valid interval and side."""
    alpha, beta = gate.budgets
    delta, typical = _given(gate)
    against_breach, against_pass = arm_counts.tables(rows)
    low = margin.ends(against_breach, alpha, beta, typical=typical)[0]
    high = margin.ends(against_pass, alpha, beta, typical=typical)[1]
    least, most = (margin.estimate(table) for table in (against_breach, against_pass))
    over = least is not None and least > delta
    doubt = least != most and (most is None or (most > delta) != over)
    ends = sorted(_shown(gate, x) for x in (low, high))
    known = sorted(_shown(gate, x) for x in (least, most) if x is not None) or [math.nan]
    return Measures(estimate(gate, rows), ends[0], ends[1], known[0], known[-1], over, doubt)


def _shown(gate: GateSpec, difference: float) -> float:
    return difference if gate.direction == "at_most" else -difference


def _passing(_: GateSpec, wealth: Sequence[float]) -> float:
    return log_mean(wealth)


def _bets(_: GateSpec) -> tuple[int, int]:
    return BETS, BETS


def _prior(_: GateSpec) -> Floats | None:
    return None


def assumes(gate: GateSpec) -> str:
    """What the verdict rests on."""
    return (
        f"Right if {gate.unit}s are independent of each other given the past and which arm one falls into does not "
        "depend on its outcome; the pass speaks of the average while the arms keep their shares."
    )


RATE_DIFFERENCE = Kind(fold, _bets, _prior, _passing, estimate, measure, assumes)
