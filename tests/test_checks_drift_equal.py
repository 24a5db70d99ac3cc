"""Decisions equal those of Evidently's exact statistic wherever that is sound; where they differ, noise says why.

Evidently fixes a limit for a distance: at small numbers of rows noise alone is over it. Its p-values flag moves that do
not matter when there are many. Everywhere else both must say the same.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from drift_profiles import categories, numbers

from checks.drift import evidently_adapter
from checks.drift.comparing import Pair, Rule, compare
from checks.drift.records import ColumnDrift

pytestmark = pytest.mark.slow

METHODS = {True: "wasserstein", False: "jensenshannon"}


def theirs(before: Any, now: Any, *, numeric: bool) -> tuple[float, bool]:
    """Evidently's distance by its own function, and its decision at its default limit of 0.1."""
    import pandas

    with evidently_adapter.library():
        from evidently.legacy.calculations.stattests import get_stattest
        from evidently.legacy.core import ColumnType

        left, right = pandas.Series(before), pandas.Series(now)
        kind = ColumnType.Numerical if numeric else ColumnType.Categorical
        test = get_stattest(left, right, kind, METHODS[numeric])
        found = test(left, right, kind, 0.1)
    return float(found.drift_score), bool(found.drifted)


def ours(pair: Pair, *, min_rows: int = 200) -> ColumnDrift:
    return compare([pair], Rule(min_rows=min_rows)).columns[0]


SHAPES: dict[str, Callable[[Any, int], Any]] = {
    "normal": lambda r, n: r.normal(size=n),
    "latency": lambda r, n: np.round(800 * np.exp(0.6 * r.normal(size=n)), 1),
    "tokens": lambda r, n: np.floor(600 * np.exp(0.7 * r.normal(size=n))),
    "score": lambda r, n: np.round(r.beta(2, 5, n), 4),
    "zeros": lambda r, n: np.where(r.random(n) < 0.3, 0.0, r.exponential(5, n)),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("move", [0.0, 0.03, 0.06, 0.15, 0.3, 1.0])
def test_numbers_with_enough_rows_are_judged_alike(name: str, move: float) -> None:
    random = np.random.default_rng(int(1_000 * move) + len(name))
    before, now = SHAPES[name](random, 20_000), SHAPES[name](random, 15_000)
    now = now + move * before.std()
    column = ours(numbers("x", before, now))
    distance, drifted = theirs(before, now, numeric=True)
    assert column.statistic == pytest.approx(distance, abs=1e-3, rel=5e-3)
    assert column.drifted is drifted


@pytest.mark.parametrize("kinds", [2, 5, 20, 45])
@pytest.mark.parametrize("move", [0.0, 0.1, 0.5, 1.0])
def test_categories_with_enough_rows_are_judged_alike(kinds: int, move: float) -> None:
    random = np.random.default_rng(kinds)
    shares = 1.0 / np.arange(1, kinds + 1)
    shares /= shares.sum()
    other = (1 - move) * shares + move * shares[::-1]
    before, now = (random.choice([f"v{i}" for i in range(kinds)], 20_000, p=p).tolist() for p in (shares, other))
    column = ours(categories("c", before, now))
    distance, drifted = theirs(before, now, numeric=False)
    assert column.statistic == pytest.approx(distance, abs=1e-9)
    assert column.drifted is drifted


def test_noise_of_few_rows_drifts_there_and_is_named_here() -> None:
    """Nothing changed: of 40 looks at 100 rows its distance is over the limit in most, ours never says drifted."""
    flagged = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        before, now = random.normal(size=5_000), random.normal(size=100)
        flagged += theirs(before, now, numeric=True)[1]
        assert ours(numbers("x", before, now), min_rows=50).state == "too_few"
    assert flagged > 20


def test_many_categories_of_few_rows_drift_there_and_are_named_here() -> None:
    random = np.random.default_rng(1)
    before, now = ([f"v{i}" for i in random.integers(0, 50, n)] for n in (5_000, 300))
    assert theirs(before, now, numeric=False)[1]
    assert ours(categories("c", before, now)).state == "too_few"


def test_a_p_value_flags_what_does_not_matter() -> None:
    """A fiftieth of a deviation at 200,000 rows: Kolmogorov-Smirnov at 5 % drifts, the distance does not matter."""
    import pandas

    random = np.random.default_rng(3)
    before, now = random.normal(size=200_000), random.normal(0.02, 1, 200_000)
    with evidently_adapter.library():
        from evidently.legacy.calculations.stattests import get_stattest
        from evidently.legacy.core import ColumnType

        left, right = pandas.Series(before), pandas.Series(now)
        test = get_stattest(left, right, ColumnType.Numerical, "ks")
        assert test(left, right, ColumnType.Numerical, 0.05).drifted
    assert ours(numbers("x", before, now)).state == "steady"


@pytest.mark.parametrize("rows", [5_000, 500])
def test_car_loans_are_judged_alike_wherever_there_are_enough_rows(
    shared_data: Callable[[str], Path], rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight columns of which five change at row 25,000 of the analysis, in chunks."""
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.real_streams.car_loan import CHANGE, COLUMNS
    from benchmarks.real_streams.streams import car_loan

    reference, current = car_loan(shared_data("nannyml_car_loan"), "car_loan.parquet")
    compared = unjudged = 0
    starts = (0, CHANGE - rows, CHANGE, len(current.times) - rows)
    for name, numeric in COLUMNS.items():
        before = reference.columns[name]
        for start in starts:
            now = current.columns[name][start : start + rows]
            if numeric:
                pair = numbers(name, before, now)
            else:
                pair = categories(name, [str(v) for v in before], [str(v) for v in now])
            column = ours(pair)
            distance, drifted = theirs(before, now, numeric=numeric)
            assert column.statistic == pytest.approx(distance, abs=1e-3, rel=5e-3), name
            if column.drifted is None:
                unjudged += 1
                assert column.state == "too_few", name
            else:
                compared += 1
                assert column.drifted is drifted, (name, start)
    assert compared >= 16
    assert (unjudged == 0) is (rows == 5_000)
