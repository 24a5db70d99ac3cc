"""Candidate against control on simulated traffic with a daily cycle: quiet when alike, quick when twice as bad."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from checks.evidence import monitor
from checks.evidence.arms import margin, odds, scores
from checks.evidence.arms.counts import ArmCounts
from checks.evidence.bets import stakes
from checks.evidence.growth import log_growth

LOOKS, ALPHA = 336, 0.05
Growth = Callable[[np.ndarray], np.ndarray]


def traffic(rng: np.random.Generator, ratio: float, change: int) -> np.ndarray:
    """Two weeks of hours, 1900 and 100 requests each; from `change` on the candidate's rate is `ratio` as high."""
    hours = np.arange(LOOKS)
    base = 0.01 * (1 + 0.5 * np.sin(2 * np.pi * hours / 24)) * np.exp(0.25 * rng.standard_normal(LOOKS))
    bad = np.minimum(base * np.where(hours >= change, ratio, 1.0), 1.0)
    n_a, n_b = np.full(LOOKS, 1900), np.full(LOOKS, 100)
    return np.stack([n_a, rng.binomial(n_a, base), n_b, rng.binomial(n_b, bad)], axis=1)


def by_odds(windows: np.ndarray) -> np.ndarray:
    return odds.log_growths(windows, 1.0, odds.bets(1.0))


def by_margin(windows: np.ndarray) -> np.ndarray:
    return np.array([margin.log_growth(ArmCounts(*row), 0.0, 0.01)[0] for row in windows.tolist()])


def by_scores(windows: np.ndarray) -> np.ndarray:
    low, high = scores.span(0.01, 0.05)
    limit = -low / (high - low)

    def scaled(value: float, candidate: bool) -> float:
        return (scores.pseudo_outcome(value, candidate=candidate, typical=0.01, share=0.05) - low) / (high - low)

    return np.array(
        [
            log_growth(
                [
                    (scaled(1.0, True), k_b),
                    (scaled(0.0, True), n_b - k_b),
                    (scaled(1.0, False), k_a),
                    (scaled(0.0, False), n_a - k_a),
                ],
                limit,
                stakes(limit),
            )
            for n_a, k_a, n_b, k_b in windows.tolist()
        ]
    )


def paused(growth: Growth, runs: int, ratio: float, change: int, seed: int) -> tuple[float, list[float]]:
    """Share of runs that paused before the change, and the delays (hours) of the others; inf if never."""
    rng, early, delays = np.random.default_rng(seed), 0, []
    numbers = np.arange(1, LOOKS + 1)
    for _ in range(runs):
        evidence = monitor.log_evidence(numbers, growth(traffic(rng, ratio, change)))
        over = np.flatnonzero(evidence >= -math.log(ALPHA))
        if len(over) and over[0] < change:
            early += 1
        else:
            delays.append(float(over[0] + 1 - change) if len(over) else math.inf)
    return early / runs, delays


@pytest.mark.slow
@pytest.mark.parametrize(("growth", "runs"), [(by_odds, 600), (by_margin, 100), (by_scores, 100)])
def test_arms_that_are_alike_are_hardly_ever_paused(growth: Growth, runs: int) -> None:
    early, delays = paused(growth, runs, 1.0, LOOKS, 1)
    assert early <= ALPHA
    assert len(delays) == runs * (1 - early)


@pytest.mark.slow
@pytest.mark.parametrize(("change", "median", "late"), [(0, 11, 32), (120, 27, 42)])
@pytest.mark.parametrize(("growth", "runs"), [(by_odds, 300), (by_margin, 60), (by_scores, 60)])
def test_twice_the_rate_is_found_within_hours(growth: Growth, runs: int, change: int, median: int, late: int) -> None:
    early, delays = paused(growth, runs, 2.0, change, 2)
    assert early <= ALPHA
    assert np.median(delays) <= median
    assert np.quantile(delays, 0.9, method="lower") <= late
