"""The comparison by odds ratio is exact whatever the rates: shown by adding up every possible outcome."""

from __future__ import annotations

import math
import time
from decimal import Decimal, localcontext
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.evidence.arms import odds
from checks.evidence.arms.counts import ArmCounts, as_windows
from checks.evidence.arms.odds import bets, log_growth, log_growth_rare, log_growths, passing_bets
from checks.evidence.bets import BETS
from checks.evidence.cumulative import log_evidence
from warehouse.records.errors import CheckError

arm = st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
windows = st.tuples(arm, arm).map(lambda arms: ArmCounts(*arms[0], *arms[1]))


def outcomes(n_a: int, n_b: int, k: int) -> list[ArmCounts]:
    return [ArmCounts(n_a, k - y, n_b, y) for y in range(max(0, k - n_a), min(n_b, k) + 1)]


def expectations(n_a: int, n_b: int, k: int, theta: float, theta0: float, thetas: tuple[float, ...]) -> np.ndarray:
    """The expected factor of each bet given the margins, if the odds ratio is `theta`: all outcomes added up."""
    cases = outcomes(n_a, n_b, k)
    chances = np.array([math.comb(n_b, c.k_candidate) * math.comb(n_a, c.k_control) for c in cases], dtype=float)
    chances *= theta ** np.array([c.k_candidate for c in cases], dtype=float)
    return chances / chances.sum() @ np.exp([log_growth(c, theta0, thetas) for c in cases])


@pytest.mark.parametrize("theta0", [1.0, 1.5])
def test_a_bet_is_fair_at_the_tolerated_ratio_and_loses_on_the_healthy_side_of_it(theta0: float) -> None:
    for n_a, n_b in product((0, 1, 2, 5, 8), repeat=2):
        for k in range(n_a + n_b + 1):
            for of, healthy in ((bets(theta0), (0.01, 0.3, 0.99)), (passing_bets(theta0), (1.01, 3.0, 100.0))):
                fair = expectations(n_a, n_b, k, theta0, theta0, of)
                assert fair == pytest.approx(np.ones(BETS), abs=1e-12)
                for factor in healthy:
                    assert (expectations(n_a, n_b, k, factor * theta0, theta0, of) <= 1 + 1e-12).all()


def test_the_rare_form_is_fair_for_poisson_counts_given_their_sum() -> None:
    n_a, n_b, theta0 = 40, 7, 1.5
    for k in range(7):
        chance = n_b * theta0 / (n_a + n_b * theta0)
        total = np.zeros(BETS)
        for y in range(k + 1):
            weight = math.comb(k, y) * chance**y * (1 - chance) ** (k - y)
            total += weight * np.exp(log_growth_rare(ArmCounts(n_a, k - y, n_b, y), theta0, bets(theta0)))
        assert total == pytest.approx(np.ones(BETS), abs=1e-12)


def test_the_rare_form_is_the_limit_of_the_exact_one() -> None:
    counts = ArmCounts(10**6, 12, 10**5, 3)
    exact, rare = (f(counts, 1.0, bets(1.0)) for f in (log_growth, log_growth_rare))
    assert rare == pytest.approx(exact, abs=1e-3)
    assert log_growth_rare(ArmCounts(0, 0, 5, 2), 1.0, bets(1.0)) == (0.0,) * BETS


def test_the_expected_factor_is_the_integral_that_a_pass_speaks_of() -> None:
    n_a, n_b, k, theta0, theta = 9, 6, 5, 1.5, 3.1

    def expected(at: float) -> float:
        weights = [math.comb(n_b, c.k_candidate) * math.comb(n_a, c.k_control) for c in outcomes(n_a, n_b, k)]
        tilted = [w * at**c.k_candidate for w, c in zip(weights, outcomes(n_a, n_b, k), strict=True)]
        return sum(w * c.k_candidate for w, c in zip(tilted, outcomes(n_a, n_b, k), strict=True)) / sum(tilted)

    for j, factor in enumerate(expectations(n_a, n_b, k, theta, theta0, passing_bets(theta0))):
        points = np.linspace(math.log(passing_bets(theta0)[j] / theta0), 0.0, 201)
        values = [expected(theta * math.exp(s)) - expected(theta0 * math.exp(s)) for s in points]
        assert math.log(factor) == pytest.approx(-np.trapezoid(values, points), abs=1e-4)


