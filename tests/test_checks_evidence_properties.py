"""The six laws of the engine, each held against whatever streams can be found to break it.

1. Neither the order of windows nor the way units are split changes a pass, bit for bit.
2. A ledger read at once, in parts or in any order gives the same evidence, bit for bit.
3. The monitor is never worse than half the cumulative process.
4. At the limit a unit, a window and a stream leave the evidence at one on average, exactly.
5. A breach and a pass against the same limit are both proved with probability at most max(alpha, beta).
6. No units, no growth.
"""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from evidence_runs import first_breach, first_pass, growth_of_counts, growth_per_unit
from exact_rules import streams
from hypothesis import given
from hypothesis import strategies as st
from making_evidence import coins, epoch, gate, row, rows, unit

from checks.evidence import cumulative, monitor, starts
from checks.evidence.bets import BETS, prior, stakes
from checks.evidence.growth import log_growth, window_growth
from checks.gates import ledger
from warehouse.records.folded import FoldedWindows
from warehouse.records.metrics import UnitCount

LIMIT = 0.05

values = st.tuples(st.integers(0, 10**6), st.integers(1, 300), st.booleans())
windows = st.lists(values, max_size=5).map(lambda found: [as_units(*each) for each in found])
histories = st.lists(windows, min_size=1, max_size=15)
both_directions = st.sampled_from(["at_most", "at_least"])


def as_units(value: int, count: int, scored: bool) -> UnitCount:
    return unit(value / 1e6, count) if scored else unit(0.0, count, high=1.0, scored=False)


def growth(n: int, k: int, limit: float = LIMIT) -> tuple[float, ...]:
    return log_growth([(1.0, k), (0.0, n - k)], limit, stakes(limit))


# 1. Neither order nor splitting changes a pass.


@given(histories, both_directions, st.randoms())
def test_windows_in_any_order_give_a_pass_the_same_bits(
    history: list[list[UnitCount]], direction: str, rng: random.Random
) -> None:
    growths = [window_growth(units, gate(direction=direction)).passing for units in history]
    wealth = cumulative.log_wealth(growths)
    rng.shuffle(growths)
    assert cumulative.log_wealth(growths) == wealth


@given(histories, both_directions, st.randoms(), st.integers(1, 6))
def test_units_split_over_parts_in_any_way_give_the_merged_window_the_same_bits(
    history: list[list[UnitCount]], direction: str, rng: random.Random, parts: int
) -> None:
    of = gate(direction=direction)
    whole = [u for units in history for u in units]
    shares: list[list[UnitCount]] = [[] for _ in range(parts)]
    for u in whole:
        first = rng.randint(0, u.count)
        for count in (first, u.count - first):
            rng.choice(shares).append(UnitCount(u.window_start, u.low, u.high, u.scored, count))
    merged = list(itertools.chain(*shares))
    rng.shuffle(merged)
    assert window_growth(merged, of) == window_growth(whole, of)


@given(histories)
def test_a_merged_window_differs_from_its_parts_by_their_rounding_alone(history: list[list[UnitCount]]) -> None:
    parts = [window_growth(units, gate()).passing for units in history]
    whole = window_growth([u for units in history for u in units], gate()).passing
    for merged, summed, each in zip(whole, cumulative.log_wealth(parts), zip(*parts, strict=True), strict=True):
        rounding = math.fsum(math.ulp(x) for x in (merged, summed, *each))
        terms = math.fsum(sum(u.count for u in units) for units in history) * math.ulp(5.0)
        assert abs(merged - summed) <= rounding + terms


# 2. Resuming and replaying are the same.


@given(histories, st.data(), st.randoms())
def test_a_ledger_read_in_parts_gives_the_same_bits_as_at_once(
    history: list[list[UnitCount]], data: st.DataObject, rng: random.Random
) -> None:
    kept = rows(gate(), history)
    cut = data.draw(st.integers(0, len(kept)))
    resumed = FoldedWindows.of(kept[:cut]).followed_by(kept[cut:])
    shuffled = list(kept)
    rng.shuffle(shuffled)
    whole = evidence(FoldedWindows.of(kept))
    assert evidence(resumed) == whole
    assert evidence(FoldedWindows.of(shuffled)) == whole
    assert evidence(FoldedWindows.of(kept[:cut]))[0] == whole[0][:cut]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 64, 1000])
def test_a_long_ledger_gives_every_prefix_the_bits_it_had_then(count: int) -> None:
    rng = np.random.default_rng(count)
    growths = growth_of_counts(rng.binomial(50, LIMIT, size=1003), 50, LIMIT)
    numbers = np.arange(1, 1004)
    weights = np.array(prior(LIMIT))
    whole = monitor.log_evidence(numbers, growths, weights)
    early = monitor.log_evidence(numbers[:count], growths[:count], weights)
    assert early.tolist() == whole[:count].tolist()


def evidence(folded: FoldedWindows) -> tuple[list[float], list[float], list[float]]:
    """The monitor after every look, its wealth and that of the pass, as the gates read them from the ledger."""
    found = ledger.in_order(epoch(), folded, 3600, (BETS, BETS))
    if not len(found):
        return [], [], []
    numbers = ledger.looks(epoch(), found, 3600)
    track = monitor.track(numbers, found.breach, np.array(prior(gate().limit)))
    return track.evidence.tolist(), track.wealth.tolist(), list(cumulative.log_wealth(found.passing.tolist()))


def test_a_window_folded_again_from_the_same_units_gives_the_same_row() -> None:
    units = [*coins(40, 3, missing=2), unit(0.25, 7)]
    assert row(gate(), 0, units) == row(gate(), 0, list(reversed(units)))


