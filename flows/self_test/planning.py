"""Planning: how many units planted traffic needs until a gate has to have spoken.

Reckoned from theory alone and not from the bets that are under test: per unit, no valid test of "the mean is at most
the limit" can grow faster on average than max over e of E ln(1 + e (x - limit)) (for 0/1 values that is the
Kullback-Leibler divergence), and the mixtures in use stay within a factor of it. Comparisons of two arms use the
normal approximation, (distance)^2 / (2 variance) per unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from checks.evidence.budget import share
from flows.self_test.records import MOST_ROWS, NotTestableError

MIXTURE = 1.5
"""Nats that a mixture of bets costs against the best one (`checks.evidence.plan`)."""
LATE_START = math.log(2.0) + 2.0
"""Nats that the monitor spends on not knowing when a decline began (`checks.evidence.starts`)."""
SLACK = 2.0
"""Times as many units as planned are sent: planning rules are good to some tens of percent."""
LEAST_UNITS = 40

Values = Sequence[tuple[float, float]]
"""Values in [0, 1] with their shares."""


def nats(error: float, *, late: bool, parts: int = 1) -> float:
    """The evidence (ln) that a proof at `error` costs; `late` with a start that is not known, `parts` bets together.

    The error is that of the first attempt of a release, half of which a reference may have taken.
    """
    return -math.log(error * share(1) / 2.0) + MIXTURE + (LATE_START if late else 0.0) + math.log(parts)


def mean_growth(values: Values, limit: float, *, over: bool) -> float:
    """The best growth (ln) per unit of a test that the mean lies over (or under) the limit; 0 when it does not."""
    mirrored = [(x, w) for x, w in values] if over else [(1.0 - x, w) for x, w in values]
    edge = limit if over else 1.0 - limit
    if not 0.0 < edge < 1.0 or math.fsum(x * w for x, w in mirrored) <= edge:
        return 0.0
    low, high = 0.0, 0.999 / edge
    for _ in range(80):
        third = (high - low) / 3.0
        left, right = low + third, high - third
        if _growth(mirrored, edge, left) < _growth(mirrored, edge, right):
            low = left
        else:
            high = right
    return max(0.0, _growth(mirrored, edge, (low + high) / 2.0))


def _growth(values: Values, limit: float, stake: float) -> float:
    return math.fsum(w * math.log1p(stake * (x - limit)) for x, w in values)


def odds_growth(control: float, candidate: float, share: float, ratio: float) -> float:
    """Growth per unit of a test of the odds ratio of two rates (inside 0 and 1) against a tolerated one."""
    distance = math.log(candidate / (1.0 - candidate)) - math.log(control / (1.0 - control)) - math.log(ratio)
    variance = 1.0 / (share * candidate * (1.0 - candidate)) + 1.0 / ((1.0 - share) * control * (1.0 - control))
    return distance * distance / (2.0 * variance)


def difference_growth(control: float, candidate: float, share: float, margin: float) -> float:
    """Growth per unit of a test of the difference of two rates against a margin."""
    distance = candidate - control - margin
    # A rate of 0 or 1 is not known to be one.
    spread = [max(rate * (1.0 - rate), 0.01) for rate in (candidate, control)]
    return distance * distance / (2.0 * (spread[0] / share + spread[1] / (1.0 - share)))


def units(evidence: float, growth: float, *, least: int = LEAST_UNITS, what: str) -> int:
    """How many units to send, slack included.

    Raises:
        NotTestableError: they are more than one story may have.
    """
    needed = math.inf if growth <= 0.0 else SLACK * evidence / growth
    if needed > MOST_ROWS:
        told = "any number of" if math.isinf(needed) else f"about {needed:,.0f}"
        raise NotTestableError(f"{what} would take {told} units, and a self-test sends at most {MOST_ROWS:,} rows.")
    return max(least, math.ceil(needed))
