"""A distance counts only against the noise of its samples, and an unjudged column leaves the share unknown."""

from __future__ import annotations

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.drift.judging import category_noise, judge, numeric_noise, shares
from checks.drift.records import ColumnDrift


def column(name: str, drifted: bool | None, part: str = "") -> ColumnDrift:
    return ColumnDrift(f"{name}{part}", name, "wasserstein", 0.0, 0.1, 0.0, drifted, 1, 1)


def test_with_enough_rows_the_distance_decides() -> None:
    assert judge(0.1, 0.1, 0.01) == (True, "")
    assert judge(0.0999, 0.1, 0.05) == (False, "")


def test_with_too_few_rows_only_a_distance_far_beyond_noise_counts() -> None:
    assert judge(0.9, 0.1, 0.2) == (True, "")
    drifted, reason = judge(0.3, 0.1, 0.2)
    assert drifted is None
    assert "too few rows" in reason
    assert judge(0.0, 0.1, 0.2)[0] is None, "a small distance between small samples proves nothing"


@given(st.floats(0, 2), st.floats(0.01, 1), st.floats(0, 2), st.floats(0, 2))
def test_more_noise_never_turns_unjudged_into_judged_as_not_drifted(a: float, limit: float, n: float, m: float) -> None:
    low, high = sorted((n, m))
    if judge(a, limit, low)[0] is None:
        assert judge(a, limit, high)[0] is None


def test_share_is_unknown_as_soon_as_one_column_is() -> None:
    assert shares([column("a", True), column("b", False)]) == (0.5, 0.5, 0.5)
    assert shares([column("a", True), column("b", None)]) == (None, 0.5, 1.0)
    assert shares([]) == (None, None, None)


def test_a_column_drifted_when_one_of_its_parts_did() -> None:
    assert shares([column("a", False, ".x"), column("a", True, ".y"), column("a", None, ".z")]) == (1.0, 1.0, 1.0)
    assert shares([column("a", False, ".x"), column("a", None, ".z")]) == (None, 0.0, 1.0)


def test_no_rows_are_infinite_noise() -> None:
    assert category_noise([0], [5]) == math.inf
    assert numeric_noise([1.0, 2.0], 1.0, 0, 2) == math.inf
    assert numeric_noise([1.0, 1.0], 0.0, 1, 1) == math.inf


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(300, 300), (2000, 400), (5000, 5000)])
@pytest.mark.parametrize("kind", ["normal", "lognormal", "uniform"])
def test_numeric_noise_is_the_mean_distance_of_undrifted_samples(n: int, m: int, kind: str) -> None:
    from scipy.stats import wasserstein_distance

    random = numpy.random.default_rng(7)
    draw = {"normal": random.normal, "lognormal": random.lognormal, "uniform": random.uniform}[kind]
    pairs = [(draw(size=n), draw(size=m)) for _ in range(60)]
    seen = numpy.mean([wasserstein_distance(a, b) / numpy.std(a) for a, b in pairs])
    a, b = pairs[0]
    told = numeric_noise(numpy.sort(numpy.concatenate([a, b])).tolist(), float(numpy.std(a)), n, m)
    assert told == pytest.approx(seen, rel=0.3)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(300, 300), (2000, 400), (5000, 5000)])
@pytest.mark.parametrize("categories", [2, 10, 51])
def test_category_noise_is_the_root_mean_square_distance_of_undrifted_samples(n: int, m: int, categories: int) -> None:
    from scipy.spatial.distance import jensenshannon

    random = numpy.random.default_rng(7)
    weights = 1 / numpy.arange(1, categories + 1)
    weights /= weights.sum()
    seen, told = [], []
    for _ in range(200):
        a, b = random.multinomial(n, weights), random.multinomial(m, weights)
        seen.append(jensenshannon(a / n, b / m))
        told.append(category_noise(a.tolist(), b.tolist()))
    assert numpy.mean(told) == pytest.approx(numpy.sqrt(numpy.mean(numpy.square(seen))), rel=0.15)
