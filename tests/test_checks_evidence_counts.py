"""Growth from sums alone: exact for 0/1 values, and never more than the values themselves would give."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence import counts, growth, quadratic
from checks.evidence.bets import stakes
from checks.evidence.cumulative import log_mean
from warehouse.records.errors import CheckError

limits = st.floats(1e-4, 1 - 1e-4)
values = st.lists(st.tuples(st.integers(0, 10**6).map(lambda x: x / 1e6), st.integers(1, 1000)), max_size=12)


def sums(counted: list[tuple[float, int]]) -> tuple[int, float, float]:
    return (
        sum(n for _, n in counted),
        math.fsum(x * n for x, n in counted),
        math.fsum(x * x * n for x, n in counted),
    )


def below(low: tuple[float, ...], high: tuple[float, ...], n: int) -> bool:
    return all(a <= b + 1e-9 * max(1, n) for a, b in zip(low, high, strict=True))


@given(st.integers(0, 10**7), st.integers(0, 10**7), limits)
def test_counts_give_the_growth_of_zeros_and_ones_bit_for_bit(a: int, b: int, limit: float) -> None:
    n, k = a + b, a
    raw = growth.log_growth([(1.0, k), (0.0, n - k)], limit, stakes(limit))
    assert counts.log_growth(n, k, limit, stakes(limit)) == raw


@given(values, limits)
def test_sums_never_grow_more_than_the_values(counted: list[tuple[float, int]], limit: float) -> None:
    n, total, squares = sums(counted)
    bets = stakes(limit)
    raw = growth.log_growth(counted, limit, bets)
    with_squares = quadratic.log_growth(n, total, squares, limit, bets)
    without = counts.log_growth(n, min(total, float(n)), limit, bets)
    assert below(with_squares, raw, n)
    assert below(without, with_squares, n)


@given(values, limits)
def test_fans_inequality_is_never_above_the_sharp_bound(counted: list[tuple[float, int]], limit: float) -> None:
    n, total, squares = sums(counted)
    bets = stakes(limit)
    fan = quadratic.fan(n, total, squares, limit, greater=True, c=limit, stakes=bets)
    assert fan <= log_mean(quadratic.log_growth(n, total, squares, limit, bets)) + 1e-9 * max(1, n)


@given(values, limits)
def test_the_mirrored_sums_are_those_of_the_mirrored_values(counted: list[tuple[float, int]], limit: float) -> None:
    mirrored = [(1.0 - x, n) for x, n in counted]
    assert quadratic.mirrored(*sums(counted)) == pytest.approx(sums(mirrored), abs=1e-7)
    n, total, squares = quadratic.mirrored(*sums(counted))
    least = quadratic.log_growth(n, total, squares, limit, stakes(limit))
    assert below(least, growth.log_growth(mirrored, limit, stakes(limit)), n)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), limits)
def test_squares_are_exact_for_zeros_and_ones_and_for_equal_values(n: int, k: int, value: int, limit: float) -> None:
    bets, k, x = stakes(limit), min(k, n), value / 1e6
    coins = growth.log_growth([(1.0, k), (0.0, n - k)], limit, bets)
    assert quadratic.log_growth(n, k, k, limit, bets) == pytest.approx(coins, rel=1e-9, abs=1e-9)
    equal = growth.log_growth([(x, n)], limit, bets)
    assert quadratic.log_growth(n, n * x, n * x * x, limit, bets) == pytest.approx(equal, rel=1e-6, abs=1e-6)


def test_for_graded_scores_the_squares_keep_most_of_the_growth_and_the_sum_alone_little() -> None:
    # Badness about 0.35 with sd 0.2 against 0.3: the study needed 9 days with the values, 13 with squares, 50 without.
    graded = [(0.15, 500), (0.55, 500)]
    n, total, squares = sums(graded)
    raw = max(growth.log_growth(graded, 0.3, stakes(0.3)))
    assert max(quadratic.log_growth(n, total, squares, 0.3, stakes(0.3))) > 0.8 * raw
    assert max(counts.log_growth(n, total, 0.3, stakes(0.3))) < 0.3 * raw


def test_no_units_give_no_growth_and_impossible_sums_are_refused() -> None:
    assert counts.log_growth(0, 0, 0.1, stakes(0.1)) == quadratic.log_growth(0, 0, 0, 0.1, stakes(0.1))
    assert set(counts.log_growth(0, 0, 0.1, stakes(0.1))) == {0.0}
    for k in (-1, 4, math.nan):
        with pytest.raises(CheckError, match="between 0 and the number of units"):
            counts.log_growth(3, k, 0.1, stakes(0.1))
    for total, squares in ((4, 4), (1, 2), (2, 1), (-1, 0), (math.nan, 0), (1, math.nan)):
        with pytest.raises(CheckError, match="no values between 0 and 1"):
            quadratic.log_growth(3, total, squares, 0.1, stakes(0.1))
