"""The start-mixture monitor: evidence that the limit is exceeded from some look on. BREACH rests on it.

At every look a little wealth, fixed in advance, starts to bet; what has not started yet is kept:

    R_j(t) = exp(growth_j(t)) (R_j(t-1) + w_t),    E(t) = mean_j R_j(t) + 1 - (w_1 + ... + w_t)

E is a nonnegative supermartingale that starts at 1 as long as the epoch is healthy, so it ever reaches 1/alpha with
probability at most alpha (Ville). Unlike the cumulative process it does not lose, over a long healthy time, the wealth
that it needs when things turn bad. It is Shiryaev-Roberts with start weights that sum to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Looks = Sequence[tuple[int, Sequence[float]]]
"""Looks that had units, ascending: the number of the look, counting from 1, and the growth of each bet."""


@dataclass(frozen=True, slots=True)
class Track:
    """`evidence` is ln E after each look that had units; `wealth` is ln R of each bet after the last one."""

    evidence: list[float]
    wealth: tuple[float, ...]


def started(after: int, through: int, horizon: int) -> float:
    """Sum of the start weights of the looks after `after` up to and with `through`.

    w_t = 1/2 at the first look + 1/(4 t (t+1)) + 1/(4 horizon) up to look `horizon`. In closed form, so a gap of any
    length costs the same; they sum to at most 1 for ever.
    """
    first = 0.5 if after < 1 <= through else 0.0
    early = 0.25 * (through - after) / ((after + 1) * (through + 1))
    even = 0.25 * (min(through, horizon) - min(after, horizon)) / horizon
    return first + early + even


def kept(through: int, horizon: int) -> float:
    """What has not started after look `through`: 1 minus all weights up to it, computed without cancellation."""
    first = 0.5 if through < 1 else 0.0
    return first + 0.25 / (through + 1) + 0.25 * (horizon - min(through, horizon)) / horizon


def track(looks: Looks, horizon: int) -> Track:
    """The monitor's evidence along the looks.

    Looks without units are left out: nothing grows there, but their start weights are spent. Without any look the
    evidence list and the wealth are empty.
    """
    if not looks:
        return Track([], ())
    numbers = [number for number, _ in looks]
    growth = np.asarray([bets for _, bets in looks], dtype=float)
    starts = np.log([started(a, b, horizon) for a, b in zip([0, *numbers], numbers, strict=False)])
    rest = np.log([kept(number, horizon) for number in numbers])
    wealth = np.empty_like(growth)
    before = np.full(growth.shape[1], -np.inf)
    for i, start in enumerate(starts):
        before = wealth[i] = growth[i] + np.logaddexp(before, start)
    mean = np.logaddexp.reduce(wealth, axis=1) - np.log(growth.shape[1])
    return Track(np.logaddexp(mean, rest).tolist(), tuple(wealth[-1].tolist()))


def log_evidence(looks: Looks, horizon: int) -> list[float]:
    """The ln of E after each look that had units; at looks in between and afterwards it stays as it was."""
    return track(looks, horizon).evidence


def likely_start(looks: Looks, horizon: int) -> int:
    """Place in `looks` of the start that explains the evidence after the last of them best."""
    numbers = [number for number, _ in looks]
    growth = np.asarray([bets for _, bets in looks], dtype=float)
    since = np.cumsum(growth[::-1], axis=0)[::-1]
    starts = np.log([started(a, b, horizon) for a, b in zip([0, *numbers], numbers, strict=False)])
    return int(np.argmax(starts + np.logaddexp.reduce(since, axis=1)))
