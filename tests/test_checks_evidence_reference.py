"""The limit that a pinned reference gives is safe, whatever chance made of the reference."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence.reference import clopper_pearson, halved, limit, upper
from warehouse.records.errors import CheckError

values = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 200)), min_size=1, max_size=8)


def coins(n: int, k: int) -> list[tuple[float, int]]:
    return [(1.0, k), (0.0, n - k)]


def at_most(n: int, k: int, p: float) -> float:
    return math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


@pytest.mark.parametrize(("n", "k"), [(1, 0), (50, 0), (50, 3), (200, 100), (200, 199)])
def test_zeros_and_ones_have_the_exact_bound(n: int, k: int) -> None:
    assert at_most(n, k, upper(coins(n, k), 0.025)) == pytest.approx(0.025, rel=1e-9)


@pytest.mark.parametrize("p", [0.003, 0.05, 0.4])
def test_the_exact_bound_is_wrong_no_more_often_than_said(p: float) -> None:
    n, error = 300, 0.05
    wrong = [k for k in range(n + 1) if clopper_pearson(n, k, 1 - error)["upper"] < p]
    assert at_most(n, max(wrong, default=-1), p) <= error


@given(values, st.floats(0.001, 0.3))
def test_the_bound_lies_above_the_mean_and_order_does_not_matter(
    counted: list[tuple[float, int]], error: float
) -> None:
    mean = math.fsum(x * n for x, n in counted) / sum(n for _, n in counted)
    found = upper(counted, error)
    assert mean <= found <= 1.0
    assert upper(counted[::-1], error) == pytest.approx(found)
    assert upper(counted, error / 2) >= found - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("law", ["narrow", "wide", "rare", "two kinds"])
@pytest.mark.parametrize("n", [30, 300, 3000])
def test_the_graded_bound_is_wrong_no_more_often_than_said(law: str, n: int) -> None:
    rng, runs, error = np.random.default_rng(n), 120 if n == 3000 else 400, 0.1
    wrong = 0
    for _ in range(runs):
        if law == "narrow":
            true, x = 0.3, rng.beta(30, 70, n)
        elif law == "wide":
            true, x = 0.5, rng.beta(0.3, 0.3, n)
        elif law == "rare":
            true, x = 0.01, 0.5 * rng.binomial(1, 0.02, n)
        else:
            # Means that differ from unit to unit: the bound is about their average.
            true, x = 0.35, np.where(np.arange(n) % 2, rng.beta(2, 8, n), rng.beta(5, 5, n))
        wrong += upper([(float(v), 1) for v in np.round(x, 6)] + [(0.5, 0)], error) < true
    assert wrong / runs <= error


def test_graded_values_that_hardly_vary_give_a_close_bound() -> None:
    close = upper([(0.29, 500), (0.31, 500)], 0.025) - 0.3
    coarse = upper([(0.0, 350), (0.6, 650)], 0.025) - 0.39
    assert 0.0 < close < 0.005
    assert close < coarse < 0.04


def test_the_larger_of_bound_and_tolerance_rules() -> None:
    small, large = limit(coins(1000, 10), 0.2, 0.025), limit(coins(1_000_000, 10_000), 0.2, 0.025)
    assert (small.units, small.mean) == (1000, 0.01)
    assert small.limit == small.upper > 0.012
    assert large.limit == pytest.approx(0.012)
    assert 0.01 < large.upper < 0.0103


def test_a_clean_reference_still_gives_a_limit_above_zero() -> None:
    assert limit(coins(300, 0), 0.5, 0.05).limit == pytest.approx(-math.expm1(math.log(0.05) / 300))


@pytest.mark.slow
def test_with_the_bound_a_stationary_stream_is_rarely_over_the_limit_and_with_the_estimate_often() -> None:
    rng, p = np.random.default_rng(3), 0.01
    made = rng.binomial(10_000, p, 1000)
    assert np.mean([limit(coins(10_000, int(k)), 1e-9, 0.025).limit < p for k in made]) <= 0.025
    assert np.mean(made / 10_000 < p) > 0.4


def test_what_cannot_give_a_limit_is_refused() -> None:
    for empty in ([], [(0.5, 0)], [(0.5, 3), (0.2, -1)]):
        with pytest.raises(CheckError, match="holds no units"):
            limit(empty, 0.2, 0.05)
    for tolerance in (0.0, -0.1, math.nan, math.inf):
        with pytest.raises(CheckError, match="tolerance"):
            limit(coins(100, 1), tolerance, 0.05)
    for error in (0.0, 1.0):
        with pytest.raises(CheckError, match="error"):
            limit(coins(100, 1), 0.2, error)
    for unusable in (coins(100, 100), coins(100, 90), [(0.8, 20), (0.9, 20)]):
        with pytest.raises(CheckError, match="nothing can be over 1"):
            limit(unusable, 0.2, 0.05)
    for value in (1.5, -0.1, math.nan):
        with pytest.raises(CheckError, match="outside the metric's range"):
            limit([(value, 3)], 0.2, 0.05)


def test_halving_finds_the_edge() -> None:
    assert halved(lambda x: x > 0.3, 0.0, 1.0) == pytest.approx(0.3)
    assert halved(lambda x: x < 0.3, 1.0, 0.0) == pytest.approx(0.3)
    assert halved(lambda _: False, 0.0, 1.0) == 1.0
