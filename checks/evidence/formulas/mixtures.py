"""Closed-form mixtures: evidence and bounds without a grid, for reports (Howard et al. 2021; Robbins 1970)."""

from __future__ import annotations

import math
from collections.abc import Callable

_LEAST_TAIL = 1e-250


def best_rho(v: float, alpha: float) -> float:
    """The mixing variance that makes a two-sided bound tightest at intrinsic time `v`."""
    return v / (2.0 * math.log(1.0 / alpha) + math.log(1.0 + 2.0 * math.log(1.0 / alpha)))


def beta_binomial(n: float, k: float, limit: float, n_opt: float, alpha_opt: float, *, one_sided: bool) -> float:
    """The ln of the beta-binomial mixture of `k` in `n` against `limit`; one-sided: that the mean is over it."""
    a, b = _prior(limit, n_opt, 2.0 * alpha_opt if one_sided else alpha_opt)
    whole = log_beta_above(a + k, b + n - k, limit) - log_beta_above(a, b, limit)
    if not one_sided:
        whole = _log_beta(a + k, b + n - k) - _log_beta(a, b)
    return whole - k * math.log(limit) - (n - k) * math.log1p(-limit)


def _prior(limit: float, n_opt: float, alpha: float) -> tuple[float, float]:
    variance = limit * (1.0 - limit)
    r = max(best_rho(n_opt * variance, alpha) - variance, 1e-3 * variance)
    return r / (1.0 - limit), r / limit


def _log_beta(a: float, b: float) -> float:
    from scipy.special import betaln

    return float(betaln(a, b))


def log_beta_above(a: float, b: float, x: float) -> float:
    """The ln of the integral of q^(a-1) (1-q)^(b-1) from `x` to 1, also where it underflows."""
    from scipy.special import betaincc

    share = float(betaincc(a, b, x))
    if share > _LEAST_TAIL:
        return math.log(share) + _log_beta(a, b)
    # The positive series (1-x)^b x^a / b 2F1(a+b, 1; b+1; 1-x): far in the tail it converges at once.
    total, term, i = 1.0, 1.0, 0
    while term > 1e-17 * total:
        term *= (a + b + i) / (b + 1.0 + i) * (1.0 - x)
        total, i = total + term, i + 1
    return b * math.log1p(-x) + a * math.log(x) - math.log(b) + math.log(total)


def bernoulli_interval(n: float, k: float, alpha: float, t_opt: float, alpha_opt: float) -> list[float]:
    """The two-sided beta-binomial confidence sequence of a rate: the limits that the mixture does not refute."""

    def refuted(p: float) -> bool:
        return beta_binomial(n, k, p, t_opt, alpha_opt, one_sided=False) >= math.log(1.0 / alpha)

    mean = k / n
    low = _edge(refuted, mean, 0.0) if k > 0 else 0.0
    high = _edge(refuted, mean, 1.0) if k < n else 1.0
    return [low, high]


def gamma_exponential(s: float, v: float, v_opt: float, c: float, alpha_opt: float) -> float:
    """The ln of the gamma-exponential mixture for a sum `s` with intrinsic time `v` and scale `c`."""
    from scipy.special import gammainc

    c2, rho = c * c, best_rho(v_opt, 2.0 * alpha_opt)
    shape, at = (v + rho) / c2, (c * s + v) / c2
    start = rho / c2 * math.log(rho / c2) - math.lgamma(rho / c2) - math.log(float(gammainc(rho / c2, rho / c2)))
    tail = math.log(float(gammainc(shape, at + rho / c2)))
    return start + math.lgamma(shape) + tail - shape * math.log(at + rho / c2) + at


def normal(s: float, v: float, v_opt: float, alpha_opt: float, *, one_sided: bool) -> float:
    """The ln of Robbins' normal mixture for a sum `s` with intrinsic time `v`."""
    from scipy.special import log_ndtr

    rho = best_rho(v_opt, 2.0 * alpha_opt if one_sided else alpha_opt)
    whole = 0.5 * math.log(rho / (v + rho)) + s * s / (2.0 * (v + rho))
    return whole + math.log(2.0) + float(log_ndtr(s / math.sqrt(v + rho))) if one_sided else whole


def bound(log_e: Callable[[float], float], alpha: float) -> float:
    """The sum at which a mixture, rising in the sum, reaches ln(1/alpha)."""
    top = 1.0
    while log_e(top) < math.log(1.0 / alpha):
        top *= 2.0
    return _edge(lambda s: log_e(s) >= math.log(1.0 / alpha), 0.0, top)


def _edge(beyond: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where `beyond` turns from false (at `inside`) to true (towards `outside`), by halving."""
    for _ in range(200):
        middle = (inside + outside) / 2.0
        if middle in (inside, outside):
            break
        inside, outside = (inside, middle) if beyond(middle) else (middle, outside)
    return inside
