"""Evidence about two arms: counts given their margins, an absolute margin, and bounded scores."""

from __future__ import annotations

import math
from collections.abc import Mapping


def conditional_2x2(n_control: int, k_control: int, n_candidate: int, k_candidate: int, theta: float) -> float:
    """The ln chance of the candidate's count given all margins, under the odds ratio `theta`."""
    k = k_control + k_candidate
    logs = {
        y: _log_choose(n_candidate, y) + _log_choose(n_control, k - y) + y * math.log(theta)
        for y in range(max(0, k - n_control), min(n_candidate, k) + 1)
    }
    top = max(logs.values())
    return logs[k_candidate] - top - math.log(math.fsum(math.exp(x - top) for x in logs.values()))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def block_ripr(
    *,
    n_control: int,
    k_control: int,
    n_candidate: int,
    k_candidate: int,
    q_control: float,
    q_candidate: float,
    margin_delta: float,
) -> dict[str, float]:
    """The ln block e-value against "candidate at most control + margin", and the projection (Turner, Grunwald)."""

    def slope(p: float) -> float:
        a, b = q_control, q_candidate
        first = n_control * ((1.0 - a) / (1.0 - p) - a / p)
        return first + n_candidate * ((1.0 - b) / (1.0 - p - margin_delta) - b / (p + margin_delta))

    low, high = max(0.0, -margin_delta), min(1.0, 1.0 - margin_delta)
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (low, middle) if slope(middle) > 0.0 else (middle, high)
    p = (low + high) / 2.0
    arms = ((n_control, k_control, q_control, p), (n_candidate, k_candidate, q_candidate, p + margin_delta))
    log_e = math.fsum(k * math.log(q / r) + (n - k) * math.log((1 - q) / (1 - r)) for n, k, q, r in arms)
    return {"log_e": log_e, "p_control": p, "p_candidate": p + margin_delta}


def pseudo_outcomes(
    *, control: Mapping[str, float], candidate: Mapping[str, float], pi: float, center_nu: float, margin_delta: float
) -> dict[str, float]:
    """Sum, sum of squares and scale of xi = (A/pi - (1-A)/(1-pi)) (Y - nu) - delta, from each arm's n, sum, sumsq."""
    arms = ((candidate, pi, 1.0), (control, 1.0 - pi, -1.0))
    s0 = math.fsum(sign * (arm["sum"] - arm["n"] * center_nu) / share for arm, share, sign in arms)
    squares = math.fsum(
        (arm["sumsq"] - 2 * center_nu * arm["sum"] + arm["n"] * center_nu**2) / share**2 for arm, share, _ in arms
    )
    n = control["n"] + candidate["n"]
    return {
        "s": s0 - n * margin_delta,
        "v": squares - 2 * margin_delta * s0 + n * margin_delta**2,
        "c": max(center_nu / pi, (1 - center_nu) / (1 - pi)) + margin_delta,
    }
