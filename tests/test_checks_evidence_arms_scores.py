"""Pseudo-outcomes have the difference of the arms as their mean, whatever the scores and the centre."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence.arms.scores import pseudo_outcome, pseudo_outcomes, span
from checks.evidence.bets import stakes
from warehouse.records.errors import CheckError

unit = st.floats(0, 1)
shares = st.floats(0.01, 0.99)


@given(unit, unit, unit, shares)
def test_the_mean_over_the_assignment_is_the_difference(y_a: float, y_b: float, centre: float, share: float) -> None:
    as_candidate = pseudo_outcome(y_b, candidate=True, typical=centre, share=share)
    as_control = pseudo_outcome(y_a, candidate=False, typical=centre, share=share)
    assert share * as_candidate + (1 - share) * as_control == pytest.approx(y_b - y_a, abs=1e-12)


@given(unit, st.booleans(), unit, shares)
def test_it_stays_within_its_span(value: float, candidate: bool, centre: float, share: float) -> None:
    low, high = span(centre, share)
    assert low <= pseudo_outcome(value, candidate=candidate, typical=centre, share=share) <= high
    assert low <= -1 + 1e-12 or high >= 1 - 1e-12
    reached = {
        pseudo_outcome(y, candidate=arm, typical=centre, share=share) for y in (0.0, 1.0) for arm in (False, True)
    }
    assert {low, high} <= reached


def test_it_rises_with_harm_in_the_candidate_and_falls_in_the_control() -> None:
    for candidate, order in ((True, 1), (False, -1)):
        found = [pseudo_outcome(y, candidate=candidate, typical=0.3, share=0.2) for y in (0.0, 0.3, 0.9)]
        assert found[::order] == sorted(found)
        assert found[1] == 0.0


def test_a_bet_on_it_never_wins_while_the_margin_is_kept() -> None:
    share, centre, delta = 0.05, 0.2, 0.1
    low, high = span(centre, share)
    limit = (delta - low) / (high - low)
    graded = np.linspace(0, 1, 6)
    rng = np.random.default_rng(4)
    for _ in range(50):
        # Any law of graded scores in either arm, moved until the difference is exactly the margin.
        p_a, p_b = rng.dirichlet(np.ones(6), 2)
        gap = p_b @ graded - p_a @ graded - delta
        p_b = (1 - abs(gap)) * p_b + abs(gap) * (graded == (0 if gap > 0 else 1))
        if p_b @ graded - p_a @ graded > delta + 1e-12:
            continue
        for stake in stakes(limit):
            factor = 0.0
            for law, arm, chance in ((p_b, True, share), (p_a, False, 1 - share)):
                for y, p in zip(graded, law, strict=True):
                    d = pseudo_outcome(float(y), candidate=arm, typical=centre, share=share)
                    factor += chance * p * (1 + stake * ((d - low) / (high - low) - limit))
            assert factor <= 1 + 1e-12


@given(st.lists(st.tuples(unit, st.booleans()), min_size=1, max_size=20), unit, shares, st.floats(0, 0.2))
def test_the_sums_give_what_the_units_give_and_a_smaller_growth(
    units: list[tuple[float, bool]], centre: float, share: float, delta: float
) -> None:
    found = [pseudo_outcome(y, candidate=arm, typical=centre, share=share) - delta for y, arm in units]
    arms = {
        arm: {"n": len(ys), "sum": math.fsum(ys), "sumsq": math.fsum(y * y for y in ys)}
        for arm in (False, True)
        for ys in [[y for y, a in units if a is arm]]
    }
    sums = pseudo_outcomes(control=arms[False], candidate=arms[True], pi=share, center_nu=centre, margin_delta=delta)
    assert sums["s"] == pytest.approx(math.fsum(found), abs=1e-8)
    assert sums["v"] == pytest.approx(math.fsum(x * x for x in found), rel=1e-8, abs=1e-8)
    c = sums["c"]
    assert min(found) >= -c - 1e-9
    for u in (0.05, 0.5, 0.95):
        bound = u / c * sums["s"] - (-math.log1p(-u) - u) * sums["v"] / c**2
        assert bound <= math.fsum(math.log1p(u / c * x) for x in found) + 1e-6 * (1 + sums["v"])


def test_a_share_or_a_centre_that_cannot_be_is_refused() -> None:
    for share in (0.0, 1.0, -0.1, math.nan):
        with pytest.raises(CheckError, match="share"):
            span(0.2, share)
    with pytest.raises(CheckError, match="typical"):
        span(1.2, 0.5)
