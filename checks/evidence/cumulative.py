"""The cumulative process: evidence about the average over everything folded so far. PASS rests on it.

Each bet's log-wealth is the sum of its growths, and the evidence is the mean wealth of all bets. If the average badness
so far is on the wrong side of the limit, it ever reaches 1/beta with probability at most beta, whatever the rates did
in between and however often one looked (Ville's inequality; the bets being fixed, AM-GM carries it to the average).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def log_wealth(growths: Iterable[Sequence[float]]) -> tuple[float, ...]:
    """Per bet, the sum of its growths over windows: rounded once, so the same in any order. Empty without windows."""
    return tuple(math.fsum(column) for column in zip(*growths, strict=True))


def log_mean(logs: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """The ln of the weighted mean of exp(logs), uniform by default; 0 (evidence of one) for no logs at all."""
    if not logs:
        return 0.0
    weights = weights or [1.0 / len(logs)] * len(logs)
    top = max(logs)
    return top + math.log(math.fsum(w * math.exp(x - top) for x, w in zip(logs, weights, strict=True)))


def log_evidence(growths: Iterable[Sequence[float]]) -> float:
    """The ln of the evidence after all windows, in any order; 0 without windows."""
    return log_mean(log_wealth(growths))
