"""Profiles of plain arrays for tests of drift: the same rules as in the warehouse, in numpy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from checks.drift import choosing
from checks.drift.comparing import Pair
from warehouse.records.profiles import Profile, Scheme

SINCE = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Column:
    """A column of a reference as `choosing` wants it."""

    column: str
    rows: int
    distinct: int
    sample: Any


def numbers(name: str, before: Any, now: Any) -> Pair:
    """A pair of numbers; NaN is a missing value."""
    before, now = np.asarray(before, dtype=float), np.asarray(now, dtype=float)
    present = before[~np.isnan(before)]
    scheme = Scheme("s", name, "", "number", SINCE, 3600, **choosing.number(present))
    return Pair(scheme, number_profile(scheme, before), number_profile(scheme, now))


def number_profile(scheme: Scheme, values: Any) -> Profile:
    missing = np.isnan(values)
    finite = values[np.isfinite(values)]
    plain = np.log(finite) if scheme.logarithmic else finite
    codes = np.rint(plain * scheme.scale + scheme.offset).astype(np.int64)
    bins = np.searchsorted(np.array(scheme.cuts), codes, side="right")
    counts = np.bincount(bins, minlength=scheme.bins).astype(int)
    worth = codes
    if scheme.logarithmic:
        worth = np.rint(np.exp((codes - scheme.offset) / scheme.scale) * scheme.unit).astype(np.int64)
    totals = np.zeros(scheme.bins, dtype=np.int64)
    np.add.at(totals, bins, worth)
    unusable = int(np.isinf(values).sum())
    return Profile(
        scheme.digest,
        len(finite),
        int(missing.sum()),
        unusable,
        tuple(counts.tolist()),
        tuple(totals.tolist()),
        sum(c * c for c in worth.tolist()),
    )


def categories(name: str, before: Sequence[str | None], now: Sequence[str | None], top: int = 50) -> Pair:
    """A pair of categories; None is a missing value."""
    counted = Counter(value for value in before if value is not None)
    values = tuple(v for v, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:top])
    scheme = Scheme("s", name, "", "category", SINCE, 3600, values=values)
    sides = []
    for side in (before, now):
        places = Counter(values.index(v) if v in values else len(values) for v in side if v is not None)
        counts = tuple(places[i] for i in range(scheme.bins))
        sides.append(Profile(scheme.digest, sum(counts), side.count(None), 0, counts, (), 0))
    return Pair(scheme, *sides)
