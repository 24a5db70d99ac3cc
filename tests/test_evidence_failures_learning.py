"""A pass by learned bets is fooled by rates that alternate around the limit; fixed bets are not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evidence_runs import Floats, Integers, first_pass, growth_per_unit, share

LIMIT, BETA = 0.005, 0.05
RUNS, LOOKS, ITEMS = 400, 336, 500


def hours(factors: tuple[float, float], seed: int) -> Integers:
    """Bad items of each hour; even and odd hours have rates of their own, as factors of the limit."""
    rates = LIMIT * np.resize(factors, LOOKS)
    return np.random.default_rng(seed).binomial(ITEMS, rates, size=(RUNS, LOOKS))


def learned(bad: Integers) -> Floats:
    """The growth of one bet per hour that the rate is within the limit, on the rate that such hours had so far.

    Nothing but the past enters a bet, and it stays away from hours that look bad: the process is evidence against
    "every hour has a rate over the limit", which is less than a pass claims.
    """
    growth = np.zeros((*bad.shape, 1))
    for kind in (0, 1):
        mine = bad[:, kind::2]
        seen = ITEMS * np.arange(mine.shape[1])
        rate = (np.cumsum(mine, axis=1) - mine + ITEMS * LIMIT) / (seen + ITEMS)
        bet = np.minimum(rate, LIMIT)
        gain = mine * np.log(bet / LIMIT) + (ITEMS - mine) * (np.log1p(-bet) - math.log1p(-LIMIT))
        growth[:, kind::2, 0] = gain
    return growth


def fixed(bad: Integers) -> Floats:
    """The growth of the shipped bets that the rate is within the limit."""
    return np.asarray(np.stack([bad, ITEMS - bad], axis=-1) @ growth_per_unit([0.0, 1.0], 1.0 - LIMIT))


@pytest.mark.slow
def test_learned_bets_pass_a_release_whose_average_is_at_the_limit() -> None:
    alternating = hours((1.8, 0.2), seed=61)
    assert share(first_pass(learned(alternating), BETA)) > 0.99
    assert share(first_pass(fixed(alternating), BETA)) <= BETA


@pytest.mark.slow
def test_a_constant_rate_at_the_limit_fools_neither() -> None:
    constant = hours((1.0, 1.0), seed=62)
    assert share(first_pass(learned(constant), BETA)) <= BETA
    assert share(first_pass(fixed(constant), BETA)) <= BETA
