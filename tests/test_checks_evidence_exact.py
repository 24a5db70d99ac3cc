"""How often a healthy system is ever paused wrongly, computed without chance (dynamic programming over counts)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from checks.evidence.bets import stakes
from checks.evidence.cumulative import log_mean
from checks.evidence.growth import log_growth

LIMIT, ALPHA = 0.005, 0.05


def published_stakes() -> list[float]:
    grid = LIMIT * np.geomspace(1.15, 20, 16)
    return [float((q - LIMIT) / (LIMIT * (1 - LIMIT))) for q in grid]


def binomial(n: int, p: float) -> np.ndarray:
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
        for k in range(60)
    ]
    return np.exp(logs)


def ever_paused(looks: int, per_look: int, rate: float, bets: list[float]) -> float:
    """Exact chance that the cumulative process ever reaches 1/alpha within so many looks."""
    step, state, paused, threshold = binomial(per_look, rate), np.ones(1), 0.0, 0
    for look in range(1, looks + 1):
        state = np.convolve(state, step)
        n = look * per_look

        def proved(k: int, n: int = n) -> bool:
            return log_mean(log_growth([(1.0, k), (0.0, n - k)], LIMIT, bets)) >= -math.log(ALPHA)

        while not proved(threshold):
            threshold += 1
        paused += float(state[threshold:].sum())
        state = state[:threshold]
    return paused


def test_daily_looks_for_a_year_match_the_published_value() -> None:
    assert ever_paused(365, 1000, LIMIT, published_stakes()) == pytest.approx(0.007204, abs=5e-7)


def test_daily_looks_below_the_limit_match_the_published_value() -> None:
    assert ever_paused(365, 1000, 0.6 * LIMIT, published_stakes()) == pytest.approx(3.6e-6, rel=0.02)


def test_the_shipped_bets_stay_within_alpha_at_the_limit() -> None:
    assert 0.001 < ever_paused(365, 1000, LIMIT, list(stakes(LIMIT))) < ALPHA


def test_hourly_looks_match_the_published_value() -> None:
    assert ever_paused(2000, 500, LIMIT, published_stakes()) == pytest.approx(0.009466, abs=5e-7)
