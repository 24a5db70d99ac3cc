"""NannyML's rules for one column, written again from their documentation: the package itself is not used.

The statistic of a chunk is the Jensen-Shannon distance (base 2) to the whole reference: over the reference's values if
they are categories or at most 50 and a tenth of the rows, else over bins by Doane's rule; what lies outside all of them
is one more bin. Missing values are left out. Two rules for the threshold are theirs: the constant 0.1, which is the
default for this distance, and the mean of the statistic over the reference's own chunks plus or minus three of their
standard deviations, which is the default for other statistics and for rates of missing values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.real_streams.looks import Look
from benchmarks.real_streams.streams import Values

Statistic = Callable[[Values], float]
CONSTANT = 0.1


def jensen_shannon(reference: Values) -> Statistic:
    """The distance of a chunk to this reference, in [0, 1]; nan for a chunk without values."""
    kept = _present(reference)
    binned = _bins(kept) if _continuous(kept) else _categories(kept)
    shares = binned(kept) / len(kept)

    def distance(chunk: Values) -> float:
        there = _present(chunk)
        if not len(there):
            return float("nan")
        now = binned(there) / len(there)
        return _distance(np.append(shares, 0.0), np.append(now, max(1.0 - now.sum(), 0.0)))

    return distance


def missing(chunk: Values) -> float:
    """The share of missing values."""
    return 1.0 - len(_present(chunk)) / len(chunk)


def thresholds(values: Sequence[float], deviations: float = 3.0) -> tuple[float, float]:
    """The lower and upper threshold from the statistics of the reference's chunks."""
    mean, deviation = float(np.mean(values)), float(np.std(values))
    return mean - deviations * deviation, mean + deviations * deviation


def flags(
    statistic: Statistic,
    reference: Values,
    chunks: Sequence[Look],
    current: Values,
    looks: Sequence[Look],
    deviations: float = 3.0,
) -> list[bool]:
    """Whether each look is outside so many standard deviations of the reference's own chunks."""
    low, high = thresholds([statistic(reference[chunk.rows]) for chunk in chunks], deviations)
    return [not low <= statistic(current[look.rows]) <= high for look in looks]


def constant_flags(statistic: Statistic, current: Values, looks: Sequence[Look]) -> list[bool]:
    """Whether each look is further from the reference than the constant threshold."""
    return [statistic(current[look.rows]) > CONSTANT for look in looks]


def _present(values: Values) -> Values:
    if values.dtype == object:
        kept: Values = values[np.array([value is not None and value == value for value in values])]
        return kept
    return values[~np.isnan(values)] if values.dtype.kind == "f" else values


def _continuous(values: Values) -> bool:
    if values.dtype.kind not in "fi":
        return False
    distinct = len(np.unique(values))
    return distinct > 50 or distinct / len(values) > 0.1


def _bins(reference: Values) -> Callable[[Values], NDArray[np.int64]]:
    edges = np.histogram_bin_edges(reference, bins="doane")
    return lambda values: np.histogram(values, bins=edges)[0]


def _categories(reference: Values) -> Callable[[Values], NDArray[np.int64]]:
    known = np.unique(reference.astype(str) if reference.dtype == object else reference)
    text = reference.dtype == object

    def counts(values: Values) -> NDArray[np.int64]:
        values = values.astype(str) if text else values
        return np.array([np.count_nonzero(values == value) for value in known])

    return counts


def _distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    middle = (one + other) / 2.0
    half = [_divergence(side, middle) / 2.0 for side in (one, other)]
    return float(np.sqrt(max(sum(half), 0.0)))


def _divergence(side: NDArray[np.float64], middle: NDArray[np.float64]) -> float:
    there = side > 0
    return float(np.sum(side[there] * np.log2(side[there] / middle[there])))
