"""The growth of the bets is a fair game at the limit, exact, and blind to the order of the data."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making_evidence import coins, gate, unit

from checks.evidence.bets import BETS, odds_ratios, stakes
from checks.evidence.growth import log_growth, window_growth
from warehouse.records.errors import CheckError

limits = st.floats(1e-4, 1 - 1e-4)
values = st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 1000)), max_size=12)


@given(limits)
def test_stakes_grow_and_never_risk_all(m: float) -> None:
    assert len(odds_ratios(m)) == BETS
    assert all(a < b for a, b in zip(stakes(m), stakes(m)[1:], strict=False))
    assert stakes(m)[0] > 0
    assert stakes(m)[-1] * m == pytest.approx(0.95)


@pytest.mark.parametrize("m", [0.0, 1.0, -0.1, 2.0, math.nan])
def test_a_limit_at_the_end_of_the_range_is_refused(m: float) -> None:
    with pytest.raises(CheckError, match="strictly inside"):
        odds_ratios(m)


@pytest.mark.parametrize("m", [1e-4, 0.005, 0.3])
def test_zeros_and_ones_give_the_likelihood_ratio(m: float) -> None:
    n, k = 10_000_000, 2_000
    for stake, growth in zip(stakes(m), log_growth([(1.0, k), (0.0, n - k)], m, stakes(m)), strict=True):
        q = m + stake * m * (1 - m)
        assert growth == pytest.approx(k * math.log(q / m) + (n - k) * (math.log1p(-q) - math.log1p(-m)), rel=1e-9)


@given(values, st.floats(0.01, 0.99))
def test_at_least_is_at_most_mirrored(counted: list[tuple[int, int]], limit: float) -> None:
    most = window_growth([unit(v / 1e6, n) for v, n in counted], gate(limit=limit))
    least = window_growth([unit(1 - v / 1e6, n) for v, n in counted], gate(limit=1 - limit, direction="at_least"))
    assert least.breach == pytest.approx(most.breach, rel=1e-6, abs=1e-6)
    assert least.passing == pytest.approx(most.passing, rel=1e-6, abs=1e-6)


def test_the_range_of_the_metric_is_scaled_away() -> None:
    wide = window_growth([unit(-2.0, 3), unit(6.0, 1)], gate(kind="mean", low=-2.0, high=6.0, limit=0.0))
    unit_range = window_growth(coins(4, 1), gate(limit=0.25))
    assert wide.breach == unit_range.breach
    assert (wide.total_low, wide.units) == (0, 4)


@given(values, st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_missing_part_helps_neither_claim(counted: list[tuple[int, int]], a: int, b: int) -> None:
    units = [unit(v / 1e6, n) for v, n in counted]
    low, high = sorted((a, b))
    vague = window_growth([*units, unit(low / 1e6, high=high / 1e6)], gate())
    for known in (low, (low + high) // 2, high):
        sharp = window_growth([*units, unit(known / 1e6)], gate())
        assert all(x <= y + 1e-12 for x, y in zip(vague.breach, sharp.breach, strict=True))
        assert all(x <= y + 1e-12 for x, y in zip(vague.passing, sharp.passing, strict=True))


@given(values, st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_harm_never_lowers_breach_and_never_raises_pass(counted: list[tuple[int, int]], a: int, b: int) -> None:
    units = [unit(v / 1e6, n) for v, n in counted]
    better, worse = (window_growth([*units, unit(v / 1e6)], gate()) for v in sorted((a, b)))
    assert all(x <= y + 1e-12 for x, y in zip(better.breach, worse.breach, strict=True))
    assert all(x + 1e-12 >= y for x, y in zip(better.passing, worse.passing, strict=True))


def test_unscored_units_are_counted_apart() -> None:
    growth = window_growth(coins(10, 2, missing=5), gate())
    assert (growth.units, growth.scored) == (15, 10)
    assert (growth.total_low, growth.total_high) == (2_000_000, 7_000_000)


def test_with_unit_window_the_window_is_one_unit() -> None:
    growth = window_growth(coins(8, 2), gate(unit="window"))
    assert (growth.units, growth.scored, growth.total_low) == (1, 1, 250_000)
    assert growth.breach == log_growth([(0.25, 1)], 0.005, stakes(0.005))


def test_a_value_outside_the_range_and_a_negative_count_are_refused() -> None:
    with pytest.raises(CheckError, match="outside the metric's range"):
        window_growth([unit(1.5)], gate())
    with pytest.raises(CheckError, match="negative number"):
        window_growth([unit(1.0, -1)], gate())
    with pytest.raises(CheckError, match="a low and a higher high end"):
        window_growth([unit(1.0)], gate(high=None))
