"""When the monitor's wealth starts to bet: weights per look and bet that sum to at most one for ever.

Starts may depend on the data before the look (not on the look itself) without any loss of validity; see `monitor`.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

FIRST = 0.5
"""The share that starts at the first look: the monitor is never worse than half the cumulative process."""

_FULL = 2.0
_STEEPNESS = 4.0


class Starts(Protocol):
    """How much starts at each look that has units, and how much is kept afterwards.

    `numbers` and `growth` are those of `monitor.track`; both arrays have one row per look, and one column per bet or a
    single one for all bets. Row t uses rows of `growth` before t only. Per bet, all that has started up
    to a look and what is kept after it sum to at most 1.
    """

    def __call__(self, numbers: Numbers, growth: Floats) -> tuple[Floats, Floats]:
        """The start weights and what is kept."""


def on_suspicion(numbers: Numbers, growth: Floats) -> tuple[Floats, Floats]:
    """Half at the first look; the other half when the looks just before give a bet reason to start.

    The suspicion S of a bet is how much it would have won since its best moment to begin, which is Page's CUSUM:
    S(t) = max(S(t-1) + growth(t), 0). At each look after the first a clock advances by

        exp(-4 max(0, 2 - S(t-1))),    between exp(-8) and 1,

    and after clock time c 1/(2 sqrt(1 + c)) is kept: a start at c weighs about 1/(4 c^1.5). A bet that is far from
    winning hardly starts, so in quiet times far below the limit almost nothing is spent (at 0.6 times the limit the
    clocks stand at 1 to 10 after a thousand looks, not at a thousand), and a decline starts at full weight once it has
    moved a bet by two nats; at the price of those two. Just below the limit S is often large and the clock runs like
    a calendar. The floor of exp(-8) serves changes so large that one look proves them. A past suspicion that came to
    nothing has spent something, but no clock runs faster than the calendar.

    No horizon is needed, `numbers` is not used, and looks without units cost nothing.
    """
    # In place throughout: a fresh array for each step would cost more than the arithmetic.
    before = np.zeros_like(growth)
    np.cumsum(growth[:-1], axis=0, out=before[1:])
    suspicion = np.minimum.accumulate(before, axis=0)
    np.subtract(before, suspicion, out=suspicion)
    suspicion -= _FULL
    np.minimum(suspicion, 0.0, out=suspicion)
    suspicion *= _STEEPNESS
    ticks = np.exp(suspicion, out=suspicion)
    ticks[:1] = 0.0
    root = np.cumsum(ticks, axis=0, out=before)
    root += 1.0
    np.sqrt(root, out=root)
    last = np.vstack((np.ones_like(root[:1]), root[:-1]))
    # kept before less kept after, (1/last - 1/root) / 2, written without cancellation.
    begun = ticks
    begun *= 1.0 - FIRST
    begun /= last
    begun /= root
    last += root
    begun /= last
    begun[:1] = FIRST
    return begun, np.divide(1.0 - FIRST, root, out=root)


def by_number(horizon: int) -> Starts:
    """The published weights: 1/2 at look 1 + 1/(4 t (t+1)) + 1/(4 horizon) up to look `horizon`, whatever happens.

    The same for every bet. Looks without units spend their weights; partial sums are in closed form, so a gap of any
    length costs the same. The growths are not used.
    """

    def starts(numbers: Numbers, growth: Floats) -> tuple[Floats, Floats]:
        through = numbers.astype(np.float64)
        after = np.concatenate((np.zeros(1), through[:-1]))
        first = np.where((after < 1) & (through >= 1), FIRST, 0.0)
        early = 0.25 * (through - after) / ((after + 1) * (through + 1))
        even = 0.25 * (np.minimum(through, horizon) - np.minimum(after, horizon)) / horizon
        kept = 0.25 / (through + 1) + 0.25 * (horizon - np.minimum(through, horizon)) / horizon
        return (first + early + even)[:, None], kept[:, None]

    return starts


PUBLISHED: Starts = by_number(8760)
"""The starts of the published study, for a year of hourly looks."""

DEFAULT: Starts = on_suspicion
"""The starts of every gate."""
