"""What the shipped bets promise at the limit, computed without chance.

The cumulative process depends on the data through one count, so its chances come from a recursion over that count. The
monitor does not: its state is the wealth of every bet, sixteen real numbers that depend on when each bad unit came, and
no recursion over a finite set of states is exact. It is therefore computed by enumerating every stream of a few
looks; over long streams its promise rests on the supermartingale (proved here to be fair, look by look) and is
checked by simulation in the tests `test_evidence_failures_*`.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from exact_rules import binomial, boundaries, ever_cumulative, look_of, stopped_below, streams

from checks.evidence import monitor
from checks.evidence.bets import prior, stakes
from checks.evidence.cumulative import log_mean
from checks.evidence.growth import log_growth

LIMIT, ALPHA, BETA = 0.005, 0.05, 0.05
HOURLY = 500


def over(n: int, k: int) -> bool:
    """The cumulative process proves that the mean is over the limit."""
    return log_mean(log_growth([(1.0, k), (0.0, n - k)], LIMIT, stakes(LIMIT))) >= -math.log(ALPHA)


def not_yet_passed(n: int, k: int) -> bool:
    """The cumulative process does not prove that the mean is within the limit."""
    return log_mean(log_growth([(1.0, n - k), (0.0, k)], 1.0 - LIMIT, stakes(1.0 - LIMIT))) < -math.log(BETA)


def passes(looks: int, rates: list[float]) -> list[float]:
    """The chance of the first pass at each hourly look; the rates take turns."""
    laws = [binomial(HOURLY, rate) for rate in rates]
    steps = [laws[t % len(laws)] for t in range(looks)]
    return list(stopped_below(boundaries(not_yet_passed, looks, HOURLY), steps))


@pytest.mark.parametrize(("looks", "per_look"), [(2000, 500), (365, 1000)])
def test_everything_so_far_proves_a_breach_of_a_healthy_system_less_often_than_alpha(looks: int, per_look: int) -> None:
    at_limit, below = ever_cumulative(over, looks, per_look, [LIMIT, 0.6 * LIMIT])
    assert 0.001 < at_limit < ALPHA
    assert below < 1e-4


def test_a_pass_is_false_less_often_than_beta() -> None:
    at_limit, over_it = (math.fsum(passes(336, [f * LIMIT])) for f in (1.0, 1.2))
    assert 0.01 < at_limit < BETA
    assert over_it < 0.2 * at_limit


@pytest.mark.parametrize(("factor", "median"), [(0.2, 3), (0.4, 6), (0.6, 16), (0.8, 86)])
def test_a_good_release_passes_as_soon_as_published(factor: float, median: int) -> None:
    chances = passes(336, [factor * LIMIT])
    half = look_of(chances, 0.5)
    assert half is not None
    assert half <= median
    assert math.fsum(chances) > 0.99


def test_fixed_bets_hold_the_average_when_good_and_bad_hours_alternate() -> None:
    assert math.fsum(passes(336, [1.8 * LIMIT, 0.2 * LIMIT])) < BETA


def monitored(stream: tuple[int, ...], per_look: int, limit: float, numbers: list[int]) -> list[float]:
    growth = np.array([log_growth([(1.0, k), (0.0, per_look - k)], limit, stakes(limit)) for k in stream])
    return list(monitor.log_evidence(np.array(numbers), growth, np.array(prior(limit))))


@pytest.mark.parametrize("numbers", [[1, 2, 3, 4], [1, 2, 40, 41], [7, 8, 9, 30]])
def test_the_monitor_is_fair_at_the_limit_look_by_look(numbers: list[int]) -> None:
    limit, per_look = 0.2, 5
    means = [0.0] * len(numbers)
    for chance, stream in streams(len(numbers), per_look, limit):
        for t, evidence in enumerate(monitored(stream, per_look, limit, numbers)):
            means[t] += chance * math.exp(evidence)
    assert means == pytest.approx([1.0] * len(numbers), rel=1e-10)


@pytest.mark.parametrize("alpha", [0.5, 0.2, 0.05])
def test_the_monitor_keeps_alpha_over_every_stream_of_four_looks(alpha: float) -> None:
    limit, per_look = 0.2, 5
    stopped = math.fsum(
        chance
        for chance, stream in streams(4, per_look, limit)
        if max(monitored(stream, per_look, limit, [1, 2, 3, 4])) >= -math.log(alpha)
    )
    assert 0.0 < stopped <= alpha
