"""Ours: cells of every metric, then windows of several lengths as differences of sums."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.windows.rows import DAY, ROLLOUTS, SEGMENTS, START, STREAM
from warehouse.cells import summarise
from warehouse.records.metrics import CellMetric, Slice
from warehouse.rollup import Rolled, Windows, rolled
from warehouse.store import Warehouse

SLICES = tuple(
    Slice(rollout=f"rollout-{rollout}", segment=f"segment-{segment}")
    for rollout in range(ROLLOUTS)
    for segment in range(SEGMENTS)
)


def forget(warehouse: Warehouse) -> None:
    """Take all summaries away, so that they are made anew."""
    for table in ("cells", "units", "bins", "summarised"):
        warehouse.connection.execute(f"DELETE FROM {table}")
    warehouse.connection.execute("CHECKPOINT")


def cells(warehouse: Warehouse, metrics: Sequence[CellMetric]) -> None:
    summarise(warehouse, metrics, {STREAM.name: STREAM})


def roll_up(warehouse: Warehouse, metrics: Sequence[CellMetric], days: int) -> list[Rolled]:
    """The cells of every metric, summed from the start."""
    return [rolled(warehouse, metric, SLICES, START, START + days * DAY) for metric in metrics]


def told(found: Sequence[Rolled], lengths: Sequence[timedelta]) -> dict[tuple[str, int], tuple[Windows, Any, Any]]:
    """By metric and length in days: the windows, their means, and the bins of the median and the 95th percentile."""
    return {
        (each.metric.name, length.days): (windows, windows.mean(), quantiles(windows))
        for each in found
        for length in lengths
        for windows in [each.of(length)]
    }


def quantiles(windows: Windows, shares: Sequence[float] = (0.5, 0.95)) -> Any:
    """The bin in which each share of the scored rows is reached, per window and slice; None without several bins."""
    if windows.bins is None or windows.bins.shape[2] == 1:
        return None
    below = windows.bins.cumsum(axis=2)
    return np.stack([(below < share * below[:, :, -1:]).sum(axis=2) for share in shares])


def end_of(windows: Windows, day: datetime) -> int:
    """The number of the window that ends at a moment."""
    return windows.starts.index(day - windows.length)
