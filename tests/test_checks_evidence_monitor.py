"""The monitor keeps its promises: valid at the limit, exact by definition, quick after any quiet time, never worse."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from checks.evidence import cumulative, monitor
from checks.evidence.bets import BETS, prior, stakes
from checks.evidence.growth import log_growth
from checks.evidence.starts import DEFAULT, PUBLISHED, Starts, by_number

Floats = NDArray[np.float64]

ALL_STARTS = pytest.mark.parametrize("starts", [DEFAULT, PUBLISHED], ids=["suspicion", "number"])
counts = st.lists(st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1)


def growth(windows: list[tuple[int, int]], m: float = 0.05) -> Floats:
    return np.array([log_growth([(1.0, k), (0.0, n - k)], m, stakes(m)) for n, k in windows])


def looks(number: int) -> NDArray[np.int64]:
    return np.arange(1, number + 1)


def weights_by_number(t: int, horizon: int) -> float:
    return 0.5 * (t == 1) + 0.25 / (t * (t + 1)) + (0.25 / horizon if t <= horizon else 0.0)


def brute_force_by_number(numbers: list[int], grown: Floats, horizon: int) -> float:
    """Sum over all starts, by definition; looks without units included."""
    at, last = dict(zip(numbers, grown, strict=True)), numbers[-1]
    total = 1.0 - math.fsum(weights_by_number(t, horizon) for t in range(1, last + 1))
    for start in range(1, last + 1):
        since = [math.fsum(at[t][j] for t in range(start, last + 1) if t in at) for j in range(BETS)]
        total += weights_by_number(start, horizon) * math.fsum(map(math.exp, since)) / BETS
    return math.log(total)


def step_by_step(grown: Floats, weights: tuple[float, ...]) -> list[float]:
    """The monitor bet by bet and look by look, as its docstrings say it."""
    each = []
    for column in grown.T:
        wealth, suspicion, clock, steps = 0.0, 0.0, 0.0, []
        for t, gain in enumerate(column):
            before = clock
            clock += math.exp(-4 * max(0.0, 2 - suspicion)) if t else 0.0
            start = 0.5 / math.sqrt(1 + before) - 0.5 / math.sqrt(1 + clock) if t else 0.5
            wealth = math.exp(gain) * (wealth + start)
            suspicion = max(suspicion + gain, 0.0)
            steps.append(wealth + 0.5 / math.sqrt(1 + clock))
        each.append(steps)
    return [math.log(math.fsum(w * e for w, e in zip(weights, at, strict=True))) for at in zip(*each, strict=True)]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 40), st.integers(0, 5)), min_size=1, max_size=6))
def test_empty_looks_cost_their_published_weight_and_nothing_else(steps: list[tuple[int, int, int]]) -> None:
    numbers = np.cumsum([gap for gap, _, _ in steps])
    grown = growth([(n + k, k) for _, n, k in steps])
    evidence = monitor.log_evidence(numbers, grown, starts=by_number(12))[-1]
    spelled_out = np.zeros((numbers[-1], BETS))
    spelled_out[numbers - 1] = grown
    assert evidence == pytest.approx(
        monitor.log_evidence(looks(numbers[-1]), spelled_out, starts=by_number(12))[-1], abs=1e-10
    )
    assert evidence == pytest.approx(brute_force_by_number(numbers.tolist(), grown, 12), abs=1e-9)


@given(counts.filter(lambda windows: sum(k for _, k in windows) < 60))
def test_starts_on_suspicion_are_what_their_docstring_says(windows: list[tuple[int, int]]) -> None:
    grown, weights = growth(windows), prior(0.05)
    evidence = monitor.log_evidence(looks(len(windows)), grown, np.array(weights))
    assert evidence.tolist() == pytest.approx(step_by_step(grown, weights), abs=1e-9)


@given(windows=counts, starts=st.one_of(st.just(DEFAULT), st.integers(1, 10_000).map(by_number)))
def test_what_starts_and_what_is_kept_sum_to_one(starts: Starts, windows: list[tuple[int, int]]) -> None:
    begun, kept = starts(looks(len(windows)), growth(windows))
    assert (begun >= 0).all()
    assert (kept >= 0).all()
    assert np.cumsum(begun, axis=0) + kept == pytest.approx(np.ones_like(begun), abs=1e-12)


@ALL_STARTS
@given(windows=counts, cut=st.integers(0, 20))
def test_a_start_knows_nothing_of_the_look_that_it_bets_on(
    starts: Starts, windows: list[tuple[int, int]], cut: int
) -> None:
    grown = growth(windows)
    cut = min(cut, len(grown) - 1)
    other = grown.copy()
    other[cut:] += 3.0
    one, two = (starts(looks(len(grown)), g)[0] for g in (grown, other))
    assert (np.broadcast_to(one, grown.shape)[: cut + 1] == np.broadcast_to(two, grown.shape)[: cut + 1]).all()


@ALL_STARTS
def test_gaps_of_any_length_are_free_and_weights_never_run_out(starts: Starts) -> None:
    numbers = np.array([1, 20_001, 2_000_000_000])
    assert monitor.log_evidence(numbers, growth([(100, 2), (100, 60), (100, 60)]), starts=starts)[-1] > 50
    begun, kept = starts(looks(50_000), np.full((50_000, 2), 0.01))
    assert (begun > 0).all()
    assert begun.sum(axis=0) + kept[-1] == pytest.approx(1.0, abs=1e-12)


@ALL_STARTS
@given(windows=counts)
def test_replaying_and_resuming_give_the_same_bits(starts: Starts, windows: list[tuple[int, int]]) -> None:
    grown, weights = growth(windows), np.array(prior(0.05))
    whole = monitor.log_evidence(looks(len(grown)), grown, weights, starts)
    for cut in range(len(grown) + 1):
        assert (monitor.log_evidence(looks(cut), grown[:cut], weights, starts) == whole[:cut]).all()


def test_no_looks_is_no_evidence() -> None:
    track = monitor.track(np.empty(0, dtype=np.int64), np.empty((0, BETS)))
    assert (len(track.evidence), len(track.wealth)) == (0, 0)


def test_long_healthy_times_do_not_blur_the_evidence() -> None:
    rng = np.random.default_rng(5)
    windows = [(500, int(k)) for k in [*rng.binomial(500, 0.003, 8000), *rng.binomial(500, 0.006, 700)]]
    grown = growth(windows, 0.005)
    assert grown.sum(axis=0).min() < -5000
    begun, kept = (a.astype(np.longdouble) for a in DEFAULT(looks(len(grown)), grown))
    wealth, exact = np.zeros(BETS, dtype=np.longdouble), []
    factors = np.exp(grown.astype(np.longdouble))
    for t in range(len(grown)):
        wealth = factors[t] * (wealth + begun[t])
        exact.append(float(np.log(np.mean(wealth + kept[t]))))
    assert monitor.log_evidence(looks(len(grown)), grown).tolist() == pytest.approx(exact, abs=1e-9)


@ALL_STARTS
def test_huge_counts_and_tiny_limits_stay_finite(starts: Starts) -> None:
    grown = growth([(10_000_000, k) for k in (0, 800, 1_000, 2_000, 10_000_000)], 1e-4)
    evidence = monitor.log_evidence(looks(5), grown, starts=starts)
    assert np.isfinite(evidence).all()
    assert evidence[3] > 200
    assert evidence[4] > 1e7


def test_any_number_of_bets_and_any_weights_of_them() -> None:
    grown = growth([(50, 3), (50, 9)])
    twice = np.hstack((grown, grown))
    weights = np.array(prior(0.05))
    one = monitor.track(looks(2), grown, weights)
    two = monitor.track(looks(2), twice, np.concatenate((weights, weights)) / 2)
    assert two.evidence == pytest.approx(one.evidence, abs=1e-12)
    assert two.wealth.tolist() == [*one.wealth, *one.wealth]


@pytest.mark.parametrize("limit", [1e-4, 0.005, 0.3, 0.95])
def test_the_weights_of_the_bets_sum_to_one_and_favour_small_changes(limit: float) -> None:
    weights = prior(limit)
    assert len(weights) == BETS
    assert math.fsum(weights) == pytest.approx(1.0, abs=1e-12)
    assert all(a > b for a, b in pairwise(weights))
    assert weights[-1] >= 0.2 / BETS


def test_a_late_change_is_found_much_sooner_than_by_the_cumulative_process() -> None:
    windows = [(500, 1)] * 1000 + [(500, 5)] * 100
    grown, weights = growth(windows, 0.005), np.array(prior(0.005))
    evidence = monitor.log_evidence(looks(len(windows)), grown, weights)
    published = monitor.log_evidence(looks(len(windows)), grown, starts=PUBLISHED)
    delay, before = (int(np.argmax(e > math.log(20))) - 999 for e in (evidence, published))
    assert delay <= 0.75 * before < 20
    assert cumulative.log_evidence(grown.tolist()) < 0
    assert 995 <= monitor.likely_start(grown, weights) <= 1005


def test_the_likely_start_is_where_the_decline_began() -> None:
    rng = np.random.default_rng(3)
    off = []
    for _ in range(200):
        rates = np.repeat([0.003, 0.01], [400, 15])
        grown = growth([(500, int(k)) for k in rng.binomial(500, rates)], 0.005)
        off.append(monitor.likely_start(grown, np.array(prior(0.005))) - 400)
    assert abs(float(np.median(off))) <= 1
    assert float(np.mean(np.abs(off) <= 3)) > 0.85


@ALL_STARTS
def test_graded_values_at_the_limit_keep_alpha(starts: Starts) -> None:
    """Values of three sizes whose conditional mean is the limit, the law switching on what was seen before."""
    rng, limit, runs, alpha = np.random.default_rng(11), 0.1, 400, 0.1
    bets, weights = stakes(limit), np.array(prior(limit))
    of = {x: np.array(log_growth([(x, 1)], limit, bets)) for x in (0.0, 0.1, 0.2, 1.0)}
    paused = 0
    for _ in range(runs):
        grown, wild = np.empty((300, BETS)), True
        for t in range(300):
            if wild:
                k = rng.binomial(30, limit)
                grown[t] = k * of[1.0] + (30 - k) * of[0.0]
                wild = k != 0
            else:
                k = rng.binomial(30, 0.5)
                grown[t] = k * of[0.2] + (30 - k) * of[0.0]
                wild = k > 15
        paused += bool((monitor.log_evidence(looks(300), grown, weights, starts) >= -math.log(alpha)).any())
    assert paused / runs < alpha
