"""Values of past units moved to another mean, as they might be if things were better or worse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 24
"""Values are drawn from at most so many; more are joined to the means of equal groups."""

_HALVINGS = 80
_STEEPEST = 1e5


def joined(values: Sequence[tuple[float, float]]) -> tuple[Floats, Floats]:
    """At most `MOST` values, ascending, and their weights, which sum to 1; neighbours are joined to their mean.

    `values` are (value, weight), at least one with a weight above 0.
    """
    ordered = sorted((x, w) for x, w in values if w > 0.0)
    x, w = (np.array([pair[i] for pair in ordered], dtype=float) for i in (0, 1))
    w = w / w.sum()
    if len(x) <= MOST:
        return x, w
    group = np.minimum((np.cumsum(w) - w / 2.0) * MOST, MOST - 1).astype(int)
    weights, sums = (np.bincount(group, v, MOST).astype(np.float64) for v in (w, w * x))
    return sums[weights > 0.0] / weights[weights > 0.0], weights[weights > 0.0]


def reweighted(x: Floats, weights: Floats, mean: float) -> Floats:
    """Weights under which the values have that mean: as near to the old ones as can be (exponential tilting).

    `mean` lies strictly between the least and the largest value.
    """
    low, high = -_STEEPEST, _STEEPEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if tilted(x, weights, middle) @ x < mean else (low, middle)
    return tilted(x, weights, (low + high) / 2.0)


def tilted(x: Floats, weights: Floats, slope: float) -> Floats:
    """The weights times exp(slope x), brought to sum 1."""
    logs = np.log(weights) + slope * x
    made = np.exp(logs - logs.max())
    return np.asarray(made / made.sum())


def shifted(x: Floats, weights: Floats, mean: float) -> Floats:
    """The values, all moved by as much, cut off at 0 and 1, so that they have that mean (0 to 1)."""
    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if weights @ np.clip(x + middle, 0.0, 1.0) < mean else (low, middle)
    return np.clip(x + (low + high) / 2.0, 0.0, 1.0)


def with_ends(x: Floats, weights: Floats, number: float) -> tuple[Floats, Floats]:
    """The values and both ends of the scale, each end weighing as much as one more unit would."""
    more = 1.0 / (number + 2.0)
    return np.concatenate(([0.0, 1.0], x)), np.concatenate(([more, more], weights)) / (1.0 + 2.0 * more)
