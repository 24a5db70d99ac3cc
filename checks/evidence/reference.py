"""The limit that a pinned reference gives: never its point estimate, which a stationary stream exceeds half the time.

A stream is compared with a reference period whose units were counted once and frozen. With mean badness b, the limit is

    max(upper bound of the true reference badness, wrong with probability at most `error`;  (1 + tolerance) b).

The gate then runs at alpha - error. Validity (union bound): a stream that is no worse than the reference's true
badness is paused wrongly only if the bound is wrong (`error`) or if the gate errs although the limit is right
(alpha - error), together at most alpha. The tolerance is the smallest relative change worth a page; it rules once the
reference is large.

The bound is for one fixed sample, as the reference does not grow. It supposes that its units are independent of each
other given the past, and that their number does not depend on their values. Two bounds:

* All values 0 or 1: the exact one of Clopper and Pearson (1934). With rates that differ between units it holds for
  their average (Hoeffding 1956: such a sum is less spread than the binomial).
* Graded values in [0, 1]: the largest mean that fixed bets do not refute (Waudby-Smith and Ramdas 2024). A bet
  multiplies its wealth by (1 + e (1 - x)) / (1 + e (1 - m)) for each x. If the mean is m this is 1 on average, and with
  bets fixed before the values AM-GM carries it to the average when means differ. So their mean wealth is 1/error or
  more with probability at most `error` (Markov), and the m for which it stays below are a confidence set; wealth rises
  with m, so the set is an interval. The excesses e are geometric, from the best one for the largest variance, 1/4
  (stake 2 sqrt(2 ln(1/error) / n)), upwards: which of them suits the true variance need not be known, at a price of
  about two nats. Half-width about sd sqrt(2 (ln(1/error) + 2) / n). Unlike the empirical Bernstein bound it needs no
  term in 1/n, hence is narrower below some ten thousand units, and unlike learning bets it does not depend on order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from warehouse.records.errors import CheckError

_BETS = 20
_SPREAD = 1000.0
_LARGEST_EXCESS = 1e4


@dataclass(frozen=True, slots=True)
class PinnedLimit:
    """The limit from a reference of so many units with that mean and upper bound; all but `units` are badness."""

    units: int
    mean: float
    upper: float
    limit: float


def limit(values: Sequence[tuple[float, int]], tolerance: float, error: float) -> PinnedLimit:
    """The limit from the reference's values: pairs of badness in [0, 1] and number of units that have it.

    Raises:
        CheckError: there are no units, a value is outside [0, 1], `tolerance` is not above 0, `error` is not between 0
            and 1, or the limit reaches 1, so that nothing could ever be over it.
    """
    _refuse_unusable(values, tolerance, error)
    units = sum(count for _, count in values)
    mean = math.fsum(x * count for x, count in values) / units
    found = upper(values, error)
    edge = max(found, (1.0 + tolerance) * mean)
    if edge >= 1.0:
        raise CheckError(
            f"The reference has {units} units with mean badness {mean:.3g}; with tolerance {tolerance:g} its limit "
            f"lies at {edge:.3g}, and nothing can be over 1. Take a longer reference period or a smaller tolerance."
        )
    return PinnedLimit(units, mean, found, edge)


def upper(values: Sequence[tuple[float, int]], error: float) -> float:
    """Upper bound of the mean, wrong with probability at most `error`; 1 where nothing is ruled out."""
    units = sum(count for _, count in values)
    if all(x in (0.0, 1.0) for x, _ in values):
        return clopper_pearson(units, sum(count for x, count in values if x == 1.0), 1.0 - error)["upper"]
    return _graded_upper(values, units, error)


def clopper_pearson(n: int, k: int, confidence: float) -> dict[str, float]:
    """One-sided exact bounds of a rate, `upper` and `lower`, each at `confidence`."""
    from scipy.special import betaincinv

    return {
        "upper": float(betaincinv(k + 1, n - k, confidence)) if k < n else 1.0,
        "lower": float(betaincinv(k, n - k + 1, 1.0 - confidence)) if k > 0 else 0.0,
    }


def halved(beyond: Callable[[float], bool], inside: float, outside: float) -> float:
    """A place just beyond where `beyond` turns from false (at `inside`) to true; `outside` if it turns nowhere."""
    while (middle := (inside + outside) / 2.0) not in (inside, outside) and abs(outside - inside) > 1e-12:
        inside, outside = (inside, middle) if beyond(middle) else (middle, outside)
    return outside


def _graded_upper(values: Sequence[tuple[float, int]], units: int, error: float) -> float:
    least = min(1.0, 2.0 * math.sqrt(2.0 * math.log(1.0 / error) / units))
    excess = np.geomspace(least, min(_SPREAD * least, _LARGEST_EXCESS), _BETS)
    wealth = np.array([math.fsum(count * math.log1p(e * (1.0 - x)) for x, count in values) for e in excess])

    def refuted(mean: float) -> bool:
        logs = wealth - units * np.log1p(excess * (1.0 - mean))
        return float(np.logaddexp.reduce(logs)) >= math.log(_BETS / error)

    return halved(refuted, math.fsum(x * count for x, count in values) / units, 1.0)


def _refuse_unusable(values: Sequence[tuple[float, int]], tolerance: float, error: float) -> None:
    if sum(count for _, count in values) <= 0 or any(count < 0 for _, count in values):
        raise CheckError("The reference period holds no units. Choose one in which the stream had rows.")
    if not all(0.0 <= x <= 1.0 for x, _ in values):
        raise CheckError("The reference holds a value outside the metric's range. Summarise its windows again.")
    if not (tolerance > 0.0 and math.isfinite(tolerance)):
        raise CheckError(
            f"The tolerance is {tolerance:g}, but it must be above 0: without one every large stream is over its "
            "reference. Give the smallest relative change worth a page, such as 0.2."
        )
    if not 0.0 < error < 1.0:
        raise CheckError(f"The reference's error is {error:g}, but it must lie between 0 and 1, such as alpha/2.")
