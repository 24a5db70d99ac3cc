"""How much each bet grows at least in one window of which number, sum and sum of squares of badness are known.

Of n values in [0, 1] with sum S and sum of squares Q, no set lets a bet grow less than this one: S^2/Q units (a
fractional number) that all have the value c = Q/S, and the others 0. So

    sum ln(1 + stake (x - m)) >= S^2/Q ln(1 + stake (c - m)) + (n - S^2/Q) ln(1 - stake m).

Proof. f(x) = ln(1 + stake (x - m)) has a positive third derivative. Let p be the parabola that meets f at 0 and
touches it at c. The error of Hermite interpolation is f(x) - p(x) = f'''(z)/6 x (x - c)^2 >= 0 for x in [0, 1]. The
sum of p over the units depends on n, S and Q alone, and the set above has the same three and gives p = f. A process
that never exceeds a valid one is valid, so these growths may take the place of the true ones, window by window.

The bound is exact for 0/1 values and for equal ones, never below `counts.log_growth` (the least over all sets with the
same n and S), and never below Fan's inequality, which is the same parabola touching at m instead of c (Fan, Grama and
Liu 2015; in bets: Waudby-Smith and Ramdas 2024): ln(1 + stake y) >= stake y - (-ln(1 - stake a) - stake a) y^2/a^2 for
y >= -a. `fan` gives that one for reports and for values in another range.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from checks.evidence.cumulative import log_mean
from warehouse.records.errors import CheckError

_ROUNDING = 1e-9


def log_growth(n: int, total: float, squares: float, limit: float, stakes: Sequence[float]) -> tuple[float, ...]:
    """Per stake, the least growth (ln) that `n` units with that sum and sum of squares can have; zeros without units.

    Values in [0, 1], `limit` in (0, 1), every stake in [0, 1/limit). For the mirrored bets give `mirrored` sums.

    Raises:
        CheckError: no values in [0, 1] have such sums.
    """
    slack = _ROUNDING * max(1.0, total)
    if not (0.0 <= total <= n + slack and squares <= total + slack and total * total <= n * squares + n * slack):
        raise CheckError(
            f"A window was given with {n} units, sum {total:g} and sum of squares {squares:g} of their badness, which "
            "no values between 0 and 1 can have. Summarise the window again."
        )
    if total <= 0.0 or squares <= 0.0:
        return tuple(n * math.log1p(-stake * limit) for stake in stakes)
    value = min(1.0, squares / total)
    number = min(float(n), total / value)
    return tuple(
        math.fsum((number * math.log1p(stake * (value - limit)), (n - number) * math.log1p(-stake * limit)))
        for stake in stakes
    )


def mirrored(n: int, total: float, squares: float) -> tuple[int, float, float]:
    """Number, sum and sum of squares of 1 - x."""
    return n, n - total, n - 2.0 * total + squares


def fan(
    n: int, total: float, squares: float, limit: float, *, greater: bool, c: float, stakes: Sequence[float]
) -> float:
    """The ln evidence of the mean bet from n, sum and sum of squares by Fan's inequality; below that of the values.

    `greater` tells whether the bets are that values lie over `limit` (else under); no value may be on the losing side
    by more than `c`, and every stake is in [0, 1/c).
    """
    s = (total - n * limit) * (1.0 if greater else -1.0)
    v = squares - 2.0 * limit * total + n * limit * limit
    return log_mean([stake * s - (-math.log1p(-c * stake) - c * stake) / (c * c) * v for stake in stakes])
