"""The displayed interval is the gate's own evidence turned inside out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence.bets import BETS, stakes
from checks.evidence.cumulative import log_mean
from checks.evidence.growth import log_growth
from checks.evidence.interval import ends, lower_end

values = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 2000)), min_size=1, max_size=10)
limits = st.floats(1e-4, 1 - 1e-4)


def both(counted: list[tuple[float, int]], m: float) -> tuple[tuple[float, ...], tuple[float, ...], int]:
    mirrored = [(1 - x, n) for x, n in counted]
    units = sum(n for _, n in counted)
    return log_growth(counted, m, stakes(m)), log_growth(mirrored, 1 - m, stakes(1 - m)), units


def interval(counted: list[tuple[float, int]], m: float, alpha: float, beta: float) -> tuple[float, float]:
    breach, passing, units = both(counted, m)
    low, high = ends(np.array([breach]), np.array([passing]), np.array([float(units)]), m, alpha, beta)
    return float(low[0]), float(high[0])


@given(values, limits, st.floats(0.001, 0.2), st.floats(0.001, 0.2))
def test_the_mean_is_inside_and_the_limit_outside_exactly_when_refuted(
    counted: list[tuple[float, int]], m: float, alpha: float, beta: float
) -> None:
    low, high = interval(counted, m, alpha, beta)
    breach, passing, units = both(counted, m)
    mean = math.fsum(x * n for x, n in counted) / units
    assert 0 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= 1
    for evidence, error, excluded in (
        (log_mean(breach), alpha, low > m),
        (log_mean(passing), beta, high < m),
    ):
        if abs(evidence - math.log(1 / error)) > 1e-9:
            assert (evidence > math.log(1 / error)) == excluded


def test_it_narrows_with_data_and_knows_nothing_without() -> None:
    widths = [
        high - low
        for n in (100, 1_000, 10_000)
        for low, high in [interval([(1, n // 100), (0, n - n // 100)], 0.02, 0.05, 0.05)]
    ]
    assert widths == sorted(widths, reverse=True)
    nothing = lower_end(np.zeros((1, BETS)), np.zeros(1), 0.3, 0.05)
    assert nothing.tolist() == [0.0]


def test_all_harmful_and_all_harmless() -> None:
    assert interval([(0.0, 5)], 0.3, 0.05, 0.05)[0] == 0.0
    low, high = interval([(1.0, 50)], 0.3, 0.05, 0.05)
    assert high == pytest.approx(1.0)
    assert low > 0.8


def test_it_covers_the_average_although_rates_move() -> None:
    rng = np.random.default_rng(5)
    m, alpha, runs, looks = 0.02, 0.1, 120, 60
    rates = np.where(np.arange(looks) % 2, 0.035, 0.005)
    missed = 0
    for _ in range(runs):
        counts = rng.binomial(100, rates)
        grown = np.cumsum([log_growth([(1, int(k)), (0, 100 - int(k))], m, stakes(m)) for k in counts], axis=0)
        under = np.cumsum([log_growth([(0, int(k)), (1, 100 - int(k))], 1 - m, stakes(1 - m)) for k in counts], axis=0)
        units = 100.0 * np.arange(1, looks + 1)
        low, high = ends(grown, under, units, m, alpha, alpha)
        average = np.cumsum(rates) / np.arange(1, looks + 1)
        missed += bool(((low > average) | (high < average)).any())
    assert missed / runs < 2 * alpha
