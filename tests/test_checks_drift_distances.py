"""Distances from profiles are those of the single rows, and what is not exact says by how much it can differ."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from drift_profiles import SINCE, categories, number_profile, numbers
from hypothesis import given
from hypothesis import strategies as st

from checks.drift import choosing, distances
from checks.drift.comparing import Pair
from warehouse.records.profiles import Scheme


def found(pair: Pair) -> dict[str, distances.Distance]:
    return {d.method: d for d in distances.of_numbers(pair.scheme, pair.before, pair.now)}


SHAPES = {
    "normal": lambda r, n: r.normal(0, 1, n),
    "far from zero": lambda r, n: r.normal(1e6, 3, n),
    "lognormal": lambda r, n: np.exp(r.normal(0, 1, n)),
    "heavy": lambda r, n: np.exp(2 * r.normal(0, 1, n)),
    "spikes": lambda r, n: np.where(r.random(n) < 0.4, 0.0, r.exponential(3, n)),
    "scores": lambda r, n: np.round(r.beta(2, 5, n), 4),
    "tokens": lambda r, n: np.floor(np.exp(5 + r.normal(0, 1, n))),
    "few values": lambda r, n: r.integers(0, 6, n).astype(float),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("moved", ["not", "shifted", "spread", "mixed"])
def test_kolmogorov_and_wasserstein_are_those_of_the_rows(name: str, moved: str) -> None:
    from scipy.stats import ks_2samp, wasserstein_distance

    random = np.random.default_rng(5)
    before, now = SHAPES[name](random, 60_000), SHAPES[name](random, 40_000)
    spread = before.std()
    if moved == "shifted":
        now = now + 0.3 * spread
    elif moved == "spread":
        now = now.mean() + 1.2 * (now - now.mean())
    elif moved == "mixed":
        now = np.where(random.random(len(now)) < 0.2, now.mean() + 2 * spread, now)
    if name in ("heavy",) and now.min() <= 0:
        now = np.abs(now) + 1e-6
    pair = numbers("x", before, now)
    mine = found(pair)
    exact = ks_2samp(before, now).statistic
    ks, area = mine["kolmogorov"], mine["wasserstein"]
    assert ks.error is not None
    assert area.error is not None
    assert ks.value - 1e-3 <= exact <= ks.value + ks.error + 1e-3, "never further than it says"
    rounding = 1e-3
    exact_area = wasserstein_distance(before, now) / spread
    assert abs(area.value - exact_area) <= area.error + rounding
    assert area.value == pytest.approx(exact_area, abs=rounding, rel=1e-2 if moved == "mixed" else 5e-3)
    if moved == "not" or (moved != "mixed" and name in ("normal", "far from zero", "lognormal", "scores")):
        # Where no value of the current rows is met far more often than near it in the reference.
        assert ks.value == pytest.approx(exact, abs=1e-3)


def test_one_value_each_is_exactly_their_distance() -> None:
    pair = numbers("x", [1.0, 2.0] * 50, [2.0, 3.0] * 50)
    assert found(pair)["wasserstein"].value == pytest.approx(2.0)
    assert found(pair)["kolmogorov"] == distances.Distance("kolmogorov", 0.5, 0.0)


def test_shares_are_compared_as_elsewhere() -> None:
    before, now = [30, 50, 20, 0], [10, 60, 20, 10]
    by = {d.method: d.value for d in distances.of_shares(before, now)}
    p, q = np.array(before) / 100, np.array(now) / 100
    assert by["total_variation"] == pytest.approx(0.2)
    assert by["psi"] == pytest.approx(
        sum((b - a) * math.log(b / a) for a, b in zip(np.maximum(p, 1e-4), np.maximum(q, 1e-4), strict=True))
    )
    assert by["jensenshannon"] ** 2 == pytest.approx(
        sum(
            (a * math.log(a / ((a + b) / 2)) if a else 0) / 2 + (b * math.log(b / ((a + b) / 2)) if b else 0) / 2
            for a, b in zip(p, q, strict=True)
        )
    )


@pytest.mark.slow
def test_shares_are_compared_as_scipy_does() -> None:
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import chi2_contingency

    random = np.random.default_rng(2)
    for _ in range(20):
        before, now = random.integers(1, 500, 12), random.integers(1, 500, 12)
        by = {d.method: d.value for d in distances.of_shares(before.tolist(), now.tolist())}
        assert by["jensenshannon"] == pytest.approx(jensenshannon(before / before.sum(), now / now.sum()), abs=1e-12)
        statistic = chi2_contingency(np.vstack([before, now]), correction=False).statistic
        assert by["chisquare"] == pytest.approx(math.sqrt(statistic / (before.sum() + now.sum())), abs=1e-12)


counts = st.lists(st.integers(0, 1_000), min_size=2, max_size=30)


@given(st.data())
def test_distances_lie_in_their_ranges_and_are_zero_for_the_same(data: st.DataObject) -> None:
    before = data.draw(counts.filter(sum))
    now = data.draw(st.lists(st.integers(0, 1_000), min_size=len(before), max_size=len(before)).filter(sum))
    for d in distances.of_shares(before, now):
        assert d.value >= 0.0
        assert d.method == "psi" or d.value <= 1.0 + 1e-12
    assert all(d.value == pytest.approx(0.0, abs=1e-7) for d in distances.of_shares(before, before))
    scheme = Scheme("s", "x", "", "number", SINCE, 3600, cuts=tuple(range(0, 5 * (len(before) - 1), 5)))
    value, error = distances.kolmogorov(scheme, before, now)
    assert 0.0 <= value <= value + error <= 1.0 + 1e-12
    left, right = distances.tenths(before, now)
    assert (sum(left), sum(right), len(left) <= 11) == (sum(before), sum(now), True)


@given(st.lists(st.integers(-2_000, 2_000), min_size=3, max_size=60), st.lists(st.integers(-2_000, 2_000), min_size=1))
def test_the_area_is_never_more_than_what_single_rows_say(before: list[int], now: list[int]) -> None:
    """Where it is not exact it is too small only by areas that cancel inside one bin."""
    scheme = Scheme("s", "x", "", "number", SINCE, 3600, cuts=tuple(range(-2_000, 2_001)))
    p, q = (number_profile(scheme, np.array(side, dtype=float)) for side in (before, now))
    spread = distances.deviation(p)
    points = sorted({*before, *now})
    area = sum(
        abs(sum(x <= a for x in before) / len(before) - sum(x <= a for x in now) / len(now)) * (b - a)
        for a, b in pairwise(points)
    )
    assert spread == pytest.approx(float(np.std(before)), abs=1e-9)
    if spread:
        assert distances.wasserstein(scheme, p, q).value * spread == pytest.approx(area, rel=1e-9, abs=1e-9)


def test_a_constant_reference_has_no_scale() -> None:
    same, other = numbers("x", [5.0] * 30, [5.0] * 9), numbers("x", [5.0] * 30, [5.0] * 8 + [9.0])
    assert distances.wasserstein(same.scheme, same.before, same.now).value == 0.0
    assert distances.wasserstein(other.scheme, other.before, other.now).value == math.inf
    assert distances.expected_area(same.scheme, same.before, same.now) == math.inf


def test_cut_points_isolate_frequent_values_and_reach_far() -> None:
    few = choosing.number(np.array([1.0, 1.0, 4.0]))
    assert few == {"scale": 1_000.0, "cuts": (1_000, 1_001, 4_000, 4_001)}
    many = choosing.number(np.random.default_rng(1).normal(size=50_000))
    assert 200 <= len(many["cuts"]) <= 255
    assert max(many["cuts"]) > 1_000 * many["scale"]
    assert choosing.number(np.array([])) == {}
    assert choosing.number(np.array([np.nan, np.inf])) == {}


def test_missing_categories_are_a_category() -> None:
    pair = categories("c", ["a"] * 80 + [None] * 20, ["a"] * 50 + [None] * 50)
    assert pair.before.missing == 20
    assert pair.now.counts == (50, 0)
