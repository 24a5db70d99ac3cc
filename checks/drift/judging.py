"""Decides from a distance and its noise whether a column drifted; pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from checks.drift.records import ColumnDrift

LOG_2 = math.log(2)


def category_noise(before: ArrayLike, now: ArrayLike) -> float:
    """The root mean square Jensen-Shannon distance (natural logarithm) between two samples of one distribution.

    Both are rows per category. From the second-order expansion of the divergence,
    (1 - p) / 8 * (1/n + 1/m) per category; a category too rare to meet in both samples adds at most p * ln 2.
    Infinite when one side has no rows.
    """
    a, b = np.asarray(before, dtype=float), np.asarray(now, dtype=float)
    n, m = float(a.sum()), float(b.sum())
    if n == 0 or m == 0:
        return math.inf
    spread = (1 / n + 1 / m) / 8
    shares = (a + b) / (n + m)
    return math.sqrt(float(np.minimum((1 - shares) * spread, shares * LOG_2).sum()))


def numeric_noise(ordered: Sequence[float], deviation: float, n: int, m: int) -> float:
    """The Wasserstein distance over `deviation` to expect between samples of n and m rows of one distribution.

    `ordered` are the pooled values in ascending order. The expected area between two empirical distribution functions
    is sqrt(2/pi) * sqrt(1/n + 1/m) times the integral of sqrt(F (1 - F)) (normal approximation at each point).
    """
    if n == 0 or m == 0 or deviation <= 0:
        return math.inf
    size = len(ordered)
    area = math.fsum(
        (ordered[i] - ordered[i - 1]) * math.sqrt(i / size * (1 - i / size))
        for i in range(1, size)
        if ordered[i] > ordered[i - 1]
    )
    return math.sqrt(2 / math.pi) * math.sqrt(1 / n + 1 / m) * area / deviation


def judge(statistic: float, threshold: float, noise: float) -> tuple[bool | None, str]:
    """Drifted, not drifted, or None with the reason.

    With noise below half the threshold the distance decides alone. Above that, a distance under the threshold proves
    nothing and one just over it may be chance: only a distance that exceeds the threshold by twice the noise counts.
    """
    if noise <= threshold / 2:
        return statistic >= threshold, ""
    if statistic >= threshold + 2 * noise:
        return True, ""
    return None, (
        f"too few rows: without any drift samples this small lie {noise:.3f} apart, and the limit is {threshold:g}"
    )


def shares(columns: Sequence[ColumnDrift]) -> tuple[float | None, float | None, float | None]:
    """Share of drifted columns (None when one is unjudged), and its lower and upper bound; all None without columns.

    A column drifted when one of its properties did; it is unjudged when none did and one is unjudged.
    """
    by_column: dict[str, list[bool | None]] = {}
    for column in columns:
        by_column.setdefault(column.column, []).append(column.drifted)
    if not by_column:
        return None, None, None
    verdicts = [True if True in parts else None if None in parts else False for parts in by_column.values()]
    low = verdicts.count(True) / len(verdicts)
    high = low + verdicts.count(None) / len(verdicts)
    return (low if None not in verdicts else None), low, high