@given(windows)
def test_exchanging_the_arms_turns_breach_into_pass(counts: ArmCounts) -> None:
    assert log_growth(counts.swapped(), 1.0, passing_bets(1.0)) == pytest.approx(
        log_growth(counts, 1.0, bets(1.0)), abs=1e-10
    )


@given(windows, st.floats(0.2, 5))
def test_one_more_bad_unit_of_the_candidate_in_place_of_the_control_never_lowers_breach(
    counts: ArmCounts, theta0: float
) -> None:
    if counts.k_control == 0 or counts.k_candidate == counts.n_candidate:
        return
    worse = ArmCounts(counts.n_control, counts.k_control - 1, counts.n_candidate, counts.k_candidate + 1)
    for of, sign in ((bets(theta0), 1), (passing_bets(theta0), -1)):
        gained = sign * (np.array(log_growth(worse, theta0, of)) - log_growth(counts, theta0, of))
        assert (gained >= -1e-10).all()


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (0, 0, 9, 4), (9, 4, 0, 0), (50, 0, 70, 0), (5, 5, 8, 8)])
def test_a_window_with_one_possible_outcome_says_nothing(counts: tuple[int, int, int, int]) -> None:
    assert log_growth(ArmCounts(*counts), 1.2, bets(1.2)) == (0.0,) * BETS


@pytest.mark.parametrize(
    "counts",
    [
        (1900, 20, 100, 3),
        (10**6, 3000, 10**6, 3300),
        (10**6, 4000, 5 * 10**4, 300),
        (1000, 900, 1000, 950),
        (10**6, 10**6 - 3, 10**6, 10**6 - 7),
    ],
)
def test_a_million_units_lose_no_digits(counts: tuple[int, int, int, int]) -> None:
    n_a, k_a, n_b, k_b = counts
    k, of = k_a + k_b, (1.15, 2.0, 8.0)
    least, most = max(0, k - n_a), min(n_b, k)
    with localcontext() as context:
        context.prec = 50
        weight = Decimal(math.comb(n_b, least) * math.comb(n_a, k - least))
        totals = [Decimal(0)] * 4
        thetas = [Decimal(1), *map(Decimal, of)]
        for y in range(least, most + 1):
            totals = [total + weight * theta**y for total, theta in zip(totals, thetas, strict=True)]
            weight = weight * (n_b - y) * (k - y) / ((y + 1) * (n_a - k + y + 1))
        exact = [float(k_b * t.ln() - (z / totals[0]).ln()) for t, z in zip(thetas[1:], totals[1:], strict=True)]
    assert log_growth(ArmCounts(*counts), 1.0, of) == pytest.approx(exact, rel=1e-12, abs=1e-10)


def test_half_a_million_bad_units_stay_finite() -> None:
    growth = log_growth(ArmCounts(10**6, 500_000, 10**6, 500_500), 1.0, bets(1.0))
    assert all(math.isfinite(g) and g < 0 for g in growth)


@given(st.lists(windows, max_size=12), st.floats(0.3, 3))
def test_many_windows_at_once_give_what_each_gives(counts: list[ArmCounts], theta0: float) -> None:
    together = log_growths(as_windows(counts), theta0, bets(theta0))
    assert together.shape == (len(counts), BETS)
    for row, one in zip(together, counts, strict=True):
        assert row == pytest.approx(np.array(log_growth(one, theta0, bets(theta0))), abs=1e-11)


def test_a_tolerated_ratio_of_zero_is_refused() -> None:
    for wrong in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(CheckError, match="odds ratio"):
            bets(wrong)
        with pytest.raises(CheckError, match="odds ratio"):
            log_growth(ArmCounts(5, 1, 5, 1), 1.0, [wrong])


def test_the_estimate_ignores_what_moves_both_arms() -> None:
    calm, storm = ArmCounts(900, 9, 100, 2), ArmCounts(100, 50, 900, 600)
    pooled = (602 * 941) / (59 * 398)
    found = odds.estimate(as_windows([calm, storm]))
    assert found == pytest.approx((2 * 891 / 1000 + 600 * 50 / 1000) / (9 * 98 / 1000 + 50 * 300 / 1000))
    assert found is not None
    assert found < 2.1 < pooled
    assert odds.estimate(as_windows([])) is None
    assert odds.estimate(as_windows([ArmCounts(9, 0, 9, 3)])) is None


