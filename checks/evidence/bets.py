"""The sixteen fixed bets with which a gate tests whether the mean badness of its units is over a limit.

A bet is an odds ratio r: it wins if the odds of badness are r times those of the limit. On one unit with badness x in
[0, 1] and a limit m in (0, 1) its wealth grows by the factor

    1 + stake (x - m) = (1 + (r - 1) x) / (1 + (r - 1) m),    stake = (r - 1) / (1 + (r - 1) m).

The stake is below 1/m for every r, so wealth is never negative, and a fair unit leaves it at 1 on average: this holds
for graded values as for 0/1 (there it is the likelihood ratio with q = m + stake m (1 - m)). The limit enters only
through the denominator: the same bets tell about any other limit, which is how `interval` finds its ends.

The bets are fixed before the first unit and never learn, because only then a pass speaks of the running average.
"""

from __future__ import annotations

import math
from functools import lru_cache

from warehouse.records.errors import CheckError

BETS = 16

_SMALLEST_EXCESS = 0.15
_LARGEST_STAKE = 0.95
_EVEN = 0.2


@lru_cache(maxsize=1024)
def odds_ratios(limit: float) -> tuple[float, ...]:
    """The odds ratios of the bets against `limit`, ascending, all above 1.

    Their excess over 1 is geometric, because the best stake is proportional to the excess of badness: from 0.15, the
    smallest change worth finding, to where 95 % of the wealth is at stake. The upper end serves units whose values
    hardly vary, such as means of long sessions; for 0/1 units it costs about one look in ten.

    Raises:
        CheckError: `limit` is not strictly between 0 and 1.
    """
    if not 0.0 < limit < 1.0:
        raise CheckError(
            f"The limit lies at {limit:g} of the metric's range, but evidence needs one strictly inside it (between 0 "
            "and 1). Move the limit, or use a gate without evidence."
        )
    largest = _LARGEST_STAKE / (1.0 - _LARGEST_STAKE) / limit
    ratio = largest / _SMALLEST_EXCESS
    return tuple(1.0 + _SMALLEST_EXCESS * ratio ** (j / (BETS - 1)) for j in range(BETS))


@lru_cache(maxsize=1024)
def stakes(limit: float) -> tuple[float, ...]:
    """The stakes of the bets against `limit`, ascending, each above 0 and below 1/limit."""
    return tuple((r - 1.0) / (1.0 + (r - 1.0) * limit) for r in odds_ratios(limit))


@lru_cache(maxsize=1024)
def prior(limit: float) -> tuple[float, ...]:
    """The weight of each bet against `limit` in the monitor, above 0 and summing to 1; the pass weighs all alike.

    Four fifths fall as 1/(excess + 1/2), one fifth is spread evenly. Where a bet is right, proof takes time in
    proportion to the logarithm of its weight, over its growth: for a small excess that is hours per nat, for a large
    one minutes. So weight goes where time is slow. The even fifth keeps the bets of units that hardly vary.

    Raises:
        CheckError: `limit` is not strictly between 0 and 1.
    """
    slow = [1.0 / (r - 0.5) for r in odds_ratios(limit)]
    total = math.fsum(slow)
    return tuple((1.0 - _EVEN) * weight / total + _EVEN / BETS for weight in slow)
