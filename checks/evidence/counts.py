"""How much each bet grows in one window of which only the number of units and the sum of their badness are known.

For 0/1 values with k bad units of n this is the exact log likelihood ratio of q = m + stake m (1 - m) against the limit
m (Wald 1945), and bit for bit what `growth.log_growth` gives for the values themselves:

    k ln(1 + stake (1 - m)) + (n - k) ln(1 - stake m) = k ln(q / m) + (n - k) ln((1 - q) / (1 - m)).

For graded values in [0, 1] with sum S, k = S gives a lower bound of the true growth: ln is concave, so on [0, 1] it
lies above its chord, ln(1 + stake (x - m)) >= x ln(1 + stake (1 - m)) + (1 - x) ln(1 - stake m). A process that never
exceeds a valid one is valid, but this one takes the values to vary as much as 0/1 values could: for graded scores use
`quadratic`, which is never smaller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from warehouse.records.errors import CheckError


def log_growth(n: int, k: float, limit: float, stakes: Sequence[float]) -> tuple[float, ...]:
    """Per stake, the growth (ln) over `n` units whose badness sums to `k`; zeros without units.

    `limit` is in (0, 1), every stake in [0, 1/limit).

    Raises:
        CheckError: `k` is not between 0 and `n`.
    """
    if not 0.0 <= k <= n:
        raise CheckError(
            f"A window was given with {n} units and badness that sums to {k:g}, but the sum lies between 0 and the "
            "number of units. Summarise the window again."
        )
    return tuple(
        math.fsum((k * math.log1p(stake * (1.0 - limit)), (n - k) * math.log1p(stake * (0.0 - limit))))
        for stake in stakes
    )
