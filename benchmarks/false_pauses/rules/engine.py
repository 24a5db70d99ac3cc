"""The product's own engine: the monitor that gates use, the same with the published starts, and the cumulative fold."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from benchmarks.false_pauses.rules.boundaries import crossing
from benchmarks.false_pauses.setting import Integers, Setting, first
from checks.evidence import monitor
from checks.evidence.bets import prior, stakes
from checks.evidence.cumulative import log_mean
from checks.evidence.growth import log_growth
from checks.evidence.starts import DEFAULT, PUBLISHED, Starts


def ours(bad: Integers, setting: Setting) -> Integers:
    """Pauses when a gate on a rate does: starts on suspicion, bets weighted by how slow they are."""
    return _monitored(bad, setting, np.array(prior(setting.limit)), DEFAULT)


def published(bad: Integers, setting: Setting) -> Integers:
    """Pauses when the monitor with the study's start weights and evenly weighted bets reaches 1/alpha."""
    return _monitored(bad, setting, None, PUBLISHED)


def cumulative(bad: Integers, setting: Setting) -> Integers:
    """Pauses when the mean wealth of the bets over everything so far reaches 1/alpha."""

    def proves(units: int, k: int) -> bool:
        return log_mean(_growth(units, k, setting)) >= -math.log(setting.alpha)

    return crossing(bad, setting, proves)


def _growth(units: int, bad: int, setting: Setting) -> tuple[float, ...]:
    return log_growth([(1.0, bad), (0.0, units - bad)], setting.limit, stakes(setting.limit))


def _monitored(bad: Integers, setting: Setting, weights: NDArray[np.float64] | None, starts: Starts) -> Integers:
    numbers = np.arange(1, bad.shape[1] + 1)
    growth = np.array([_growth(setting.per_look, k, setting) for k in range(int(bad.max()) + 1)])
    evidence = [monitor.log_evidence(numbers, growth[run], weights, starts) for run in bad]
    return first(np.array(evidence) >= -math.log(setting.alpha))
