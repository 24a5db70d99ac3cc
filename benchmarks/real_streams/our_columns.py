"""Our gates on the columns of the car loans; a row is one unit, as the dispersion check of the reference allows.

Decided before looking at the labels, the same for all columns: the distribution gate with tolerance 0.05 over the
deciles of the reference, or its categories; shares of missing and of unseen values against the reference, tolerance
0.25. Missing values are left out of a distribution, as they have a gate of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.real_streams.epochs import REFERENCE_ERROR, Growth, gate, together
from benchmarks.real_streams.looks import Look
from benchmarks.real_streams.our_shares import against_reference, counted
from benchmarks.real_streams.scoring import Detector
from benchmarks.real_streams.streams import Table, Values
from checks.evidence import dispersion, distribution

TOLERANCE = 0.05
SHARE_TOLERANCE = 0.25


def distributions(
    reference: Table, current: Table, looks: Sequence[Look], columns: Mapping[str, bool], whole: str
) -> dict[str, Detector]:
    """A detector for each column, and under the name `whole` the one of all of them together."""
    single = {}
    shared = []
    for name, numeric in columns.items():
        before, now = reference.columns[name], current.columns[name]
        pinned, counts = _binned(before, now, looks, numeric=numeric)
        single[name] = gate(looks, _growth(pinned, counts, REFERENCE_ERROR))
        shared.append(_growth(pinned, counts, REFERENCE_ERROR / len(columns)))
    return single | {whole: together(looks, shared)}


def shares(
    reference: Table, current: Table, looks: Sequence[Look], nulls: Sequence[str], category: str
) -> list[Detector]:
    """A detector for the missing values of each of `nulls`, and one for the unseen values of `category`."""
    known = set(reference.columns[category])

    def unseen(values: Values) -> int:
        return sum(value not in known for value in values)

    checks = [*((name, _missing) for name in nulls), (category, unseen)]
    return [_share(reference.columns[name], current.columns[name], looks, bad) for name, bad in checks]


def rows_as_units(reference: Table, days: Sequence[Look], columns: Mapping[str, bool]) -> list[dispersion.Dispersion]:
    """What our check says of rows as units, per column: daily counts above the median, or of one category."""
    checks = []
    for name, numeric in columns.items():
        values = reference.columns[name]
        high = values > np.median(values) if numeric else values == values[0]
        counts = [(high[look.rows].size, float(high[look.rows].sum())) for look in days]
        checks.append(dispersion.check([(rows, total, total) for rows, total in counts], largest_session=1))
    return checks


def _share(before: Values, now: Values, looks: Sequence[Look], bad: Callable[[Values], int]) -> Detector:
    units = [counted(bad(now[look.rows]), len(now[look.rows])) for look in looks]
    return against_reference(looks, counted(bad(before), len(before)), units, SHARE_TOLERANCE)


def _missing(values: Values) -> int:
    return sum(value is None or value != value for value in values)


def _binned(
    before: Values, now: Values, looks: Sequence[Look], *, numeric: bool
) -> tuple[distribution.Reference, list[tuple[int, ...]]]:
    if numeric:
        cuts = distribution.deciles(_pairs(before))
        return (
            distribution.Reference(True, distribution.binned(_pairs(before), cuts)),
            [distribution.binned(_pairs(now[look.rows]), cuts) for look in looks],
        )
    names = np.unique(np.concatenate((before, now)))
    return (
        distribution.Reference(False, _per_name(before, names)),
        [_per_name(now[look.rows], names) for look in looks],
    )


def _per_name(values: Values, names: Values) -> tuple[int, ...]:
    """Rows per category."""
    return tuple(int(np.count_nonzero(values == name)) for name in names)


def _growth(pinned: distribution.Reference, counts: Sequence[Sequence[int]], error: float) -> Growth:
    of = distribution.tests(pinned, TOLERANCE, error)
    return np.array([distribution.log_growth(each, of).breach for each in counts])


def _pairs(values: Values) -> list[tuple[float, int]]:
    found, counts = np.unique(values, return_counts=True)
    return list(zip(found.tolist(), counts.tolist(), strict=True))
