"""How far chance alone explains a difference of two profiles: p-values, as their natural logarithm; pure.

All are of the hypothesis that both sides are independent rows of one distribution, at this one look: they say whether a
distance is beyond sampling noise, never that it matters. Rows of one session resemble each other, which makes noise
larger than this; that is why a tolerance is always needed beside them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from checks.drift import distances
from warehouse.records.profiles import Profile

LEAST_EXPECTED = 5.0
"""Bins that would hold fewer rows of one side if nothing had changed are counted together."""

Floats = NDArray[np.float64]


def kolmogorov(distance: float, n: int, m: int) -> float:
    """The ln p of a Kolmogorov-Smirnov distance (the limit of Smirnov; on bins it errs towards chance)."""
    effective = math.sqrt(n * m / (n + m))
    x = (effective + 0.12 + 0.11 / effective) * distance
    if x > 3.0:
        return math.log(2.0) - 2.0 * x * x
    if x < 0.2:
        return 0.0
    total = 2.0 * math.fsum((-1.0) ** (k - 1) * math.exp(-2.0 * (k * x) ** 2) for k in range(1, 101))
    return math.log(min(1.0, max(total, 1e-300)))


def means(before: Profile, now: Profile) -> float:
    """The ln p of the difference of the means, two-sided (normal approximation, each side's variance)."""
    from scipy.special import log_ndtr

    error = math.sqrt(_variance(before) / before.rows + _variance(now) / now.rows)
    moved = abs(before.total / before.rows - now.total / now.rows)
    if error == 0.0:
        return 0.0 if moved == 0.0 else -math.inf
    return min(0.0, math.log(2.0) + float(log_ndtr(-moved / error)))


def numbers(distance: float, before: Profile, now: Profile) -> float:
    """The ln p of the more surprising of both tests above, doubled because there are two.

    `distance` is the Kolmogorov-Smirnov distance of both profiles.
    """
    least = min(kolmogorov(distance, before.rows, now.rows), means(before, now))
    return min(0.0, math.log(2.0) + least)


def counts(before: ArrayLike, now: ArrayLike) -> float:
    """The ln p of Pearson's chi-square of two vectors of counts, rare bins taken together."""
    a, b = np.asarray(before, dtype=float), np.asarray(now, dtype=float)
    share = min(a.sum(), b.sum()) / (a.sum() + b.sum())
    rare = (a + b) * share < LEAST_EXPECTED
    a, b = (np.append(side[~rare], side[rare].sum()) for side in (a, b))
    statistic, freedom = distances.chi_square(a, b)
    return chi_square_tail(statistic, freedom)


def chi_square_tail(statistic: float, freedom: float) -> float:
    """The ln probability of a larger chi-square; beyond double precision by Legendre's continued fraction."""
    from scipy.special import chdtrc, gammaln

    if freedom <= 0 or statistic <= 0:
        return 0.0
    plain = float(chdtrc(freedom, statistic))
    if plain > 1e-280:
        return math.log(plain)
    a, x = freedom / 2.0, statistic / 2.0
    fraction = x + 200 + 1 - a
    for k in range(100, 0, -1):
        fraction = x + 2 * k - 1 - a - k * (k - a) / fraction
    return -x + a * math.log(x) - float(gammaln(a)) - math.log(fraction)


def chi_square_tail_at(ratio: float, freedom: float) -> float:
    """The same for a chi-square over its degrees of freedom, which need not be whole."""
    return chi_square_tail(ratio * freedom, freedom)


def words(before: Profile, now: Profile) -> float:
    """The ln p of the most surprising bucket of words, times their number (Bonferroni: words of a text go together)."""
    from scipy.special import log_ndtr

    a, b = np.array(before.counts, dtype=float), np.array(now.counts, dtype=float)
    n, m = before.rows, now.rows
    pooled = (a + b) / (n + m)
    usable = np.minimum(pooled, 1.0 - pooled) * min(n, m) >= LEAST_EXPECTED
    if not usable.any():
        return 0.0
    error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m), where=usable, out=np.ones_like(pooled))
    score = np.where(usable, np.abs(a / n - b / m) / error, 0.0).max()
    return min(0.0, math.log(2.0 * len(a)) + float(log_ndtr(-score)))


def log_evidence(log_p: float) -> float:
    """The ln of the evidence of a p-value, the mixture of `checks.evidence.many.p_to_e_mixture`, for any ln p."""
    if log_p == -math.inf:
        return math.inf
    t = -log_p
    if t < 0.01:
        return math.log(0.5 + t / 6.0 + t * t / 24.0 + t**3 / 120.0)
    return t + math.log1p(-math.exp(-t) * (1.0 + t)) - 2.0 * math.log(t)


def _variance(profile: Profile) -> float:
    n = profile.rows
    return max(0, n * profile.squares - profile.total**2) / n / n
