"""Where the bins of a numeric column lie, so that a reference fills them about equally, and what falls into them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from warehouse.records.errors import CheckError


def deciles(values: Sequence[tuple[float, int]], bins: int = 10) -> tuple[float, ...]:
    """Cut points that part (value, count) pairs into about equal bins, ascending; at most `bins` - 1, ties merged.

    A cut is the smallest value with at least the wanted share strictly below it (bin i holds cuts[i-1] <= x < cuts[i]).
    Values that are nearly all the same leave few cuts, a single one none.
    """
    counted: Counter[float] = Counter()
    for x, n in values:
        counted[_number(x)] += n
    counted = +counted
    whole, below, wanted = sum(counted.values()), 0, 1
    cuts: list[float] = []
    for x in sorted(counted):
        if below * bins >= wanted * whole > 0:
            cuts.append(x)
            wanted = below * bins // whole + 1
        below += counted[x]
    return tuple(cuts)


def binned(values: Sequence[tuple[float, int]], cuts: Sequence[float]) -> tuple[int, ...]:
    """How many of (value, count) pairs lie in each bin: cuts[i-1] <= x < cuts[i]."""
    counts = [0] * (len(cuts) + 1)
    for x, n in values:
        counts[bisect_right(cuts, _number(x))] += n
    return tuple(counts)


def _number(x: float) -> float:
    if not math.isfinite(x):
        raise CheckError(f"A distribution was given the value {x}, but only finite numbers lie in a bin. Leave it out.")
    return x
