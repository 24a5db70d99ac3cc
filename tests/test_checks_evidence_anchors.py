"""How often eight rules ever pause a healthy system, exactly, against the published values.

One look an hour at 500 units, 2,000 times, and one a day at 1,000 units, 365 times; the limit is 0.5 %, the system is
exactly at it or at 0.6 of it. Rules that look at every window by itself pause it for certain; rules made for repeated
looks keep their 5 %.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from exact_rules import Refutes, binomial, boundaries, ever_batch, ever_cumulative, stopped_above

from checks.evidence.cumulative import log_mean
from checks.evidence.formulas.mixtures import beta_binomial
from checks.evidence.growth import log_growth
from checks.evidence.reference import clopper_pearson

LIMIT, ALPHA = 0.005, 0.05
RATES = (LIMIT, 0.6 * LIMIT)
SETTINGS = {"hourly": (2000, 500), "daily": (365, 1000)}


def point(n: int, k: int) -> bool:
    """The rate of this look is over the limit."""
    return k > n * LIMIT


def interval(confidence: float) -> Refutes:
    """The lower Clopper-Pearson bound is over the limit."""
    return lambda n, k: clopper_pearson(n, k, confidence)["lower"] > LIMIT


def obrien_fleming(looks: int, per_look: int) -> Refutes:
    """One boundary c for the sum over sqrt(n p (1-p)) of the whole horizon, c = 1.96 - 0.5826 / sqrt(looks).

    A Brownian path ever reaches 1.96 at the horizon's scale with chance 2 (1 - Phi(1.96)) = 0.05; one looked at so
    many times overshoots by 0.5826 steps on average (Siegmund 1985), which is taken off the boundary.
    """
    sd = math.sqrt(looks * per_look * LIMIT * (1.0 - LIMIT))
    boundary = 1.96 - 0.5826 / math.sqrt(looks)
    return lambda n, k: k - n * LIMIT >= boundary * sd


def mixture(n_opt: float) -> Refutes:
    """The one-sided beta-binomial e-process, tightest at `n_opt` units."""
    return lambda n, k: beta_binomial(n, k, LIMIT, n_opt, ALPHA, one_sided=True) >= -math.log(ALPHA)


def grid(n: int, k: int) -> bool:
    """The mean of the sixteen likelihood ratios of the study, from 1.15 to 20 times the limit."""
    stakes = [float((q - LIMIT) / (LIMIT * (1.0 - LIMIT))) for q in LIMIT * np.geomspace(1.15, 20.0, 16)]
    return log_mean(log_growth([(1.0, k), (0.0, n - k)], LIMIT, stakes)) >= -math.log(ALPHA)


def chances(rule: str, looks: int, per_look: int) -> list[float]:
    """The chance of ever pausing at the limit and at 0.6 of it."""
    alone: dict[str, Refutes] = {
        "batch point estimate": point,
        "batch interval": interval(1.0 - ALPHA),
        "batch interval at alpha/T": interval(1.0 - ALPHA / looks),
    }
    so_far: dict[str, Refutes] = {
        "cumulative interval": interval(1.0 - ALPHA),
        "cumulative interval at alpha/T": interval(1.0 - ALPHA / looks),
        "O'Brien-Fleming": obrien_fleming(looks, per_look),
        "beta-binomial": mixture(looks * per_look / 10),
        "grid": grid,
    }
    if rule in alone:
        return [ever_batch(alone[rule], looks, per_look, rate) for rate in RATES]
    return ever_cumulative(so_far[rule], looks, per_look, RATES)


PUBLISHED = [
    # rule, setting, and at the limit and at 0.6 of it: the published value, and the same to six digits.
    ("batch point estimate", "hourly", "1.0000", 1.0, "1.0000", 1.0),
    ("batch point estimate", "daily", "1.0000", 1.0, "1.0000", 1.0),
    ("batch interval", "hourly", "1.0000", 1.0, "0.9998", 0.9998467),
    ("batch interval", "daily", "1.0000", 0.9999914, "0.3255", 0.3255128),
    ("batch interval at alpha/T", "hourly", "0.02291", 0.02290966, "0.0001232", 0.0001232488),
    ("batch interval at alpha/T", "daily", "0.0235", 0.02350207, "4.18e-5", 4.181402e-5),
    ("cumulative interval", "hourly", "0.4316", 0.4316484, "0.005699", 0.005699152),
    ("cumulative interval", "daily", "0.3522", 0.3522180, "0.001486", 0.001486282),
    ("cumulative interval at alpha/T", "hourly", "0.000856", 0.0008563179, "8.3e-8", 8.311504e-8),
    ("cumulative interval at alpha/T", "daily", "0.002808", 0.002808367, "1.4e-7", 1.374367e-7),
    ("O'Brien-Fleming", "hourly", "0.0509", 0.05089525, "~0", 6.918695e-58),
    ("O'Brien-Fleming", "daily", "0.05046", 0.05046107, "~0", 1.991804e-35),
    ("beta-binomial", "hourly", "0.03363", 0.03362540, "1.4e-11", 1.363712e-11),
    ("beta-binomial", "daily", "0.02916", 0.02916137, "2.0e-8", 1.963503e-8),
    ("grid", "hourly", "0.009466", 0.009466343, "3.0e-5", 3.017307e-5),
    ("grid", "daily", "0.007204", 0.007203761, "3.6e-6", 3.598528e-6),
]


def rounded_to(published: str, value: float) -> float:
    """The value with as many digits as were published, at most four decimals of a number near 1."""
    if value > 0.5:
        return round(value, len(published) - 2)
    digits = published.split("e")[0].replace(".", "").lstrip("0")
    return float(f"{value:.{len(digits)}g}")


@pytest.mark.parametrize(("rule", "setting", "at_limit", "exactly", "below", "exactly_below"), PUBLISHED)
def test_the_chance_to_ever_pause_a_healthy_system_is_the_published_one(
    rule: str, setting: str, at_limit: str, exactly: float, below: str, exactly_below: float
) -> None:
    got = chances(rule, *SETTINGS[setting])
    assert got == pytest.approx([exactly, exactly_below], rel=1e-6, abs=0.0)
    assert rounded_to(at_limit, got[0]) == float(at_limit)
    assert got[1] < 1e-30 if below == "~0" else rounded_to(below, got[1]) == float(below)


@pytest.mark.parametrize("setting", SETTINGS)
def test_only_the_rules_made_for_repeated_looks_keep_their_promise(setting: str) -> None:
    over = {rule for rule, which, _, chance, _, _ in PUBLISHED if which == setting and chance > 0.051}
    assert over == {"batch point estimate", "batch interval", "cumulative interval"}


def test_the_method_agrees_with_enumerating_every_stream() -> None:
    looks, per_look, rate = 4, 5, Fraction(3, 10)

    def stops(n: int, k: int) -> bool:
        return 2 * k > n + 1

    one = [math.comb(per_look, k) * rate**k * (1 - rate) ** (per_look - k) for k in range(per_look + 1)]
    chance = Fraction(0)
    for stream in itertools.product(range(per_look + 1), repeat=looks):
        if any(stops(t * per_look, k) for t, k in enumerate(itertools.accumulate(stream), 1)):
            chance += math.prod(one[k] for k in stream)
    bounds = boundaries(stops, looks, per_look)
    assert bounds == [4, 6, 9, 11]
    got = math.fsum(stopped_above(bounds, [binomial(per_look, float(rate))] * looks))
    assert got == pytest.approx(float(chance), rel=1e-14)


@pytest.mark.parametrize(("n", "p"), [(500, 0.003), (1000, 0.005), (60, 0.5)])
def test_the_binomial_keeps_its_digits_far_out(n: int, p: float) -> None:
    exact = Fraction(p)
    for k, chance in enumerate(binomial(n, p)):
        assert chance == pytest.approx(float(math.comb(n, k) * exact**k * (1 - exact) ** (n - k)), rel=1e-12, abs=0.0)
