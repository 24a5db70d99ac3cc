"""Chances of stopping rules, computed exactly: dynamic programming over the count of bad units, no simulation.

Every probability is a sum of products of positive numbers (no FFT, no differences), so that even 1e-11 keeps its
digits. Only what the binomial puts beyond its 1e-100 tail is left out of a step.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Refutes = Callable[[int, int], bool]
"""Whether a rule stops after `n` units of which `k` were bad."""

_TAIL = 1e-100


def binomial(n: int, p: float) -> Floats:
    """The chances of 0, 1, .. bad units among `n`, up to where they fall below 1e-100; only last bits are rounded."""
    chances = [math.exp(n * math.log1p(-p))]
    for k in range(n):
        chances.append(chances[-1] * (n - k) / (k + 1) * p / (1.0 - p))
        if k > n * p and chances[-1] < _TAIL:
            break
    return np.array(chances)


def first_refuting(refutes: Refutes, n: int, start: int = 0) -> int:
    """The smallest count >= `start` at which a rule that never un-stops with more bad units stops; n + 1 if none does.

    Found by doubling steps from `start` (the boundary of the look before is a lower bound), then by halving.
    """
    low, step = start - 1, 1
    while low + step <= n and not refutes(n, low + step):
        low, step = low + step, 2 * step
    high = min(low + step, n + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if refutes(n, middle) else (middle, high)
    return high


def boundaries(refutes: Refutes, looks: int, per_look: int) -> list[int]:
    """The count of bad units from which on the rule stops, at each look at everything so far."""
    found: list[int] = []
    for look in range(1, looks + 1):
        found.append(first_refuting(refutes, look * per_look, found[-1] if found else 0))
    return found


def stopped_above(bounds: Sequence[int], steps: Iterable[Floats]) -> Iterator[float]:
    """The chance to stop at each look: the count so far is for the first time at or above that look's bound.

    `steps` holds the law of the bad units of each look.
    """
    state = np.ones(1)
    for bound, step in zip(bounds, steps, strict=True):
        state = np.convolve(state, step)
        yield math.fsum(state[bound:])
        state = state[:bound]


def stopped_below(bounds: Sequence[int], steps: Iterable[Floats]) -> Iterator[float]:
    """The chance to stop at each look: the count so far is for the first time below that look's bound."""
    state = np.ones(1)
    for bound, step in zip(bounds, steps, strict=True):
        state = np.convolve(state, step)
        yield math.fsum(state[:bound])
        state[:bound] = 0.0


def ever(looks: int, each: float) -> float:
    """The chance that something independent from look to look, with chance `each`, happens at any of them."""
    return -math.expm1(looks * math.log1p(-each)) if each < 1.0 else 1.0


def ever_batch(refutes: Refutes, looks: int, per_look: int, rate: float) -> float:
    """The chance that a rule about each look alone ever stops."""
    bound = first_refuting(refutes, per_look)
    return ever(looks, math.fsum(binomial(per_look, rate)[bound:]))


def ever_cumulative(refutes: Refutes, looks: int, per_look: int, rates: Sequence[float]) -> list[float]:
    """For each rate, the chance that a rule about everything so far ever stops."""
    bounds = boundaries(refutes, looks, per_look)
    return [math.fsum(stopped_above(bounds, [binomial(per_look, rate)] * looks)) for rate in rates]


def look_of(chances: Sequence[float], part: float) -> int | None:
    """The look by which `part` of all streams has stopped, given the chance to stop at each; None if fewer ever do."""
    stopped = np.cumsum(chances)
    return int(np.argmax(stopped >= part)) + 1 if stopped[-1] >= part else None


def streams(looks: int, per_look: int, rate: float) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Every stream of bad units per look there can be, with its chance: (per_look + 1) ** looks of them."""
    step = [math.comb(per_look, k) * rate**k * (1.0 - rate) ** (per_look - k) for k in range(per_look + 1)]
    for stream in itertools.product(range(per_look + 1), repeat=looks):
        yield math.prod(step[k] for k in stream), stream