@given(st.lists(windows, max_size=12), st.floats(0.3, 3), st.floats(0.01, 0.3), st.floats(0.01, 0.3))
def test_the_interval_agrees_with_the_gate(counts: list[ArmCounts], theta0: float, alpha: float, beta: float) -> None:
    low, high = odds.ends(as_windows(counts), theta0, alpha, beta)
    assert 0.0 <= low <= high <= math.inf
    breach = log_evidence(log_growth(c, theta0, bets(theta0)) for c in counts)
    passing = log_evidence(log_growth(c, theta0, passing_bets(theta0)) for c in counts)
    for evidence, error, excluded in ((breach, alpha, low > theta0), (passing, beta, high < theta0)):
        if abs(evidence + math.log(error)) > 1e-6:
            assert (evidence > -math.log(error)) == excluded
    turned = odds.ends(as_windows([c.swapped() for c in counts]), 1 / theta0, beta, alpha)
    assert turned[0] * high == pytest.approx(1.0) if high < math.inf else turned[0] == 0.0
    assert turned[1] * low == pytest.approx(1.0) if low > 0.0 else turned[1] == math.inf


def against(v: float, counts: list[ArmCounts], theta0: float, error: float) -> float:
    """The ln evidence against every odds ratio up to `v`, by definition."""
    kept = (math.log(8) / (math.log(8) + max(0.0, math.log(theta0 / v)))) ** -math.log(error)
    total = 0.0
    for share, of in ((kept, bets(theta0)), (1 - kept, passing_bets(theta0))):
        for theta in of:
            if theta >= v:
                total += share / BETS * math.exp(math.fsum(log_growth(c, v, [theta])[0] for c in counts))
    return math.log(total)


@given(st.lists(windows, min_size=1, max_size=4), st.floats(0.3, 3), st.floats(0.01, 0.5))
@settings(max_examples=40)
def test_all_below_the_lower_end_is_refuted_and_nothing_above_it(
    counts: list[ArmCounts], theta0: float, error: float
) -> None:
    low, _ = odds.ends(as_windows(counts), theta0, error, 0.05)
    for factor in (0.01, 0.5, 0.9, 1 - 1e-6):
        assert low == 0.0 or against(factor * low, counts, theta0, error) >= -math.log(error)
    for factor in (1 + 1e-6, 1.1, 2.0, 10.0):
        if 1e-6 < factor * low < 7.9 * theta0:
            assert against(factor * low, counts, theta0, error) <= -math.log(error)


@pytest.mark.parametrize("truth", [0.7, 1.5, 4.0])
def test_both_ends_are_near_a_truth_on_either_side_of_the_limit(truth: float) -> None:
    rng = np.random.default_rng(11)
    base = 0.02 * (1 + 0.5 * np.sin(np.arange(2000) / 4))
    bad = truth * base / (1 - base + truth * base)
    counts = np.full(2000, 500)
    seen = np.stack([counts, rng.binomial(500, base), counts, rng.binomial(500, bad)], axis=1)
    low, high = odds.ends(seen, 1.5, 0.05, 0.05)
    assert 0.8 * truth < low < truth < high < 1.25 * truth


def test_nothing_refuted_is_zero_to_infinity() -> None:
    assert odds.ends(as_windows([]), 1.0, 0.05, 0.05) == (0.0, math.inf)
    assert odds.ends(as_windows([ArmCounts(5, 5, 0, 0), ArmCounts(9, 0, 9, 0)]), 1.0, 0.05, 0.05) == (0.0, math.inf)
    low, high = odds.ends(as_windows([ArmCounts(500, 0, 500, 30)]), 1.0, 0.05, 0.05)
    assert low > 2
    assert high == math.inf


def test_a_year_of_hours_takes_a_fraction_of_a_second() -> None:
    rng = np.random.default_rng(3)
    n_a, n_b = rng.poisson(1900, 8760), rng.poisson(100, 8760)
    year = np.stack([n_a, rng.binomial(n_a, 0.01), n_b, rng.binomial(n_b, 0.0149)], axis=1)
    begun = time.process_time()
    low, high = odds.ends(year, 1.0, 0.05, 0.05)
    assert time.process_time() - begun < 1.0
    assert 1.3 < low < 1.5 < high < 1.75
