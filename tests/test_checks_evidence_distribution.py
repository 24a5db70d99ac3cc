"""Drift of a column is found when it is larger than the tolerance, and only then, whatever the reference drew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.evidence import distribution, monitor
from checks.evidence.cumulative import log_mean
from checks.evidence.distribution import BETS, Growth, OneSided, Reference
from warehouse.records.errors import CheckError

LOOKS, EPS, ERROR, ALPHA = 365, 0.05, 0.025, 0.025

tables = st.lists(st.integers(0, 400), min_size=2, max_size=7).filter(any)
kinds = st.booleans()


def usable(ordered: bool, counts: Sequence[int], eps: float, error: float) -> tuple[OneSided, ...] | None:
    try:
        return distribution.tests(Reference(ordered, tuple(counts)), eps, error)
    except CheckError:
        return None


def law(cuts: Sequence[float], shift: float) -> list[float]:
    """The shares of a standard normal, moved by `shift`, between the cuts."""
    below = [0.5 * math.erfc((shift - cut) / math.sqrt(2)) for cut in cuts]
    return np.diff([0.0, *below, 1.0]).tolist()


def drawn(rng: np.random.Generator, number: int = 10_000) -> tuple[tuple[float, ...], Reference]:
    values = [(float(x), 1) for x in rng.normal(size=number)]
    cuts = distribution.deciles(values)
    return cuts, Reference(True, distribution.binned(values, cuts))


def first_breach(rng: np.random.Generator, shift: float, rows: int, looks: int, number: int = 10_000) -> float:
    """The look at which the column is said to have drifted; infinite when it never is."""
    cuts, reference = drawn(rng, number)
    of = distribution.tests(reference, EPS, ERROR)
    windows = rng.multinomial(rows, law(cuts, shift), size=looks)
    growth = np.array([distribution.log_growth(counts.tolist(), of).breach for counts in windows])
    evidence = monitor.log_evidence(np.arange(1, looks + 1), growth)
    found = np.nonzero(evidence >= math.log(1 / ALPHA))[0]
    return float(found[0] + 1) if len(found) else math.inf


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 0.05])
@pytest.mark.parametrize("rows", [200, 1000])
def test_a_stream_within_the_tolerance_is_never_called_drifted_in_a_year(shift: float, rows: int) -> None:
    rng = np.random.default_rng(rows)
    assert [first_breach(rng, shift, rows, LOOKS) for _ in range(25)] == [math.inf] * 25


@pytest.mark.slow
@pytest.mark.parametrize(("shift", "rows", "looks"), [(0.5, 200, 2), (0.5, 1000, 1), (0.25, 200, 29), (0.25, 1000, 7)])
def test_a_real_shift_is_found_at_least_as_fast_as_in_the_study(shift: float, rows: int, looks: int) -> None:
    rng = np.random.default_rng(rows)
    assert np.median([first_breach(rng, shift, rows, 90) for _ in range(60)]) <= looks


@pytest.mark.slow
@pytest.mark.parametrize("number", [300, 3000])
def test_a_stream_exactly_at_the_tolerance_is_rarely_called_drifted_even_with_a_small_reference(number: int) -> None:
    # The largest shift that the tolerance allows: 2 Phi(s/2) - 1 = 0.05 between the two middles.
    rng, shift = np.random.default_rng(number), 0.1254
    runs = 60
    assert sum(first_breach(rng, shift, 500, 120, number) < math.inf for _ in range(runs)) / runs <= ALPHA + ERROR


@pytest.mark.slow
def test_a_stream_equal_to_the_reference_is_proved_to_be_near_it_and_a_shifted_one_is_not() -> None:
    rng = np.random.default_rng(4)
    passes = {0.0: 0, 0.2: 0}
    for shift in passes:
        for _ in range(20):
            cuts, reference = drawn(rng)
            of = distribution.tests(reference, EPS, ERROR)
            windows = rng.multinomial(1000, law(cuts, shift), size=40).tolist()
            wealth = np.cumsum([distribution.log_growth(counts, of).passing for counts in windows], axis=0)
            best = max(distribution.passing(row, len(of)) for row in wealth.tolist())
            passes[shift] += best >= math.log(20)
    assert passes == {0.0: 20, 0.2: 0}


@settings(deadline=None)
@given(kinds, tables, st.floats(0.01, 0.4), st.floats(0.001, 0.2))
def test_limits_leave_room_for_the_reference_against_either_claim(
    ordered: bool, counts: list[int], eps: float, error: float
) -> None:
    of = usable(ordered, counts, eps, error)
    if of is None:
        return
    for test in of:
        assert 0.0 <= test.least <= test.share <= test.most <= 1.0
        assert test.over is None or test.over == test.most + eps < 1.0
        assert test.within is None or test.within == test.least + eps < 1.0
        assert test.within is not None or test.over is None
    assert len(of) == (2 * (len(counts) - 1) if ordered else 2 * len(counts))


@pytest.mark.parametrize("ordered", [True, False])
def test_the_reference_covers_all_true_shares_at_once(ordered: bool) -> None:
    rng, shares, error, runs = np.random.default_rng(8), [0.5, 0.3, 0.15, 0.04, 0.01], 0.1, 300
    wrong = 0
    for _ in range(runs):
        counts = tuple(rng.multinomial(400, shares).tolist())
        of = distribution.tests(Reference(ordered, counts), 0.05, error)
        true = [sum(shares[b] for b in test.bad) for test in of]
        wrong += any(not test.least <= share <= test.most for test, share in zip(of, true, strict=True))
    assert wrong / runs <= error


@settings(deadline=None)
@given(kinds, tables, st.integers(0, 10**6))
def test_at_its_limits_every_bet_is_fair_on_average(ordered: bool, counts: list[int], seed: int) -> None:
    of = usable(ordered, counts, 0.05, 0.05)
    if of is None:
        return
    # One row: it is bad for a test with just the chance of its limit.
    bins = len(counts)
    rows = [distribution.log_growth([int(b == i) for b in range(bins)], of) for i in range(bins)]
    at = 0
    for test in of:
        if test.over is None:
            continue
        inside = rows[test.bad[0]].breach[at : at + BETS]
        outside = rows[next(b for b in range(bins) if b not in test.bad)].breach[at : at + BETS]
        for won, lost in zip(inside, outside, strict=True):
            assert test.over * math.exp(won) + (1 - test.over) * math.exp(lost) == pytest.approx(1.0)
        at += BETS
    assert at == len(rows[0].breach)


@settings(deadline=None)
@given(kinds, tables, st.lists(st.lists(st.integers(0, 300), min_size=7, max_size=7), max_size=4))
def test_windows_add_up_and_have_one_shape(ordered: bool, counts: list[int], windows: list[list[int]]) -> None:
    of = usable(ordered, counts, 0.05, 0.05)
    if of is None:
        return
    cut = [window[: len(counts)] for window in windows]
    grown = [distribution.log_growth(window, of) for window in cut]
    whole = distribution.log_growth([sum(column) for column in zip(*cut, strict=True)] or [0] * len(counts), of)
    for name in ("breach", "passing"):
        summed = [math.fsum(c) for c in zip(*(getattr(g, name) for g in grown), strict=True)]
        assert summed == pytest.approx([*getattr(whole, name)] if grown else [], abs=1e-6)
    for window in (*cut, [0] * len(counts)):
        for growth in (distribution.log_growth(window, of), distribution.window_growth(window, of)):
            assert (len(growth.breach), len(growth.passing)) == distribution.bets(of)
            assert len(growth.passing) == growth.groups * BETS
    assert set(distribution.log_growth([0] * len(counts), of).breach) == {0.0}


@settings(deadline=None)
@given(kinds, tables, st.lists(st.integers(0, 50), min_size=7, max_size=7), st.integers(1, 50), st.integers(0, 6))
def test_missing_rows_help_neither_claim(
    ordered: bool, counts: list[int], window: list[int], missing: int, place: int
) -> None:
    of = usable(ordered, counts, 0.05, 0.05)
    if of is None:
        return
    known = window[: len(counts)]
    full = list(known)
    full[place % len(known)] += missing
    for grow in (distribution.log_growth, distribution.window_growth):
        vague, sharp = grow(known, of, missing), grow(full, of)
        assert all(a <= b + 1e-9 for a, b in zip(vague.breach, sharp.breach, strict=True))
        assert all(a <= b + 1e-9 for a, b in zip(vague.passing, sharp.passing, strict=True))


def test_a_window_as_one_unit_bets_once_however_many_rows_it_has() -> None:
    of = distribution.tests(Reference(True, (500, 500)), 0.05, 0.05)
    small, large = distribution.window_growth([8, 2], of), distribution.window_growth([8000, 2000], of)
    assert small == large
    one = distribution.log_growth([1, 0], of)
    assert distribution.window_growth([1, 0], of).breach == pytest.approx(one.breach)
    assert distribution.window_growth([1, 0], of).passing == pytest.approx(one.passing)
    assert set(distribution.window_growth([0, 0], of).breach) == {0.0}


def test_nothing_is_provable_where_the_reference_is_too_small_for_the_tolerance() -> None:
    for ordered in (True, False):
        small, large = Reference(ordered, (50, 50)), Reference(ordered, (50_000, 50_000))
        assert not distribution.provable(small, 0.05, 0.025)
        assert distribution.provable(large, 0.05, 0.025)
        of = distribution.tests(small, 0.05, 0.025)
        # Even rows exactly like the reference bring no pass, however many.
        wealth = distribution.log_growth([10**7, 10**7], of).passing
        assert distribution.passing(wealth, len(wealth) // BETS) < 0.0


def test_a_pass_needs_every_test_and_the_least_rules() -> None:
    wealth = [math.log(100)] * BETS + [math.log(0.5)] * BETS
    assert distribution.passing(wealth, 2) == pytest.approx(math.log(0.5))
    assert distribution.passing(wealth[:BETS], 1) == pytest.approx(math.log(100))


def test_a_limit_at_nothing_can_never_be_proved() -> None:
    # Three rows: the first bin's true share may be 0, and with a small tolerance so is what must be proved.
    of = distribution.tests(Reference(True, (1, 2)), 1e-9, 0.5)
    growth = distribution.log_growth([0, 10**6], of)
    assert distribution.passing(growth.passing, growth.groups) <= 0.0


def test_the_distance_is_the_largest_difference_of_shares() -> None:
    reference = Reference(True, (25, 25, 25, 25))
    assert distribution.distance([50, 25, 25, 0], reference) == pytest.approx(0.25)
    assert distribution.distance([25, 25, 25, 25], reference) == 0.0
    assert distribution.distance([10, 40, 40, 10], reference) == pytest.approx(0.15)
    assert distribution.distance([10, 40, 40, 10], Reference(False, (25, 25, 25, 25))) == pytest.approx(0.15)
    assert distribution.distance([100, 0, 0, 0], Reference(False, (25, 25, 25, 25))) == pytest.approx(0.75)
    assert distribution.distance([0, 0, 0, 0], reference) is None


def interval(counts: Sequence[int], of: tuple[OneSided, ...], alpha: float = 0.05) -> tuple[float, float, Growth]:
    growth = distribution.log_growth(counts, of)
    return (*distribution.ends(growth.breach, growth.passing, sum(counts), of, alpha, alpha), growth)


@settings(deadline=None)
@given(kinds, tables, st.lists(st.integers(0, 5000), min_size=7, max_size=7), st.floats(0.01, 0.3))
def test_the_tolerance_is_outside_the_interval_exactly_when_it_is_refuted(
    ordered: bool, counts: list[int], now: list[int], eps: float
) -> None:
    of = usable(ordered, counts, eps, 0.05)
    if of is None:
        return
    low, high, growth = interval(now[: len(counts)], of)
    assert 0.0 <= low <= high <= 1.0
    found = distribution.distance(now[: len(counts)], Reference(ordered, tuple(counts)))
    assert found is None or low <= found + 1e-9
    proof = math.log(20)
    for evidence, outside in (
        (log_mean(growth.breach), low > eps),
        (distribution.passing(growth.passing, growth.groups), high < eps),
    ):
        if abs(evidence - proof) > 1e-6:
            assert (evidence > proof) == outside


def test_the_interval_narrows_around_the_distance_and_knows_nothing_without_rows() -> None:
    of = distribution.tests(Reference(True, (50_000,) * 4), 0.05, 0.025)
    ends = [interval([30 * n, 25 * n, 25 * n, 20 * n], of)[:2] for n in (1, 10, 100, 10_000)]
    widths = [high - low for low, high in ends]
    assert widths == sorted(widths, reverse=True)
    assert all(low <= 0.05 <= high for low, high in ends)
    assert widths[-1] < 0.03
    # Without rows only what the reference leaves possible: everything in its last bin.
    assert interval([0, 0, 0, 0], of)[:2] == (0.0, pytest.approx(0.7533, abs=1e-4))


@pytest.mark.slow
def test_the_interval_covers_the_distance_at_every_look() -> None:
    rng, runs, alpha, missed = np.random.default_rng(6), 60, 0.1, 0
    for _ in range(runs):
        cuts, reference = drawn(rng, 1000)
        of = distribution.tests(reference, EPS, 0.05)
        now = law(cuts, 0.3)
        true = max(abs(x) for x in accumulate(np.subtract(now, law(cuts, 0.0))[:-1]))
        counts = np.cumsum(rng.multinomial(100, now, size=40), axis=0).tolist()
        each = [interval(row, of, alpha)[:2] for row in counts]
        missed += any(not low <= true <= high for low, high in each)
    assert missed / runs <= 2 * alpha


def test_cuts_part_the_reference_about_equally_and_ties_are_merged() -> None:
    assert distribution.deciles([(float(x), 1) for x in range(100)]) == tuple(float(x) for x in range(10, 100, 10))
    assert distribution.deciles([(0.0, 90), (1.0, 5), (2.0, 5)]) == (1.0,)
    assert distribution.deciles([(1.0, 90), (0.0, 10)]) == (1.0,)
    assert distribution.deciles([(3.0, 50), (3.0, 7)]) == distribution.deciles([]) == ()
    assert distribution.deciles([(5.0, 1), (4.0, 1), (4.0, 1), (6.0, 1)], bins=2) == (5.0,)


@given(
    st.lists(st.tuples(st.integers(-50, 50).map(float), st.integers(0, 30)), max_size=40),
    st.integers(2, 12),
    st.randoms(),
)
def test_every_value_falls_into_one_bin_and_no_cut_leaves_a_side_empty(
    values: list[tuple[float, int]], bins: int, random: object
) -> None:
    cuts = distribution.deciles(values, bins)
    assert list(cuts) == sorted(set(cuts))
    assert len(cuts) < bins
    counts = distribution.binned(values, cuts)
    assert sum(counts) == sum(n for _, n in values)
    assert all(counts) or not cuts
    random.shuffle(values)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert (distribution.deciles(values, bins), distribution.binned(values, cuts)) == (cuts, counts)


def test_what_cannot_be_compared_is_refused() -> None:
    for counts in ((), (5,), (0, 0), (3, -1)):
        with pytest.raises(CheckError, match="two bins or categories"):
            distribution.tests(Reference(True, counts), 0.05, 0.025)
    for eps, error in ((0.0, 0.1), (1.0, 0.1), (0.1, 0.0), (math.nan, 0.1)):
        with pytest.raises(CheckError, match="must lie between 0 and 1"):
            distribution.tests(Reference(True, (5, 5)), eps, error)
    with pytest.raises(CheckError, match="nothing could ever drift"):
        distribution.tests(Reference(True, (5, 5)), 0.5, 0.025)
    of = distribution.tests(Reference(False, (500, 500)), 0.05, 0.025)
    for window in ([1], [1, 2, 3], [-1, 2]):
        with pytest.raises(CheckError, match="2 bins"):
            distribution.log_growth(window, of)
    for value in (math.nan, math.inf):
        with pytest.raises(CheckError, match="finite"):
            distribution.deciles([(value, 1)])
        with pytest.raises(CheckError, match="finite"):
            distribution.binned([(value, 1)], (0.0,))
