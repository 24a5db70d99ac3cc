"""The comparison with an absolute margin is valid for every pair of rates in the null: all outcomes are added up."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence.arms import margin
from checks.evidence.arms.counts import ArmCounts, as_windows
from checks.evidence.arms.margin import log_growth
from checks.evidence.bets import BETS
from warehouse.records.errors import CheckError

NONE = (0.0,) * BETS
RATES = np.linspace(0.0, 1.0, 81)

arm = st.integers(0, 2000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
windows = st.tuples(arm, arm).map(lambda arms: ArmCounts(*arms[0], *arms[1]))


def binomial(n: int, rates: np.ndarray) -> np.ndarray:
    """Chances of 0 to n bad units (columns) for each rate (rows)."""
    k = np.arange(n + 1)
    return np.array([math.comb(n, int(x)) for x in k]) * rates[:, None] ** k * (1 - rates[:, None]) ** (n - k)


def factors(n_a: int, n_b: int, delta: float, typical: float) -> tuple[np.ndarray, np.ndarray]:
    """The factors of the breach and the passing bets at every outcome: (k_a, k_b, bet)."""
    both = [
        [log_growth(ArmCounts(n_a, k_a, n_b, k_b), delta, typical) for k_b in range(n_b + 1)] for k_a in range(n_a + 1)
    ]
    found = np.exp(np.array(both))
    return found[:, :, 0], found[:, :, 1]


def expected(of: np.ndarray, n_a: int, n_b: int, p_a: np.ndarray, p_b: np.ndarray) -> np.ndarray:
    """The expected factor (rates, bet)."""
    return np.einsum("ri,ijb,rj->rb", binomial(n_a, p_a), of, binomial(n_b, p_b))


@pytest.mark.parametrize(
    ("delta", "typical"), [(0.0, 0.2), (0.02, 0.01), (0.1, 0.5), (0.1, 0.89), (0.3, 0.001), (-0.1, 0.4)]
)
def test_no_pair_of_rates_in_the_null_lets_a_bet_win(delta: float, typical: float) -> None:
    edge = RATES[(RATES + delta >= 0) & (RATES + delta <= 1)]
    for n_a, n_b in product((1, 3, 8), repeat=2):
        breach, passing = factors(n_a, n_b, delta, typical)
        for p_a, p_b in ((edge, edge + delta), (edge, (edge + delta) * 0.7), (np.minimum(edge * 1.3, 1), edge + delta)):
            inside = p_b <= p_a + delta + 1e-15
            assert (expected(breach, n_a, n_b, p_a[inside], p_b[inside]) <= 1 + 1e-12).all()
        for p_a, p_b in ((edge, edge + delta), (edge, np.minimum((edge + delta) * 1.3, 1)), (edge * 0.7, edge + delta)):
            inside = p_b >= p_a + delta - 1e-15
            assert (expected(passing, n_a, n_b, p_a[inside], p_b[inside]) <= 1 + 1e-12).all()


@pytest.mark.slow
def test_no_pair_of_rates_on_the_edge_lets_a_bet_win_for_any_small_window() -> None:
    edge = np.linspace(0.0, 0.95, 1000)
    for n_a, n_b in product(range(1, 9), repeat=2):
        for of in factors(n_a, n_b, 0.05, 0.1):
            assert (expected(of, n_a, n_b, edge, edge + 0.05) <= 1 + 1e-12).all()


def test_the_bets_are_worth_making() -> None:
    breach, passing = factors(8, 8, 0.05, 0.1)
    high, low, typical = np.array([0.6]), np.array([0.01]), np.array([0.1])
    assert expected(breach, 8, 8, typical, high).max() > 5
    assert expected(passing, 8, 8, typical, low).max() > 1.2


def test_with_constant_shares_a_pass_holds_for_the_average() -> None:
    n_a, n_b, delta = 6, 3, 0.1
    for of, sign in zip(factors(n_a, n_b, delta, 0.2), (1, -1), strict=True):
        # Two windows whose differences are delta + move and delta - move: neither null holds in both.
        for move, p_first, p_second in product((0.05, 0.2, 0.3), (0.1, 0.3, 0.6), (0.2, 0.4, 0.5)):
            first = expected(of, n_a, n_b, np.array([p_first]), np.array([p_first + delta + sign * move]))
            second = expected(of, n_a, n_b, np.array([p_second]), np.array([p_second + delta - sign * move]))
            if 0 <= p_first + delta + sign * move <= 1 and 0 <= p_second + delta - sign * move <= 1:
                assert (first * second <= 1 + 1e-12).all()


def test_the_nearest_pair_is_the_pooled_rate_when_there_is_no_margin() -> None:
    q_b = np.array([0.02, 0.3, 0.9])
    assert margin.nearest(700, 300, 0.1, q_b, 0.0) == pytest.approx(0.7 * 0.1 + 0.3 * q_b, rel=1e-12)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.floats(1e-6, 0.999), st.floats(0, 0.5))
def test_the_nearest_pair_has_no_slope_left(n_a: int, n_b: int, typical: float, delta: float) -> None:
    if not 1e-6 < typical + delta < 1 - 1e-6:
        return
    q_b = np.array(sum(margin.guesses(typical, delta), ()))
    p = margin.nearest(n_a, n_b, typical, q_b, delta)

    def distance(at: np.ndarray) -> np.ndarray:
        def kl(q: np.ndarray, r: np.ndarray) -> np.ndarray:
            return np.asarray(q * np.log(q / r) + (1 - q) * np.log((1 - q) / (1 - r)))

        return n_a * kl(np.asarray(typical), at) + n_b * kl(q_b, at + delta)

    for nearby in (p * (1 - 1e-4), np.minimum(p * (1 + 1e-4), 1 - delta - 1e-12)):
        assert (distance(p) <= distance(nearby) * (1 + 1e-9) + 1e-9).all()


@given(windows, st.floats(-0.3, 0.5), st.floats(1e-6, 1 - 1e-6))
def test_growths_are_finite_and_more_harm_in_the_candidate_never_lowers_breach(
    counts: ArmCounts, delta: float, typical: float
) -> None:
    if not 1e-6 < typical + delta < 1 - 1e-6:
        return
    breach, passing = log_growth(counts, delta, typical)
    assert all(map(math.isfinite, breach + passing))
    if counts.k_candidate < counts.n_candidate:
        more = ArmCounts(counts.n_control, counts.k_control, counts.n_candidate, counts.k_candidate + 1)
        worse, less = log_growth(more, delta, typical)
        assert all(x <= y + 1e-9 for x, y in zip(breach, worse, strict=True))
        assert all(x >= y - 1e-9 for x, y in zip(passing, less, strict=True))


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (0, 0, 500, 400), (500, 400, 0, 0)])
def test_one_arm_alone_says_nothing(counts: tuple[int, int, int, int]) -> None:
    assert log_growth(ArmCounts(*counts), 0.02, 0.05) == (NONE, NONE)


@pytest.mark.parametrize(("delta", "typical"), [(0.0, 0.0), (0.1, 0.95), (0.02, 1.0), (-0.2, 0.1), (math.nan, 0.1)])
def test_a_margin_that_leaves_no_room_is_refused(delta: float, typical: float) -> None:
    with pytest.raises(CheckError, match="typical"):
        log_growth(ArmCounts(0, 0, 0, 0), delta, typical)


def test_the_estimate_and_the_interval_ignore_what_moves_both_arms() -> None:
    storm = as_windows([ArmCounts(900, 9, 100, 1), ArmCounts(100, 50, 900, 450)])
    assert margin.estimate(storm) == pytest.approx(0.0)
    low, high = margin.ends(storm, 0.05, 0.05, typical=0.05)
    assert low < 0.0 < high
    assert margin.estimate(as_windows([ArmCounts(0, 0, 5, 5)])) is None
    assert margin.ends(as_windows([]), 0.05, 0.05, typical=0.05) == (-1.0, 1.0)


def test_the_interval_covers_the_average_difference_although_all_rates_move() -> None:
    rng = np.random.default_rng(8)
    hours, runs, missed, width = np.arange(240), 150, 0, 0.0
    control = 0.05 * (1 + 0.8 * np.sin(hours / 4))
    candidate = control + np.where(hours % 2, 0.04, 0.0)
    n_a, n_b = np.where(hours % 2, 300, 100), np.where(hours % 3, 50, 200)
    weights = n_a * n_b / (n_a + n_b)
    truth = np.cumsum(weights * (candidate - control)) / np.cumsum(weights)
    for _ in range(runs):
        seen = np.stack([n_a, rng.binomial(n_a, control), n_b, rng.binomial(n_b, candidate)], axis=1)
        found = [margin.ends(seen[:look], 0.1, 0.1, typical=0.02) for look in (1, 5, 20, 60, 120, 240)]
        true = truth[[0, 4, 19, 59, 119, 239]]
        missed += any(not low <= t <= high for (low, high), t in zip(found, true, strict=True))
        width = found[-1][1] - found[-1][0]
    assert missed / runs < 0.2
    assert width < 0.03
