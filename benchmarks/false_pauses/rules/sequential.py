"""Classical sequential tests of everything so far: group-sequential, mSPRT and the beta-binomial mixture."""

from __future__ import annotations

import math

from benchmarks.false_pauses.rules.boundaries import crossing
from benchmarks.false_pauses.setting import Integers, Setting
from checks.evidence.formulas import mixtures


def obrien_fleming(bad: Integers, setting: Setting) -> Integers:
    """Pauses over one boundary for the sum, made for `setting.looks` looks.

    1.96 standard deviations of the whole horizon hold a Brownian path at 5 % (reflection); 0.5826 steps less, because
    a path that is looked at only so often overshoots by as much on average (Siegmund 1985). For alpha 5 % only.
    """
    deviation = math.sqrt(setting.looks * setting.per_look * setting.limit * (1.0 - setting.limit))
    boundary = (1.96 - 0.5826 / math.sqrt(setting.looks)) * deviation
    return crossing(bad, setting, lambda units, k: k - units * setting.limit >= boundary)


def msprt(bad: Integers, setting: Setting) -> Integers:
    """Pauses when a one-sided normal mixture of likelihood ratios reaches 1/alpha (Robbins 1970; Johari et al. 2017).

    Tightest at a tenth of the horizon. Normal, so valid for large counts only.
    """
    variance = setting.limit * (1.0 - setting.limit)
    rho = mixtures.best_rho(_typical(setting) * variance, 2.0 * setting.alpha)

    def proves(units: int, k: int) -> bool:
        score, spread = k - units * setting.limit, units * variance + rho
        inside = 0.5 * math.erfc(-score / math.sqrt(2.0 * spread))
        log_e = 0.5 * math.log(rho / spread) + score**2 / (2.0 * spread) + math.log(2.0 * inside)
        return score > 0.0 and log_e >= -math.log(setting.alpha)

    return crossing(bad, setting, proves)


def beta_binomial(bad: Integers, setting: Setting) -> Integers:
    """Pauses when the one-sided beta-binomial mixture, tightest at a tenth of the horizon, reaches 1/alpha."""

    def proves(units: int, k: int) -> bool:
        log_e = mixtures.beta_binomial(units, k, setting.limit, _typical(setting), setting.alpha, one_sided=True)
        return log_e >= -math.log(setting.alpha)

    return crossing(bad, setting, proves)


def _typical(setting: Setting) -> float:
    return setting.looks * setting.per_look / 10.0
