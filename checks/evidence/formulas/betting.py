"""Confidence sequences of a bounded mean with predictable stakes (Waudby-Smith and Ramdas 2024), for display.

The stakes learn from the data, so unlike the gate's own interval they speak of a mean that does not move.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def _stakes(x: Floats, alpha: float) -> Floats:
    """The stake on each value, from what came before it."""
    t = np.arange(1, len(x) + 1)
    means = (0.5 + np.cumsum(x)) / (t + 1)
    variances = (0.25 + np.cumsum((x - means) ** 2)) / (t + 1)
    before = np.concatenate(([0.25], variances[:-1]))
    return np.asarray(np.sqrt(2 * math.log(2 / alpha) / (before * t * np.log1p(t))))


def empirical_bernstein(values: Sequence[float], alpha: float, truncation: float) -> dict[str, float]:
    """The predictable plug-in empirical Bernstein interval after the last value, clipped to [0, 1]."""
    x = np.asarray(values)
    ends = _bernstein_end(x, alpha, truncation), 1.0 - _bernstein_end(1.0 - x, alpha, truncation)
    return {"lower": max(0.0, ends[0]), "upper": min(1.0, ends[1])}


def _bernstein_end(x: Floats, alpha: float, truncation: float) -> float:
    """The lower end, wrong with probability at most alpha/2; the mean so far, 0 before the first, is the guess."""
    stake = np.minimum(_stakes(x, alpha), truncation)
    guess = np.concatenate(([0.0], np.cumsum(x)[:-1] / np.arange(1, len(x))))
    cost = np.sum((x - guess) ** 2 * (-np.log1p(-stake) - stake))
    return float((np.sum(stake * x) - math.log(2 / alpha) - cost) / np.sum(stake))


def hedged(values: Sequence[float], alpha: float, breaks: int, truncation: float, theta: float) -> dict[str, float]:
    """The hedged capital interval after the last value, on a grid of `breaks` steps.

    A mean is outside once the larger of the two shares, theta of the capital that bets on more and 1 - theta of that
    which bets on less, is 1/alpha.
    """
    x = np.asarray(values)
    stake = _stakes(x, alpha)
    kept = [m for m in np.arange(breaks + 1) / breaks if not _refuted(x, stake, float(m), alpha, truncation, theta)]
    return {"lower": float(min(kept)), "upper": float(max(kept))}


def _refuted(x: Floats, stake: Floats, m: float, alpha: float, truncation: float, theta: float) -> bool:
    more = np.minimum(stake, truncation / m if m > 0 else np.inf)
    less = np.minimum(stake, truncation / (1 - m) if m < 1 else np.inf)
    up = float(np.sum(np.log1p(more * (x - m)))) + math.log(theta)
    down = float(np.sum(np.log1p(-less * (x - m)))) + math.log(1 - theta)
    return max(up, down) >= math.log(1 / alpha)
