"""The odds of a bad unit, candidate to control, against a tolerated ratio: exact given each window's margins.

H0 (healthy): in every window the odds ratio is at most the limit. What moves both arms of a window alike, such as the
time of day, cancels. Formula and proof: `checks.evidence.arms.odds`. For metrics of which more is better the ratio is
of good units, and the limit a least one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from checks.evidence.arms import odds
from checks.evidence.bets import BETS
from checks.evidence.cumulative import log_mean
from checks.evidence.growth import WindowGrowth
from checks.gates.kinds import arm_counts
from checks.gates.kinds.port import Floats, Kind, Measures
from checks.gates.spec import GateSpec
from warehouse.records.folded import FoldedWindows
from warehouse.records.metrics import UnitCount


def tolerated(gate: GateSpec) -> float:
    """The largest odds ratio of badness that is healthy."""
    return gate.limit if gate.direction == "at_most" else 1.0 / gate.limit


def fold(gate: GateSpec, units: Sequence[UnitCount], control: Sequence[UnitCount]) -> WindowGrowth:
    """The growth of one window; counts as in `arm_counts.COLUMNS`."""
    counts = arm_counts.of_window(gate, units, control)
    theta = tolerated(gate)
    return WindowGrowth(
        units=counts[0] + counts[1],
        scored=arm_counts.scored(gate, units, control),
        total_low=0,
        total_high=0,
        breach=odds.log_growth(arm_counts.for_breach(counts), theta, odds.bets(theta)),
        passing=odds.log_growth(arm_counts.for_pass(counts), theta, odds.passing_bets(theta)),
        counts=counts,
    )


def estimate(gate: GateSpec, rows: FoldedWindows) -> float | None:
    """The Mantel-Haenszel odds ratio over the scored units; None where it is undefined."""
    found = odds.estimate(arm_counts.known(rows))
    return _shown(gate, found) if found is not None else None


def measure(gate: GateSpec, rows: FoldedWindows) -> Measures:
    """Odds ratio, anytime-valid interval and side."""
    alpha, beta = gate.budgets
    theta = tolerated(gate)
    against_breach, against_pass = arm_counts.tables(rows)
    low = odds.ends(against_breach, theta, alpha, beta)[0]
    high = odds.ends(against_pass, theta, alpha, beta)[1]
    least, most = (odds.estimate(table) for table in (against_breach, against_pass))
    found = estimate(gate, rows)
    over = least is not None and least > theta
    doubt = least != most and (most is None or (most > theta) != over)
    ends = sorted(_shown(gate, x) for x in (low, high))
    known = sorted(_shown(gate, x) for x in (least, most) if x is not None) or [math.nan]
    return Measures(found, ends[0], ends[1], known[0], known[-1], over, doubt)


def _shown(gate: GateSpec, theta: float) -> float:
    if gate.direction == "at_most":
        return theta
    return math.inf if theta == 0.0 else 1.0 / theta


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
        "depend on its outcome; what moves both arms of a window alike does not matter."
    )


ODDS_RATIO = Kind(fold, _bets, _prior, _passing, estimate, measure, assumes)
