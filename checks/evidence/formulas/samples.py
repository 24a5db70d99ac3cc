"""Intervals from summary statistics and from few human labels beside many of a judge; evidence about changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from checks.evidence.cumulative import log_mean


def asymptotic_interval(n: int, total: float, squares: float, alpha: float, rho: float) -> list[float]:
    """The asymptotic confidence sequence of a mean; for display only, it is not valid in small samples."""
    mean = total / n
    sd = math.sqrt((squares - n * mean * mean) / (n - 1))
    half = sd * math.sqrt((n + rho) * (math.log1p(n / rho) + 2.0 * math.log(1.0 / alpha))) / n
    return [mean - half, mean + half]


def change(batches: Sequence[tuple[int, int]], horizon: int) -> float:
    """The ln evidence that a rate changed at some look, without any reference (universal inference).

    Batches are (n, k). Both sides of a change have the prior Beta(1/2, 1/2).
    """
    logs = []
    n, k = (sum(b[i] for b in batches) for i in (0, 1))
    before_n = before_k = 0
    for j, (batch_n, batch_k) in enumerate(batches):
        weight = 0.5 * (j == 0) + 0.25 / ((j + 1) * (j + 2)) + 0.25 / horizon
        logs.append(math.log(weight) + _marginal(before_n, before_k) + _marginal(n - before_n, k - before_k))
        before_n, before_k = before_n + batch_n, before_k + batch_k
    best = math.fsum(count * math.log(count / n) for count in (k, n - k) if count)
    return log_mean(logs, [1.0] * len(logs)) - best


def _marginal(n: int, k: int) -> float:
    """The ln chance of one sequence with k of n under Beta(1/2, 1/2)."""
    return math.lgamma(k + 0.5) + math.lgamma(n - k + 0.5) - math.lgamma(n + 1.0) - math.log(math.pi)


def prediction_powered_mean(
    sums: Mapping[str, float], tuning: float | None, alpha: float, alternative: str
) -> dict[str, object]:
    """Estimate and fixed-sample interval of a mean from n labelled items and N with the judge alone (PPI, PPI++).

    `sums` holds n, N, sum_Y, sum_Y2, sum_f, sum_f2, sum_fY over the labelled and sum_fu, sum_fu2 over the rest. With
    `tuning` None the judge is weighted for least variance. For display only: not valid at every look.
    """
    from scipy.special import ndtri

    n, rest = sums["n"], sums["N"]
    y, f, fu = sums["sum_Y"] / n, sums["sum_f"] / n, sums["sum_fu"] / rest
    if tuning is None:
        joint = sums["sum_f"] + sums["sum_fu"]
        spread = (sums["sum_f2"] + sums["sum_fu2"] - joint * joint / (n + rest)) / (n + rest - 1)
        tuning = min(1.0, max(0.0, (sums["sum_fY"] / n - f * y) / ((1 + n / rest) * spread)))
    estimate = tuning * fu + y - tuning * f
    imputed = tuning**2 * (sums["sum_fu2"] / rest - fu * fu) / rest
    residual = (sums["sum_Y2"] - 2 * tuning * sums["sum_fY"] + tuning**2 * sums["sum_f2"]) / n - (y - tuning * f) ** 2
    error = math.sqrt(imputed + residual / n)
    z = float(ndtri(1 - (alpha / 2 if alternative == "two-sided" else alpha)))
    low = -math.inf if alternative == "smaller" else estimate - z * error
    high = math.inf if alternative == "larger" else estimate + z * error
    return {"estimate": estimate, "ci": [low, high]}