# 3. The monitor is never worse than half the cumulative process.


@given(
    st.lists(st.integers(0, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=25),
    st.one_of(st.just(starts.DEFAULT), st.integers(1, 10_000).map(starts.by_number)),
    st.booleans(),
)
def test_the_monitor_is_never_worse_than_half_the_cumulative_process(
    counts: list[tuple[int, int]], begin: starts.Starts, weighted: bool
) -> None:
    growths = np.array([growth(n, k) for n, k in counts])
    numbers = np.arange(1, len(counts) + 1)
    weights = np.array(prior(LIMIT)) if weighted else np.full(BETS, 1.0 / BETS)
    first = float(begin(numbers, growths)[0][0].min())
    assert first >= 0.5
    monitored = monitor.log_evidence(numbers, growths, weights, begin)
    for t, found in enumerate(monitored, 1):
        so_far = cumulative.log_mean(cumulative.log_wealth(growths[:t].tolist()), weights.tolist())
        assert found >= so_far + math.log(first) - 1e-9


# 4. At the limit the evidence is one on average, exactly. (Whole streams: test_checks_evidence_exact.)


@given(st.integers(100, 999_900), st.integers(1, 60), both_directions)
def test_every_bet_is_fair_at_the_limit(millionths: int, n: int, direction: str) -> None:
    limit = millionths / 1e6
    of = gate(limit=limit, direction=direction)
    means = {"breach": [0.0] * BETS, "passing": [0.0] * BETS}
    for k in range(n + 1):
        chance = math.comb(n, k) * limit**k * (1.0 - limit) ** (n - k)
        made = window_growth(coins(n, k), of)
        for side, gained in (("breach", made.breach), ("passing", made.passing)):
            means[side] = [mean + chance * math.exp(g) for mean, g in zip(means[side], gained, strict=True)]
    assert means["breach"] == pytest.approx([1.0] * BETS, rel=1e-10)
    assert means["passing"] == pytest.approx([1.0] * BETS, rel=1e-10)


@given(st.integers(100, 999_900), st.integers(0, 10**6))
def test_every_bet_is_fair_for_graded_values_with_a_mean_at_the_limit(millionths: int, low: int) -> None:
    low, limit = low * millionths // 10**6, millionths / 1e6
    high = 10**6
    above = (millionths - low) / (high - low)
    one = [window_growth([unit(value / 1e6)], gate(limit=limit)) for value in (low, high)]
    for side in ("breach", "passing"):
        gains = zip(*(getattr(made, side) for made in one), strict=True)
        means = [(1.0 - above) * math.exp(a) + above * math.exp(b) for a, b in gains]
        assert means == pytest.approx([1.0] * BETS, rel=1e-9)


# 5. A breach and a pass against the same limit.


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.3])
@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 0.5), (0.5, 0.2)])
def test_breach_and_pass_are_both_proved_at_most_as_often_as_allowed_over_every_stream(
    rate: float, alpha: float, beta: float
) -> None:
    limit, per_look, looks = 0.2, 5, 4
    worse = np.array([growth(per_look, k, limit) for k in range(per_look + 1)])
    better = np.array([growth(per_look, per_look - k, 1.0 - limit) for k in range(per_look + 1)])
    numbers, weights = np.arange(1, looks + 1), np.array(prior(limit))
    both = breach = passed = 0.0
    for chance, stream in streams(looks, per_look, rate):
        over = monitor.log_evidence(numbers, worse[list(stream)], weights).max() >= -math.log(alpha)
        within = first_pass(better[list(stream)][None], beta)[0] <= looks
        breach, passed, both = breach + chance * over, passed + chance * within, both + chance * (over and within)
    assert both <= max(alpha, beta)
    assert breach <= alpha or rate > limit
    assert passed <= beta or rate < limit


@pytest.mark.slow
@pytest.mark.parametrize("factor", [0.8, 1.0, 1.2])
def test_breach_and_pass_are_both_proved_at_most_as_often_as_allowed_in_long_streams(factor: float) -> None:
    error, runs, looks = 0.05, 300, 500
    bad = np.random.default_rng(71).binomial(200, factor * LIMIT, size=(runs, looks))
    breach = first_breach(growth_of_counts(bad, 200, LIMIT), LIMIT, error) <= looks
    better = np.stack([bad, 200 - bad], axis=-1) @ growth_per_unit([0.0, 1.0], 1.0 - LIMIT)
    passed = first_pass(better, error) <= looks
    assert np.mean(breach & passed) <= error
    assert np.mean(breach) <= error or factor > 1.0
    assert np.mean(passed) <= error or factor < 1.0


# 6. No units, no growth.


@given(st.floats(0.001, 0.999), both_directions, st.sampled_from(["session", "item", "window"]))
def test_no_units_give_no_growth(limit: float, direction: str, kind: str) -> None:
    of = gate(limit=limit, direction=direction, unit=kind)
    for units in ([], [unit(1.0, 0)], [unit(0.0, 3), unit(0.0, -3)]):
        made = window_growth(units, of)
        assert made.breach == made.passing == (0.0,) * BETS
        assert (made.units, made.scored, made.total_low, made.total_high) == (0, 0, 0, 0)
    assert log_growth([], limit, stakes(limit)) == (0.0,) * BETS


@given(st.integers(0, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), st.integers(0, 5))
def test_windows_without_units_change_no_pass(counts: tuple[int, int], empty: int) -> None:
    alone = [growth(*counts)]
    assert cumulative.log_wealth([*alone, *[(0.0,) * BETS] * empty]) == cumulative.log_wealth(alone)
