"""Candidate against control by the difference of their rates: the block e-variable with an absolute margin.

Per window, with a unit bad or not, rates p_a (control) and p_b (candidate) and the tolerated difference delta,

    growth_j = k_a ln(q_a/p_a*) + (n_a - k_a) ln((1-q_a)/(1-p_a*)) + the same for b,

where (q_a, q_b) is a pair of guesses, and (p_a*, p_b*) with p_b* = p_a* + delta the pair of the null that is nearest
to it in Kullback-Leibler divergence, each arm weighted by its units. BREACH: null p_b <= p_a + delta, q_a = typical
and q_b = (typical + delta) with its odds raised by 1.15 to 8. PASS: null p_b >= p_a + delta, which is the first with
the arms exchanged and margin -delta, and q_b with its odds lowered by as much.

Assumptions: within a window the units are independent given the past; the number of units of each arm does not depend
on how they turn out. Units of one arm may differ: p_a and p_b are their averages in the window.

Proof. Let f_a, f_b be the factors of one unit, whose expectations are linear in its rate. The null is convex and (p_a*,
p_b*) is the nearest point of it, so the first-order condition gives n_a E[f_a] + n_b E[f_b] <= n_a + n_b for every
(p_a, p_b) of the null. By AM-GM the expectation of the window's factor, the product over its units, is at most
((n_a E[f_a] + n_b E[f_b]) / (n_a + n_b))^(n_a + n_b) <= 1, for any sizes of the arms.

What a pass says when rates move. The guesses are fixed by configuration and never learned. Where the arms keep their
shares, the nearest pair is the same in every window, and AM-GM over all units carries the proof to the averages: the
pass speaks of the average difference so far, although rates moved. Where the shares move, it refutes only that the
difference is at least delta in every window. A wrong guess of `typical` costs time, never validity.

Sources: Turner, Ly and Gruenwald 2021 (arXiv 2106.02693); Turner and Gruenwald 2023 (2302.11401) for the margin.
Estimate: Mantel-Haenszel risk difference. Interval: Howard et al. 2021, theorem 4 (empirical Bernstein).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from checks.evidence.arms.counts import ArmCounts, checked
from checks.evidence.bets import BETS
from checks.evidence.formulas import mixtures
from warehouse.records.errors import CheckError

Floats = NDArray[np.floating[Any]]

_SMALLEST, _LARGEST = 1.15, 8.0
_STEPS = 200
_SETTLED = 1e-13
_LEAST = 1e-9
_BEST_AT = 50.0
"""The sum of squares at which the interval is tightest: about 50 bad units in the smaller arm."""


def log_growth(counts: ArmCounts, delta: float, typical: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The growths (ln) of the 16 bets that the margin is exceeded, and of the 16 that it is kept, in one window.

    `typical` is the control's usual rate. Zeros for a window in which an arm has no units: it compares nothing. (A
    candidate without control can look good or bad only against the guess, which must not decide.)

    Raises:
        CheckError: `typical` or `typical + delta` is not inside (0, 1).
    """
    n_a, k_a, n_b, k_b = counts.n_control, counts.k_control, counts.n_candidate, counts.k_candidate
    above, below = guesses(typical, delta)
    if n_a == 0 or n_b == 0:
        return (0.0,) * BETS, (0.0,) * BETS
    q_b = np.array(above + below)
    p = nearest(n_a, n_b, typical, q_b, delta)
    growth = (_gain(n_a, k_a, typical, p) + _gain(n_b, k_b, q_b, p + delta)).tolist()
    return tuple(growth[:BETS]), tuple(growth[BETS:])


