"""Our gates on the hours of one series, the same for every series; an hour is one unit, as its rows hang together.

Two gates, both decided before looking at the labels:

* the distribution of values over the deciles of the pinned period, tolerance 0.05 (`compare: distribution`). The pinned
  period counts as many units as it has hours, for its rows hang together too.
* the share of rows outside the range of values of the first half of the pinned period, against that share in its second
  half, tolerance 0.5 (a rate `against: reference`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.real_streams.epochs import REFERENCE_ERROR, gate
from benchmarks.real_streams.looks import Look
from benchmarks.real_streams.our_shares import against_reference
from benchmarks.real_streams.scoring import Detector, silent
from checks.evidence import dispersion, distribution
from warehouse.records.errors import CheckError

TOLERANCE = 0.05
RANGE_TOLERANCE = 0.5

Values = NDArray[np.float64]


def distribution_of_values(pinned: Values, hours: Sequence[Look], current: Values, looks: Sequence[Look]) -> Detector:
    """The distribution gate; one that can never alarm where the pinned period has a single value."""
    cuts = distribution.deciles(_pairs(pinned))
    counts = _in_units(distribution.binned(_pairs(pinned), cuts), len(hours))
    try:
        of = distribution.tests(distribution.Reference(True, counts), TOLERANCE, REFERENCE_ERROR)
    except CheckError:
        return silent
    grown = [distribution.window_growth(distribution.binned(_pairs(current[look.rows]), cuts), of) for look in looks]
    return gate(looks, np.array([growth.breach for growth in grown]))


def out_of_range(pinned: Values, hours: Sequence[Look], current: Values, looks: Sequence[Look]) -> Detector:
    """The gate on the share of rows outside the range."""
    half = len(hours) // 2
    low, high = _range(pinned, hours)

    def badness(values: Values, look: Look) -> float:
        there = values[look.rows]
        return float(np.mean((there < low) | (there > high)))

    before = [(badness(pinned, look), 1) for look in hours[half:]]
    now = [[(badness(current, look), 1)] for look in looks]
    return against_reference(looks, before, now, RANGE_TOLERANCE)


def distance(pinned: Values, current: Values) -> float | None:
    """How far these values lie from the pinned ones, from 0 to 1: the distance that the tolerance is for."""
    cuts = distribution.deciles(_pairs(pinned))
    if not cuts:
        return None
    before = distribution.Reference(True, distribution.binned(_pairs(pinned), cuts))
    return distribution.distance(distribution.binned(_pairs(current), cuts), before)


def strange(pinned: Values, hours: Sequence[Look], current: Values, looks: Sequence[Look]) -> int:
    """How many of the looks hold any value outside the range."""
    low, high = _range(pinned, hours)
    return sum(bool(np.any((current[look.rows] < low) | (current[look.rows] > high))) for look in looks)


def rows_as_units(pinned: Values, hours: Sequence[Look]) -> dispersion.Dispersion:
    """What our own check says of single rows as units: hourly counts of rows above the median of the pinned period."""
    high = pinned > np.median(pinned)
    counts = [(high[look.rows].size, float(high[look.rows].sum())) for look in hours]
    return dispersion.check([(rows, total, total) for rows, total in counts], largest_session=1)


def _range(pinned: Values, hours: Sequence[Look]) -> tuple[float, float]:
    """The least and largest value of the first half of the pinned hours."""
    known = pinned[: hours[len(hours) // 2].rows.start]
    return float(known.min()), float(known.max())


def _pairs(values: Values) -> list[tuple[float, int]]:
    found, counts = np.unique(values, return_counts=True)
    return list(zip(found.tolist(), counts.tolist(), strict=True))


def _in_units(rows: Sequence[int], units: int) -> tuple[int, ...]:
    """Counts with the same shares that sum to `units`, rounded by largest remainder."""
    exact = np.array(rows) * units / sum(rows)
    whole = np.floor(exact).astype(int)
    for place in np.argsort(whole - exact, kind="stable")[: units - int(whole.sum())]:
        whole[place] += 1
    return tuple(int(count) for count in whole)
