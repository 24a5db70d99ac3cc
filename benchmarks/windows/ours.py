"""Ours: cells of every metric, then windows of several lengths as differences of sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.windows.measured import SPREAD, metrics
from benchmarks.windows.rows import DAY, ROLLOUTS, SEGMENTS, START, STREAM
from warehouse.cells import summarise
from warehouse.records.metrics import SCALE, CellMetric, Slice
from warehouse.rollup import Rolled, Windows, rolled_all
from warehouse.store import Warehouse

SLICES = tuple(
    Slice(rollout=rollout, segment=segment)
    for rollout in (None, *(f"rollout-{n}" for n in range(ROLLOUTS)))
    for segment in (None, *(f"segment-{n}" for n in range(SEGMENTS)))
)
"""All traffic, every rollout, every segment, and every segment of every rollout."""
SHARES = (0.5, 0.95)
"""The quantiles that are told of a histogram."""
SPREADS = {name: metric for metric in metrics() for name in SPREAD if metric.name == f"{name}_spread"}


def forget(warehouse: Warehouse) -> None:
    """Take all summaries away, so that they are made anew."""
    for table in ("cells", "units", "bins", "summarised"):
        warehouse.connection.execute(f"DELETE FROM {table}")
    warehouse.connection.execute("CHECKPOINT")


def cells(warehouse: Warehouse, measured: Sequence[CellMetric]) -> None:
    summarise(warehouse, measured, {STREAM.name: STREAM})


def roll_up(warehouse: Warehouse, measured: Sequence[CellMetric], days: int) -> list[Rolled]:
    """The cells of every metric, summed from the start."""
    return rolled_all(warehouse, measured, SLICES, START, START + days * DAY)


def told(found: Sequence[Rolled], lengths: Sequence[timedelta]) -> dict[tuple[str, int], tuple[Windows, Any, Any]]:
    """By metric and length in days: the windows, their means, and the bins of the median and the 95th percentile."""
    return {
        (each.metric.name, length.days): (windows, windows.mean(), quantiles(windows))
        for each in found
        for length in lengths
        for windows in [each.of(length)]
    }


def quantiles(windows: Windows) -> Any:
    """The bin in which each share of the scored rows is reached, per window and slice; None without several bins."""
    if windows.bins is None or windows.bins.shape[2] == 1:
        return None
    below = windows.bins.cumsum(axis=2)
    return np.stack([(below < share * below[:, :, -1:]).sum(axis=2) for share in SHARES])


def end_of(windows: Windows, day: datetime) -> int:
    """The number of the window that ends at a moment."""
    return windows.starts.index(day - windows.length)


def from_raw(warehouse: Warehouse, start: datetime, end: datetime) -> dict[tuple[str, str], tuple[int, ...]]:
    """By rollout and segment, from the raw rows: rows, scores, their sum, high ones, bins of quantiles."""
    quantile = ", ".join(f"quantile_disc({name}, {share})" for name in SPREAD for share in SHARES)
    found = warehouse.connection.execute(
        "SELECT rollout, segment, count(*), count(harm), sum(round(harm * 1e6)::BIGINT)::HUGEINT, "
        f"count_if(harm >= 0.9), {quantile} FROM events_{STREAM.name} "
        "WHERE occurred_at >= $start AND occurred_at < $end GROUP BY ALL",
        {"start": start, "end": end},
    ).fetchall()
    cuts = [np.asarray(SPREADS[name].cuts) for name in SPREAD for _ in SHARES]
    return {
        (row[0], row[1]): (
            *(int(value) for value in row[2:6]),
            *(int(np.searchsorted(c, value, side="right")) for c, value in zip(cuts, row[6:], strict=True)),
        )
        for row in found
    }


def from_windows(
    found: Mapping[tuple[str, int], tuple[Windows, Any, Any]],
    length: timedelta,
    end: datetime,
    *,
    keys: Iterable[tuple[str, str]],
) -> dict[tuple[str, str], tuple[int, ...]]:
    """The same from the windows that end at a moment."""
    harm, high = found["harm_mean", length.days][0], found["harm_high", length.days][0]
    place = end_of(harm, end)
    results = {}
    for i, where in enumerate(SLICES):
        if (where.rollout, where.segment) in keys:
            sums = (harm.items[place, i], harm.items[place, i] - harm.unscored[place, i], harm.total(place, i))
            bins = [found[f"{name}_spread", length.days][2][j][place, i] for name in SPREAD for j in range(len(SHARES))]
            numbers = (*sums, high.total(place, i) // SCALE, *bins)
            results[str(where.rollout), str(where.segment)] = tuple(int(number) for number in numbers)
    return results
