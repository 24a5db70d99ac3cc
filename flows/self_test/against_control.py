"""Traffic for gates that compare the candidate with the control: equal arms, and a decline of one of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from checks.evidence import badness
from checks.evidence.arms import scores as outcomes
from checks.gates.kinds import score_difference
from flows.self_test import mixing, planning
from flows.self_test.records import Candidate, Mix, NotTestableError, Stretch
from flows.self_test.shapes import REFERENCE_ROWS, Arms, first_affordable, past

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec

_PLAIN_RATE = 0.3
"""Share of bad units in the control where nothing says which to expect, at most."""


def odds(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    """Traffic for a gate on the odds ratio of bad units; the control's rate is chosen so that both arms tell much."""
    ratio = gate.limit if gate.direction == "at_most" else 1.0 / gate.limit
    share = gate.candidate_share or 0.5
    far = 4.0 * ratio
    usual = min(_PLAIN_RATE / (1.0 - _PLAIN_RATE), 1.0 / math.sqrt(far))
    control, worse = usual / (1.0 + usual), usual * far / (1.0 + usual * far)
    better = usual * ratio / 2.0
    inside = [control, better / (1.0 + better)]

    def arms(candidate: float) -> Arms:
        growth = planning.odds_growth(control, candidate, share, ratio)
        return Arms(mixing.ends(found, candidate), mixing.ends(found, control), share, growth)

    healthy = first_affordable(gate, [arms(rate) for rate in inside if ratio > 1.0 or rate != control])
    return healthy, arms(worse), past(gate, healthy.candidate, REFERENCE_ROWS, windows)


def rates(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    """Traffic for a gate on the difference of two rates; the control is as the gate expects it."""
    margin, control, share = _given(gate)

    def arms(candidate: float) -> Arms:
        growth = planning.difference_growth(control, candidate, share, margin)
        return Arms(mixing.ends(found, candidate), mixing.ends(found, control), share, growth)

    healthy = first_affordable(gate, [arms(rate) for rate in _inside(gate, control, margin)])
    return healthy, arms(_beyond(gate, control, margin)), past(gate, healthy.candidate, REFERENCE_ROWS, windows)


def scores(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    """Traffic for a gate on the difference of two mean scores; the control is as the gate expects it."""
    margin, typical, share = _given(gate)
    low, high = outcomes.span(typical, share)
    limit = badness.limit_of(score_difference.as_mean(gate))

    def valued(mix: Mix, *, candidate: bool) -> list[tuple[float, float]]:
        part = share if candidate else 1.0 - share
        made = (
            (c, outcomes.pseudo_outcome(c.badness, candidate=candidate, typical=typical, share=share))
            for c, _ in mix.parts
        )
        return [((d - low) / (high - low), part * w) for (_, d), (_, w) in zip(made, mix.parts, strict=True)]

    def arms(candidate: float, *, over: bool) -> Arms:
        mixes = mixing.reaching(found, candidate), mixing.reaching(found, typical)
        values = valued(mixes[0], candidate=True) + valued(mixes[1], candidate=False)
        return Arms(*mixes, share, planning.mean_growth(values, limit, over=over))

    healthy = first_affordable(gate, [arms(mean, over=False) for mean in _inside(gate, typical, margin)])
    declined = arms(_beyond(gate, typical, margin), over=True)
    return healthy, declined, past(gate, healthy.candidate, REFERENCE_ROWS, windows)


def equal_is_healthy(gate: GateSpec) -> bool:
    """Whether a candidate that equals the control is inside the limit, or just at it."""
    if gate.test == "odds_ratio":
        return (gate.limit if gate.direction == "at_most" else 1.0 / gate.limit) >= 1.0
    return gate.control and _given(gate)[0] >= 0.0


def _given(gate: GateSpec) -> tuple[float, float, float]:
    """Margin and typical badness of the control, both on the scale of badness, and the candidate's share."""
    low, high = badness.bounds(gate)
    assert gate.typical is not None, "a difference without it is refused by the policy"
    margin = (gate.limit if gate.direction == "at_most" else -gate.limit) / (high - low)
    return margin, badness.of_value(gate, gate.typical), gate.candidate_share or 0.5


def _inside(gate: GateSpec, control: float, margin: float) -> list[float]:
    """Badness of a candidate clearly within the margin: equal to the control where that is, else better than it."""
    better = max(0.0, min(control, control + margin) / 2.0)
    found = [*([control] if margin > 0.0 else []), *([better] if better < control + margin else [])]
    if not found:
        raise NotTestableError(
            f"With a control at {gate.typical:g} no candidate can be inside the limit of {gate.limit:g}."
        )
    return found


def _beyond(gate: GateSpec, control: float, margin: float) -> float:
    edge = control + margin
    if edge >= 0.999:
        raise NotTestableError(
            f"With a control at {gate.typical:g} no candidate can be outside the limit of {gate.limit:g}."
        )
    edge = max(edge, 0.0)
    return edge + min(0.3, (1.0 - edge) * 0.75)
