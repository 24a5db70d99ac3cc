"""Exact binomial (Clopper-Pearson) lower bounds: per look, of everything so far, and of a sliding window."""

from __future__ import annotations

import numpy as np

from benchmarks.false_pauses.rules.boundaries import crossing
from benchmarks.false_pauses.setting import Integers, Setting, first


def over(units: int, bad: int, limit: float, error: float) -> bool:
    """Whether the lower bound that is wrong with probability `error` lies over the limit."""
    from scipy.special import betainc

    # The chance of at least so many bad units at the limit.
    return bad > 0 and float(betainc(bad, units - bad + 1, limit)) < error


def smallest(units: int, limit: float, error: float) -> int:
    """The smallest number of bad units whose lower bound lies over the limit."""
    return next(bad for bad in range(units + 2) if bad > units or over(units, bad, limit, error))


def each_look(bad: Integers, setting: Setting) -> Integers:
    """Pauses when the bound of one look, wrong with probability alpha, is over the limit."""
    return first(bad >= smallest(setting.per_look, setting.limit, setting.alpha))


def everything_so_far(bad: Integers, setting: Setting) -> Integers:
    """Pauses when the bound of all units so far, wrong with probability alpha at any one look, is over the limit."""
    return crossing(bad, setting, lambda units, k: over(units, k, setting.limit, setting.alpha))


def sliding_window(bad: Integers, setting: Setting) -> Integers:
    """Pauses when the bound of the last looks, wrong with probability alpha / all looks, is over the limit."""
    looks, error = bad.shape[1], setting.alpha / setting.looks
    total = np.cumsum(bad, axis=1)
    total[:, setting.window :] -= total[:, : -setting.window].copy()
    lengths = np.minimum(np.arange(1, looks + 1), setting.window)
    bounds = [smallest(int(n) * setting.per_look, setting.limit, error) for n in range(1, setting.window + 1)]
    return first(total >= np.array(bounds)[lengths - 1])