@lru_cache(maxsize=256)
def guesses(typical: float, delta: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The candidate's guessed rates: 16 above `typical + delta`, ascending, and 16 below it, descending.

    Raises:
        CheckError: `typical` or `typical + delta` is not inside (0, 1).
    """
    edge = typical + delta
    if not all(_LEAST <= rate <= 1.0 - _LEAST for rate in (typical, edge)):
        raise CheckError(
            f"The control's typical rate is {typical:g} and the tolerated difference {delta:g}, but the rate and their "
            f"sum must lie between 0 and 1, at least {_LEAST:g} inside. Change `typical` or the limit of the gate."
        )
    factors = [float(x) for x in np.geomspace(_SMALLEST, _LARGEST, BETS)]
    above = tuple(edge * r / (1.0 - edge + edge * r) for r in factors)
    below = tuple(edge / (edge + (1.0 - edge) * r) for r in factors)
    return above, below


def nearest(n_a: int, n_b: int, q_a: float, q_b: Floats, delta: float) -> Floats:
    """The control's rate p of the pair (p, p + delta) that is nearest to each (q_a, q_b).

    It is the root of the slope n_a (p - q_a) / (p (1 - p)) + n_b (s - q_b) / (s (1 - s)) with s = p + delta, which lies
    between q_a and q_b - delta and rises with p: Newton's steps, halving where one leaves what is left of the range.
    """
    least, most = max(0.0, -delta), min(1.0, 1.0 - delta)
    low = np.clip(np.minimum(q_a, q_b - delta), least, most)
    high = np.clip(np.maximum(q_a, q_b - delta), least, most)
    p = (n_a * q_a + n_b * (q_b - delta)) / (n_a + n_b)
    p = np.where((p > low) & (p < high), p, (low + high) / 2.0)
    for _ in range(_STEPS):
        s = p + delta
        slope = n_a * (p - q_a) / (p * (1.0 - p)) + n_b * (s - q_b) / (s * (1.0 - s))
        low, high = np.where(slope < 0.0, p, low), np.where(slope > 0.0, p, high)
        curve = n_a * (q_a / p**2 + (1.0 - q_a) / (1.0 - p) ** 2) + n_b * (q_b / s**2 + (1.0 - q_b) / (1.0 - s) ** 2)
        step = p - slope / curve
        moved = np.where((step >= low) & (step <= high), step, (low + high) / 2.0)
        settled = (slope == 0.0) | (np.abs(moved - p) <= _SETTLED * p)
        p = np.where(slope == 0.0, p, moved)
        if settled.all():
            break
    return p


def _gain(n: int, k: int, q: Floats | float, p: Floats) -> Floats:
    return np.asarray(k * np.log(q / p) + (n - k) * (np.log1p(-np.asarray(q)) - np.log1p(-p)))


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
    """The ln block e-value of one pair of guesses in (0, 1), and its nearest pair of the null."""
    p = nearest(n_control, n_candidate, q_control, np.array([q_candidate]), margin_delta)
    log_e = _gain(n_control, k_control, q_control, p)
    log_e = log_e + _gain(n_candidate, k_candidate, q_candidate, p + margin_delta)
    return {"log_e": float(log_e[0]), "p_control": float(p[0]), "p_candidate": float(p[0]) + margin_delta}


def estimate(windows: ArrayLike) -> float | None:
    """The Mantel-Haenszel difference of rates, candidate minus control; None where no window compares the arms.

    Each window's difference has the weight n_a n_b / (n_a + n_b), so what moves both arms of a window cancels.
    """
    excess, weight, _ = _sums(windows, 0.0)
    return excess / weight if weight > 0.0 else None


def ends(windows: ArrayLike, alpha: float, beta: float, *, typical: float) -> tuple[float, float]:
    """Lower and upper end of the difference: each is ever wrong with probability at most alpha, and beta.

    It covers the average of the windows' differences with the weights of `estimate`, whatever the rates and the
    allocation do. With c = n_a/(n_a + n_b) for a candidate unit, -n_b/(n_a + n_b) for a control unit, its badness x and
    mean p, the sum S of c (x - p) and V of c^2 (x - typical)^2 make exp(l S - (-ln(1 - l) - l) V) a supermartingale for
    0 <= l < 1, because c (x - typical) >= -1 and exp(l u - (-ln(1-l) - l) u^2) <= 1 + l u there. Mixed over l by a
    gamma law it bounds S at any time by a closed form of V (`mixtures.gamma_exponential`), and the same with -S.

    Assumes what the growths assume, and that `typical` was fixed beforehand (it only decides the width). -1 and 1 where
    no window compares the arms. Not the gate's own evidence turned inside out: close to a proof the two may differ.
    """
    excess, weight, squares = _sums(windows, typical)
    if weight == 0.0:
        return -1.0, 1.0
    low, high = (_bound(squares, error) for error in (alpha, beta))
    return max(-1.0, (excess - low) / weight), min(1.0, (excess + high) / weight)


def _bound(squares: float, error: float) -> float:
    return mixtures.bound(lambda s: mixtures.gamma_exponential(s, squares, _BEST_AT, 1.0, error), error)


def _sums(windows: ArrayLike, typical: float) -> tuple[float, float, float]:
    """Sums over windows: weighted excess of bad units, weights, and weighted squares around `typical`."""
    n_a, k_a, n_b, k_b = (checked(windows)[:, i].astype(float) for i in range(4))
    n = np.maximum(n_a + n_b, 1.0)
    bad, good = (1.0 - typical) ** 2, typical**2
    squares = (n_a / n) ** 2 * (k_b * bad + (n_b - k_b) * good) + (n_b / n) ** 2 * (k_a * bad + (n_a - k_a) * good)
    sums = ((n_a * k_b - n_b * k_a) / n, n_a * n_b / n, squares)
    excess, weight, total = (math.fsum(x) for x in sums)
    return excess, weight, total
