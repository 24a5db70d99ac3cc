"""Roll-ups: sums of cells over windows of any length, several lengths and slices at once.

The cells are read once into arrays of window x slice and summed from the start (prefix sums), so that a window of any
length is one difference: a further length costs next to nothing, and no row is read again. All sums are integers,
exact and the same in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.deltas import negative
from warehouse.records.errors import UsageError
from warehouse.records.metrics import SCALE, CellMetric, Slice
from warehouse.scope import statement, utc
from warehouse.store import Warehouse

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_LIMB = 1 << 40
_SUMS = ("items", "unscored", "total_0", "total_1", "squares_0", "squares_1", "squares_2")


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows of one length, one after the other, each beginning one cell later: rows of the arrays; slices: columns.

    `sums` holds items, unscored rows, and the limbs of the sums of values and squares; `bins` has the bins of a
    histogram as a third axis and is None for other metrics.
    """

    starts: tuple[datetime, ...]
    length: timedelta
    sums: Integers
    bins: Integers | None

    @property
    def items(self) -> Integers:
        """Rows inside the metric; 0 where there were none."""
        return self.sums[:, :, 0]

    @property
    def unscored(self) -> Integers:
        """Those of `items` without a value."""
        return self.sums[:, :, 1]

    def total(self, window: int, slice_: int) -> int:
        """The exact sum of the scored values of one window and slice, in millionths."""
        return _whole(self.sums[window, slice_, 2:4])

    def total_squares(self, window: int, slice_: int) -> int:
        """The exact sum of the squares of the scored values of one window and slice, in millionths squared."""
        return _whole(self.sums[window, slice_, 4:7])

    def mean(self) -> Floats:
        """The mean of the scored values in the metric's unit; not a number (NaN) where no row is scored."""
        total = self.sums[:, :, 2] + self.sums[:, :, 3] * float(_LIMB)
        return _over(total, self.items - self.unscored) / SCALE


@dataclass(frozen=True, slots=True, eq=False)
class Rolled:
    """One metric over a span, summed from its start; `of` gives the windows of a length.

    `slices` are the columns of every array, in the order asked for.
    """

    metric: CellMetric
    slices: tuple[Slice, ...]
    start: datetime
    sums: Integers
    bins: Integers | None

    def of(self, length: timedelta) -> Windows:
        """All windows of `length` inside the span, oldest first; none where the span is shorter.

        Raises:
            UsageError: the length is not a whole number of the metric's own windows, one at least.
        """
        step = timedelta(seconds=self.metric.window_seconds)
        count, rest = divmod(length, step)
        if rest or count < 1:
            raise UsageError(
                f"Windows of {length} cannot be made of cells of {step}. Ask for a whole number of them, one at least."
            )
        cells = len(self.sums) - 1
        starts = tuple(self.start + i * step for i in range(cells - count + 1))
        bins = None if self.bins is None else self.bins[count:] - self.bins[:-count]
        return Windows(starts, length, self.sums[count:] - self.sums[:-count], bins)


def rolled(
    warehouse: Warehouse,
    metric: CellMetric,
    slices: Sequence[Slice],
    start: datetime,
    end: datetime,
    *,
    through_batch: int | None = None,
) -> Rolled:
    """The cells of one metric that start within [start, end), ready to be summed over windows of any length.

    `through_batch` asks what was known when that batch was in. Memory: 56 bytes per cell of the span and slice, for a
    histogram 8 bytes more per bin.

    Raises:
        UsageError: the span does not begin and end with a window of the metric, or a time has no time zone.
        LedgerError: a sum is negative, so that deltas are missing or doubled.
    """
    return rolled_all(warehouse, [metric], slices, start, end, through_batch=through_batch)[0]


