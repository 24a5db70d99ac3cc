"""What scipy and Evidently say of the single rows."""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.drift.generating import CATEGORIES, CURRENT, NUMBERS, TEXTS
from benchmarks.drift.measuring import Pinned
from checks.drift import distances
from checks.drift.records import DriftReport
from warehouse.records.profiles import Profile, Scheme
from warehouse.store import Warehouse

LIMIT = 0.1
MANY = "customer"
"""The column that Evidently's report cannot take: its time grows with the square of the categories."""

Sides = tuple[Any, Any]


def rows(warehouse: Warehouse, scheme: Scheme) -> Sides:
    """The values of one column on both days, as numpy arrays; lengths of texts, buckets of hashed values."""
    value = scheme.column
    if scheme.part == "length":
        value = f"length({scheme.column})"
    elif scheme.kind == "bucket":
        value = f"(hash({scheme.column}) >> 52)::INTEGER"
    found = [
        warehouse.connection.execute(
            f"SELECT {value} AS x FROM events_answers WHERE (occurred_at >= $current) = $now",
            {"current": CURRENT, "now": now},
        ).fetchnumpy()["x"]
        for now in (False, True)
    ]
    return np.ma.getdata(found[0]), np.ma.getdata(found[1])


def errors(warehouse: Warehouse, pinned: Pinned, report: DriftReport, current: list[Profile]) -> dict[str, float]:
    """By distance, the largest difference from the exact value over all columns."""
    largest: dict[str, float] = {}
    told = {column.name: column for column in report.columns}
    for scheme, before, now in zip(pinned.schemes, pinned.profiles, current, strict=True):
        exact = _exact(scheme, before, now, rows(warehouse, scheme))
        for method, value, _ in told[scheme.name].distances:
            largest[method] = max(largest.get(method, 0.0), abs(value - exact[method]))
    return largest


def _exact(scheme: Scheme, before: Profile, now: Profile, sides: Sides) -> dict[str, float]:
    from scipy.stats import ks_2samp, wasserstein_distance

    left, right = sides
    if scheme.kind != "number":
        names = scheme.values if scheme.kind == "category" else range(scheme.buckets)
        place = {name: i for i, name in enumerate(names)}
        counts = [_counted(side, place) for side in sides]
        return _of_counts(counts[0], counts[1])
    left, right = left.astype(float), right.astype(float)
    found = _of_counts(*_tenths(scheme, before, now, left, right))
    found["wasserstein"] = float(wasserstein_distance(left, right) / left.std())
    found["kolmogorov"] = float(ks_2samp(left, right, method="asymp").statistic)
    return found


def _counted(side: Any, place: dict[Any, int]) -> Any:
    values, counts = np.unique(side, return_counts=True)
    found = np.zeros(len(place) + 1)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        found[place.get(value, len(place))] += count
    return found


def _tenths(scheme: Scheme, before: Profile, now: Profile, left: Any, right: Any) -> tuple[Any, Any]:
    """Rows between the values at which the tenths of the profile begin."""
    sides = distances.tenths(before.counts, now.counts)
    ends = np.cumsum(sides[0])[:-1]
    below = np.cumsum(before.counts)
    cuts = np.array([scheme.cuts[int(np.searchsorted(below, end, side="left"))] for end in ends])
    edges = (cuts - 0.5 - scheme.offset) / scheme.scale
    edges = np.exp(edges) if scheme.logarithmic else edges
    counted = [
        np.bincount(np.searchsorted(edges, side, side="right"), minlength=len(cuts) + 1) for side in (left, right)
    ]
    return counted[0].astype(float), counted[1].astype(float)


def _of_counts(left: Any, right: Any) -> dict[str, float]:
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import chi2_contingency

    kept = (left + right) > 0
    table = np.vstack([left[kept], right[kept]])
    p, q = left / left.sum(), right / right.sum()
    floored = np.maximum(p, distances.FLOOR), np.maximum(q, distances.FLOOR)
    statistic = float(chi2_contingency(table, correction=False).statistic) if kept.sum() > 1 else 0.0
    return {
        "jensenshannon": float(jensenshannon(p, q)),
        "psi": float(np.sum((floored[1] - floored[0]) * np.log(floored[1] / floored[0]))),
        "chisquare": math.sqrt(statistic / table.sum()),
        "total_variation": float(np.abs(p - q).sum() / 2),
    }


def evidently_decisions(warehouse: Warehouse, pinned: Pinned) -> dict[str, bool]:
    """Evidently's decision per column by its default statistic and limit of large references, by its own functions."""
    import pandas

    found = {}
    with _library():
        from evidently.legacy.calculations.stattests import get_stattest
        from evidently.legacy.core import ColumnType

        for scheme in pinned.schemes:
            numeric = scheme.kind == "number"
            kind = ColumnType.Numerical if numeric else ColumnType.Categorical
            left, right = (pandas.Series(side) for side in rows(warehouse, scheme))
            test = get_stattest(left, right, kind, "wasserstein" if numeric else "jensenshannon")
            found[scheme.name] = bool(test(left, right, kind, LIMIT).drifted)
    return found


def frames(warehouse: Warehouse, *, without: str = MANY) -> Sides:
    """Both days as data frames with the lengths of the texts, for tools that need them; not timed."""
    names = [name for name in (*NUMBERS, *CATEGORIES) if name != without]
    columns = ", ".join([*names, *(f"length({text}) AS {text}" for text in TEXTS)])
    before, now = (
        warehouse.connection.execute(
            f"SELECT {columns} FROM events_answers WHERE (occurred_at >= $current) = $now",
            {"current": CURRENT, "now": now},
        ).df()
        for now in (False, True)
    )
    return before, now


def evidently_seconds(sides: Sides) -> tuple[float, float]:
    """Seconds that Evidently's report of drift takes with its defaults, by the clock and of the processor.

    The library and the rows are loaded before.
    """
    with _library():
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset

        categories = [name for name in CATEGORIES if name in sides[0]]
        numbers = [name for name in sides[0] if name not in categories]
        roles = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
        before, now = (Dataset.from_pandas(side, roles) for side in sides)
        report = Report([DataDriftPreset()])
        wall, cpu = time.perf_counter(), time.process_time()
        report.run(now, before).dict()
        return time.perf_counter() - wall, time.process_time() - cpu


@contextmanager
def _library() -> Iterator[None]:
    os.environ.setdefault("DO_NOT_TRACK", "1")
    with warnings.catch_warnings():
        # It and what it imports warn of deprecated names.
        warnings.simplefilter("ignore")
        yield
