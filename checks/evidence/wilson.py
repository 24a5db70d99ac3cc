"""Score limits of Wilson (1927) for a share, for one look at it: no gate rests on them."""

from __future__ import annotations

import math

Z = 1.959963984540054
"""The quantile of the normal distribution that leaves 2.5 % above it."""


def limits(share: float, n: int) -> tuple[float, float]:
    """Both ends, at 95 %, of what is behind a `share` (0 to 1) of `n` units (at least one).

    A bounded value varies at most as much as a truth value of the same mean, so for means of such values, brought to
    0 to 1, the limits are too wide rather than too narrow.
    """
    z2 = Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
