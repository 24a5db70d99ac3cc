"""Candidate against control by their odds ratio: the exact conditional test of a two-by-two table.

Per window, with a unit bad or not, and theta the odds ratio of badness (candidate over control, 1 = alike),

    growth_j = ln P_theta_j(k_candidate | margins) - ln P_theta_0(k_candidate | margins),

P being Fisher's noncentral hypergeometric law (`noncentral`), theta_0 the tolerated odds ratio, theta_j above it for
BREACH (the candidate is worse than tolerated) and below it for PASS.

Assumptions: within a window the units are independent given the past, and those of an arm are draws from one
population with one rate; the number of units of each arm does not depend on how they turn out. (With theta_0 = 1 a
random assignment is enough, if healthy means that the candidate makes no unit worse.) Nothing is assumed about the
rates themselves or how they move: what is common to both arms (time of day, an outage) cancels, because all margins are
given. Hence no nuisance parameter, any allocation, and growths that add up.

Proof. P_theta_j / P_theta_0 rises in k_candidate for theta_j > theta_0 (monotone likelihood ratio), so its expectation
rises with the true theta and is 1 at theta_0: at most 1 for every theta <= theta_0, whatever the margins. Products over
windows are nonnegative supermartingales, also if theta moves from window to window below theta_0.

What a pass says when theta moves. With mu(theta) the candidate's expected bad units given the margins, the factor of
bet j has expectation exp(-integral of mu_t(theta_t e^s) - mu_t(theta_0 e^s) over s from ln(theta_j/theta_0) to 0).
Divided by it the bet is a martingale. So with probability 1 - beta the evidence stays below 1/beta for as long as the
sum of these integrals over the windows is not negative for any bet: a pass refutes that the candidate's expected bad
units, added up over the windows, are what the tolerated ratio gives or more. It does not speak of each window.

Sources: Fisher 1935; Wald and Ville as in `cumulative`; Mantel and Haenszel 1959 (estimate); for rare events Lindon and
Malek 2020 (arXiv 2011.03567). For a difference of rates instead see `margin`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from checks.evidence.arms.counts import ArmCounts, Windows, as_windows, checked
from checks.evidence.arms.noncentral import Floats, blocks
from checks.evidence.bets import BETS
from warehouse.records.errors import CheckError

_SMALLEST, _LARGEST = 1.15, 8.0
_PRECISION = 1e-10
_STEPS = 200
_FIRST_STEP = 0.25


def bets(theta0: float) -> tuple[float, ...]:
    """The odds ratios that BREACH bets on, ascending, from 1.15 to 8 times the tolerated one.

    Raises:
        CheckError: `theta0` is not a positive number.
    """
    return tuple(_tolerated(theta0) * factor for factor in _factors())


def passing_bets(theta0: float) -> tuple[float, ...]:
    """The odds ratios that PASS bets on, descending, from 1/1.15 to 1/8 of the tolerated one: the mirror of `bets`.

    Raises:
        CheckError: `theta0` is not a positive number.
    """
    return tuple(_tolerated(theta0) / factor for factor in _factors())


def _factors() -> list[float]:
    return [float(x) for x in np.geomspace(_SMALLEST, _LARGEST, BETS)]


def _tolerated(theta0: float) -> float:
    if not 0.0 < theta0 < math.inf:
        raise CheckError(
            f"The tolerated odds ratio is {theta0:g}, but must be above 0 (1 means no worse than the control). "
            "Change the limit of the gate."
        )
    return theta0


def log_growth(counts: ArmCounts, theta0: float, thetas: Sequence[float]) -> tuple[float, ...]:
    """The growth (ln) of the bet on each of `thetas` against `theta0` in one window.

    Zeros where the margins leave one outcome only: no units, an empty arm, nothing bad, everything bad.
    """
    return tuple(log_growths(as_windows([counts]), theta0, thetas)[0].tolist())


def log_growths(windows: ArrayLike, theta0: float, thetas: Sequence[float]) -> Floats:
    """The growth (ln) of each window (rows) and bet (columns); each row is what `log_growth` gives.

    Raises:
        CheckError: the windows are not counts of two arms, or an odds ratio is not a positive number.
    """
    array = checked(windows)
    moves = np.array([0.0, *(math.log(_tolerated(theta) / _tolerated(theta0)) for theta in thetas)])
    growth = np.zeros((len(array), len(thetas)))
    for block in blocks(array):
        excess = array[block.rows, 3] - block.least
        totals = block.log_totals(math.log(theta0) + moves)
        growth[block.rows] = excess[:, None] * moves[1:] - (totals[:, 1:] - totals[:, :1])
    return growth


def log_growth_rare(counts: ArmCounts, theta0: float, thetas: Sequence[float]) -> tuple[float, ...]:
    """The growth (ln) of each bet in one window when bad units are rare and `thetas` are ratios of rates.

    Given k bad units in all, the candidate's are Binomial(k, n_b theta / (n_a + n_b theta)) if bad units come as two
    Poisson processes (Lindon and Malek); the proof is the one above. For 0/1 units with rates p it is an approximation
    with an error of the order of p, so gates use `log_growth`; this form is for counts without a number of units that
    could be bad, where n is an exposure. Zeros for an empty arm or nothing bad.
    """
    n_a, n_b = counts.n_control, counts.n_candidate
    if n_a == 0 or n_b == 0:
        return (0.0,) * len(thetas)
    k_a, k_b = counts.k_control, counts.k_candidate
    total = n_a + n_b * _tolerated(theta0)
    return tuple(
        k_b * math.log(_tolerated(theta) / theta0) - (k_a + k_b) * math.log((n_a + n_b * theta) / total)
        for theta in thetas
    )


def estimate(windows: ArrayLike) -> float | None:
    """The Mantel-Haenszel odds ratio: common to all windows, undisturbed by what moves both arms.

    None where it is undefined or infinite: no window compares the arms, or never a bad control unit beside a good
    candidate unit.
    """
    array = checked(windows)
    n_a, k_a, n_b, k_b = (array[:, i].astype(float) for i in range(4))
    n = np.maximum(n_a + n_b, 1.0)
    above, below = float((k_b * (n_a - k_a) / n).sum()), float((k_a * (n_b - k_b) / n).sum())
    return above / below if below > 0.0 else None


def ends(windows: ArrayLike, theta0: float, alpha: float, beta: float) -> tuple[float, float]:
    """Lower and upper end of the odds ratio: each is ever wrong with probability at most alpha, and beta.

    The lower end refutes every v below it as an upper limit of theta, with the bets that lie at or above v,

        E(v) = kept(v) mean over `bets` of P_theta_j(data) / P_v(data) + (1 - kept(v)) the same over `passing_bets`,

    where a bet below v counts as 0. For each v this is evidence against "theta is at most v in every window" by the
    proof above, so the end exceeds the true theta only if E(theta) >= 1/alpha (Ville). The share kept for the gate's
    own bets is 1 for v >= theta_0, so that the end lies above theta_0 exactly when these refute theta_0, and then falls
    as (c / (c + u))^L with u = ln(theta_0 / v), c = ln 8, L = ln(1/alpha): without the other bets the end would stay
    far below theta wherever that is less than theta_0.

    All v below a refuted one are refuted. If E(v) >= 1/alpha, one ratio is as large, and its theta_j is at most c + u
    away in ln; the ln of P_v being concave in ln v, every ratio grows, as v falls, at least as v^(-L / (c + u)): no
    slower than the first share falls, while the second rises.

    The upper end mirrors it. If theta moves, the lower end lies below its largest value so far, the upper end above its
    smallest. 0 and inf where nothing is refuted. The lower end never lies above the largest bet (8 theta_0), nor the
    upper end below the smallest.

    Raises:
        CheckError: the windows are not counts of two arms, or `theta0` is not a positive number.
    """
    likelihood = _LogLikelihood(checked(windows))
    places = np.log([passing_bets(theta0), bets(theta0)])
    wealth = np.array([[likelihood.at(x) for x in side] for side in places])
    centre, low, high = math.log(theta0), -math.inf, math.inf
    if likelihood.above_least:
        low = _lower_end(likelihood.at, places[::-1], wealth[::-1], centre, alpha)
    if likelihood.below_most:
        high = -_lower_end(lambda x: likelihood.at(-x), -places, wealth, -centre, beta)
    return math.exp(low), math.exp(high)


def _lower_end(
    likelihood: Callable[[float], float], places: Floats, wealth: Floats, centre: float, error: float
) -> float:
    """The ln of the lower end; the likelihood must vanish far to the left.

    `places` are the ln of the gate's own bets, ascending, and of the others; `wealth` the ln likelihoods there.
    """
    proof, reach = -math.log(error), math.log(_LARGEST)

    def refuted(x: float, at: float) -> float:
        kept = -proof * math.log1p(max(0.0, centre - x) / reach)
        own, others = (
            float(np.logaddexp.reduce(w[p >= x], initial=-np.inf)) for p, w in zip(places, wealth, strict=True)
        )
        if kept < 0.0:
            own = float(np.logaddexp(own + kept, others + math.log(-math.expm1(kept))))
        return own - math.log(BETS) - at - proof

    high = next(float(x) for x, at in zip(places[0], wealth[0], strict=True) if refuted(x, at) < 0.0)
    step = _FIRST_STEP
    while refuted(low := high - step, likelihood(low)) < 0.0:
        high, step = low, 2.0 * step
    return _crossing(lambda x: refuted(x, likelihood(x)), low, high)


class _LogLikelihood:
    """The ln likelihood of all windows as a function of ln theta, without a constant.

    `above_least` and `below_most` tell whether any window's count lies above the least, and below the most, that its
    margins allow: where it does not, no theta is too small, or too large.
    """

    def __init__(self, windows: Windows) -> None:
        n_a, n_b, k = windows[:, 0], windows[:, 2], windows[:, 1] + windows[:, 3]
        least, most = np.maximum(0, k - n_a), np.minimum(n_b, k)
        self._excess = int((windows[:, 3] - least).sum())
        self.above_least, self.below_most = self._excess > 0, bool((windows[:, 3] < most).any())
        margins = np.stack([n_a, k, n_b, np.zeros_like(k)], axis=1)[least < most]
        # Windows with equal margins are summed up once.
        margins, times = np.unique(margins, axis=0, return_counts=True)
        self._parts = [(block, times[block.rows]) for block in blocks(margins)]

    def at(self, log_theta: float) -> float:
        place = np.array([log_theta])
        totals = (float(times @ block.log_totals(place)[:, 0]) for block, times in self._parts)
        return self._excess * log_theta - math.fsum(totals)


def _crossing(f: Callable[[float], float], low: float, high: float) -> float:
    """Where `f` turns from positive at `low` to negative at `high` (regula falsi, halving where that is slow)."""
    at_low, at_high, last = f(low), f(high), 0
    for step in range(_STEPS):
        if high - low <= _PRECISION:
            break
        middle = (low + high) / 2.0 if step % 4 == 3 else low + (high - low) * at_low / (at_low - at_high)
        value = f(middle)
        if value >= 0.0:
            low, at_low, at_high = middle, value, at_high / 2.0 if last == 1 else at_high
            last = 1
        else:
            high, at_high, at_low = middle, value, at_low / 2.0 if last == -1 else at_low
            last = -1
    return low