def rolled_all(
    warehouse: Warehouse,
    metrics: Sequence[CellMetric],
    slices: Sequence[Slice],
    start: datetime,
    end: datetime,
    *,
    through_batch: int | None = None,
) -> list[Rolled]:
    """The same for several metrics with windows of one length, in their order; their cells are read in one go.

    Raises:
        UsageError: as for `rolled`, or the metrics have windows of different lengths.
        LedgerError: a sum is negative, so that deltas are missing or doubled.
    """
    if not metrics:
        return []
    seconds = metrics[0].window_seconds
    if any(metric.window_seconds != seconds for metric in metrics):
        raise UsageError(
            "Metrics with windows of different lengths are not rolled up together. Ask for each by itself."
        )
    count = _cells(metrics[0], start, end)
    values: dict[str, object] = {"start": utc(start), "end": utc(end), "through": through_batch}
    digests = [metric.digest for metric in metrics]
    connection = warehouse.connection
    with _keys(warehouse, {**values, "digests": digests}) as keys:
        taken = np.asarray([[_takes(where, *key) for key in keys] for where in slices], dtype=bool)
        asked = {**values, "digests": digests, "width": seconds * 1_000_000}
        sums = connection.execute(statement("rollup_sums", limb=str(_LIMB)), asked).fetchnumpy()
        dense = np.zeros((len(metrics), count, len(keys), len(_SUMS)), dtype=np.int64)
        for place, name in enumerate(_SUMS):
            dense[sums["metric"], sums["window"], sums["_key"], place] = sums[name]
        found = []
        for number, metric in enumerate(metrics):
            _check(metric, dense[number], start)
            bins = None
            if metric.kind == "histogram":
                one = {**values, "digest": metric.digest, "width": seconds * 1_000_000}
                counts = np.zeros((count, len(keys), len(metric.cuts) + 1), dtype=np.int64)
                rows = connection.execute(statement("rollup_bins"), one).fetchnumpy()
                counts[rows["window"], rows["_key"], rows["bin"]] = rows["items"]
                bins = _summed(counts, taken)
            found.append(Rolled(metric, tuple(slices), utc(start), _summed(dense[number], taken), bins))
    return found


@contextmanager
def _keys(warehouse: Warehouse, values: dict[str, object]) -> Iterator[list[tuple[str, str, str, str]]]:
    """The traffic that the metrics have cells of, in the order of its numbers."""
    connection = warehouse.connection
    connection.execute(statement("rollup_keys"), values)
    try:
        yield connection.execute("SELECT rollout, release, arm, segment FROM rollup_keys ORDER BY _key").fetchall()
    finally:
        connection.execute("DROP TABLE rollup_keys")


def _cells(metric: CellMetric, start: datetime, end: datetime) -> int:
    step = timedelta(seconds=metric.window_seconds)
    count, rest = divmod(utc(end) - utc(start), step)
    if rest or count < 1 or int(utc(start).timestamp()) % metric.window_seconds:
        raise UsageError(
            f"From {start.isoformat()} to {end.isoformat()} is not a span of whole windows of {step}. "
            "Begin and end it with one."
        )
    return count


def _takes(where: Slice, rollout: str, release: str, arm: str, segment: str) -> bool:
    """Whether a slice takes the traffic of a key; as the fragment cells_scope says."""
    named = (where.rollout in (None, rollout), where.release in (None, release), where.segment in (None, segment))
    return all(named) and (where.arm in (None, arm) or (where.arm == "candidate" and arm == ""))


def _summed(cells: Integers, taken: NDArray[np.bool_]) -> Integers:
    """Sums from the start over window x slice; the first row is 0."""
    found = np.zeros((len(cells) + 1, len(taken), cells.shape[2]), dtype=np.int64)
    for place, keys in enumerate(taken):
        np.cumsum(cells[:, keys].sum(axis=1), axis=0, out=found[1:, place])
    return found


def _check(metric: CellMetric, cells: Integers, start: datetime) -> None:
    items, unscored = cells[:, :, 0], cells[:, :, 1]
    bad = np.argwhere((items < 0) | (unscored < 0) | (unscored > items))
    if len(bad):
        window, key = (int(i) for i in bad[0])
        at = utc(start) + window * timedelta(seconds=metric.window_seconds)
        raise negative(metric, at, "rows", int(items[window, key]))


def _whole(limbs: Integers) -> int:
    return sum(int(limb) * _LIMB**place for place, limb in enumerate(limbs))


def _over(total: Any, count: Integers) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count > 0, total / count, np.nan)
