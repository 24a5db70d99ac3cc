"""Betting with a stake that learns: aGRAPA (Waudby-Smith and Ramdas 2024), frozen during each look."""

from __future__ import annotations

import numpy as np

from benchmarks.false_pauses.setting import Integers, Setting, first


def agrapa(bad: Integers, setting: Setting) -> Integers:
    """Pauses when the wealth of one bettor reaches 1/alpha.

    Its stake is the excess of the mean so far over the variance plus the squared excess, between 0 and half of what
    could be lost; mean and variance begin with one unit at the limit.
    """
    m, n = setting.limit, setting.per_look
    units = n * np.arange(bad.shape[1])
    before = np.cumsum(bad, axis=1) - bad
    mean = (m + before) / (1.0 + units)
    excess = mean - m
    stake = np.clip(excess / (mean * (1.0 - mean) + excess**2), 0.0, 0.5 / m)
    growth = bad * np.log1p(stake * (1.0 - m)) + (n - bad) * np.log1p(-stake * m)
    return first(np.cumsum(growth, axis=1) >= -np.log(setting.alpha))
