"""A split that is not the configured one is seen, also when it breaks late; a right one is left alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence.arms.sample_ratio import log_evidence, log_growths, odds_ratios
from warehouse.records.errors import CheckError


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_every_bet_is_fair_under_the_configured_share(share: float) -> None:
    for n in (0, 1, 5, 20):
        k = np.arange(n + 1)
        chances = np.array([math.comb(n, int(x)) * share**x * (1 - share) ** (n - x) for x in k])
        assert chances @ np.exp(log_growths(n - k, k, share)) == pytest.approx(np.ones(16), abs=1e-12)


def test_half_the_wealth_is_on_either_side() -> None:
    ratios = odds_ratios()
    assert (ratios[:8] > 1).all()
    assert ratios[:8] * ratios[8:] == pytest.approx(np.ones(8))


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=20), st.floats(0.01, 0.99))
def test_exchanging_the_arms_with_their_shares_changes_nothing(counts: list[tuple[int, int]], share: float) -> None:
    a, b = (np.array([c[i] for c in counts], dtype=int) for i in (0, 1))
    assert log_evidence(a, b, share) == pytest.approx(log_evidence(b, a, 1 - share), rel=1e-9, abs=1e-9)


def test_windows_without_units_leave_the_evidence_as_it_was() -> None:
    evidence = log_evidence(np.array([0, 900, 0, 0, 900]), np.array([0, 300, 0, 0, 10]), 0.05)
    assert evidence[0] == 0.0
    assert evidence[1] == evidence[2] == evidence[3] > 50
    assert log_evidence(np.array([], dtype=int), np.array([], dtype=int), 0.5).shape == (0,)


@pytest.mark.parametrize(
    ("share", "broken", "units", "most"),
    [(0.05, 0.0, 2000, 2), (0.05, 0.06, 2000, 12), (0.5, 0.51, 2000, 100), (0.5, 0.6, 200, 12), (0.5, 1.0, 20, 3)],
)
def test_an_assignment_that_breaks_after_three_weeks_is_found_soon(
    share: float, broken: float, units: int, most: int
) -> None:
    rng = np.random.default_rng(2)
    candidates = np.concatenate([rng.binomial(units, share, 504), rng.binomial(units, broken, 150)])
    evidence = log_evidence(units - candidates, candidates, share)
    assert evidence[:504].max() < math.log(100)
    assert np.argmax(evidence > math.log(100)) < 504 + most


def test_a_right_split_is_left_alone() -> None:
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(300):
        units = rng.poisson(1000, 336)
        candidates = rng.binomial(units, 0.1)
        alarms += bool((log_evidence(units - candidates, candidates, 0.1) >= math.log(20)).any())
    assert alarms / 300 <= 0.05


def test_what_cannot_be_is_refused() -> None:
    one = np.array([1])
    for share in (0.0, 1.0, math.nan):
        with pytest.raises(CheckError, match="share"):
            log_evidence(one, one, share)
    with pytest.raises(CheckError, match="windows"):
        log_evidence(one, np.array([1, 2]), 0.5)
    with pytest.raises(CheckError, match="0 or more"):
        log_evidence(-one, one, 0.5)
