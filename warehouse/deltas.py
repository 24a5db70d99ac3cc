"""Reading the deltas of cells, units and bins: shared by all three."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from warehouse.records.errors import LedgerError
from warehouse.records.metrics import CellMetric, Slice
from warehouse.scope import sliced, statement, utc
from warehouse.store import Warehouse


def read(
    warehouse: Warehouse,
    name: str,
    metric: CellMetric,
    where: Slice,
    start: datetime,
    end: datetime,
    through_batch: int | None,
) -> list[tuple[Any, ...]]:
    """The rows of a reading query over one metric's deltas."""
    values = {"digest": metric.digest, "start": utc(start), "end": utc(end), "through": through_batch}
    return warehouse.connection.execute(statement(name), values | sliced(where)).fetchall()


def negative(metric: CellMetric, window: datetime, what: str, count: int) -> LedgerError:
    """The error of a sum that cannot be."""
    return LedgerError(
        f"Metric {metric.name!r} has {count} {what} in the window from {window.isoformat()}, which cannot be. "
        "Its summaries are damaged: summarise the metric again from the stored rows."
    )
