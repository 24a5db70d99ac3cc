"""Graded scores of candidate and control, traffic assigned at random with a known share: the difference of means.

Each unit becomes D = (A/pi - (1-A)/(1-pi)) (Y - nu) with Y its badness, A = 1 for the candidate, pi the candidate's
share and nu the configured `typical` badness (`checks.evidence.arms.scores`). Whatever nu is, E[D] is the mean badness
of the candidate minus that of the control, so the gate is a bounded mean against the margin; nu only narrows D.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checks.evidence import badness
from checks.evidence.arms import scores
from checks.evidence.bets import stakes
from checks.evidence.growth import WindowGrowth, log_growth, merged
from checks.gates.kinds import limit
from checks.gates.kinds.port import Floats, Kind, Measures
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError
from warehouse.records.folded import FoldedWindows
from warehouse.records.metrics import SCALE, UnitCount


def as_mean(gate: GateSpec) -> GateSpec:
    """The same gate as a mean of D, in the metric's unit, over the range that D has.

    Raises:
        CheckError: the gate lacks the candidate's share or the typical value.
    """
    low, high = badness.bounds(gate)
    least, most = (end * (high - low) for end in scores.span(*_given(gate)))
    return replace(gate, low=least, high=most) if gate.direction == "at_most" else replace(gate, low=-most, high=-least)


def _given(gate: GateSpec) -> tuple[float, float]:
    if gate.typical is None or gate.candidate_share is None:
        raise CheckError(
            f"Gate {gate.key} compares mean scores with the control arm and lacks what must be known in advance: "
            "typical and candidate_share."
        )
    return badness.of_value(gate, gate.typical), gate.candidate_share


def fold(gate: GateSpec, units: Sequence[UnitCount], control: Sequence[UnitCount]) -> WindowGrowth:
    """The growth of one window; counts are the units of control and candidate."""
    centre, share = _given(gate)
    of = as_mean(gate)
    least_of, most_of = scores.span(centre, share)
    pairs: list[tuple[float, float, int]] = []
    scored = 0
    for found, candidate in ((merged(units, gate), True), (merged(control, gate), False)):
        for (low, high, known), count in found.items():
            ends = (
                scores.pseudo_outcome(x, candidate=candidate, typical=centre, share=share)
                for x in badness.least_and_most(gate, low, high)
            )
            least, most = sorted((d - least_of) / (most_of - least_of) for d in ends)
            pairs.append((least, most, count))
            scored += count * known
    edge = badness.limit_of(of)
    totals = sorted(
        sum(round(badness.to_value(of, end) * SCALE) * count for end, count in column)
        for column in ([(p[0], p[2]) for p in pairs], [(p[1], p[2]) for p in pairs])
    )
    return WindowGrowth(
        units=sum(count for _, _, count in pairs),
        scored=scored,
        total_low=totals[0],
        total_high=totals[1],
        breach=log_growth(((least, n) for least, _, n in pairs), edge, stakes(edge)),
        passing=log_growth(((1.0 - most, n) for _, most, n in pairs), 1.0 - edge, stakes(1.0 - edge)),
        counts=(sum(u.count for u in control), sum(u.count for u in units)),
    )


def _prior(gate: GateSpec) -> Floats | None:
    return limit.prior(as_mean(gate))


def _estimate(gate: GateSpec, rows: FoldedWindows) -> float | None:
    return limit.estimate(as_mean(gate), rows)


def _measure(gate: GateSpec, rows: FoldedWindows) -> Measures:
    return limit.measure(as_mean(gate), rows)


def assumes(gate: GateSpec) -> str:
    """What the verdict rests on."""
    share = 0.0 if gate.candidate_share is None else gate.candidate_share
    return (
        f"Right if {gate.unit}s are assigned at random, {100 * share:.3g} % of them to the candidate (checked), and "
        "are independent of each other given the past."
    )


SCORE_DIFFERENCE = Kind(fold, limit.bet_numbers, _prior, limit.passing, _estimate, _measure, assumes)
