"""Units that came after their window had been folded, and that changed no unit that was there before."""

from __future__ import annotations

from datetime import datetime

from warehouse.records.metrics import CellMetric, Slice, UnitCount
from warehouse.scope import sliced, statement, utc
from warehouse.store import Warehouse


def late_units(
    warehouse: Warehouse,
    metric: CellMetric,
    where: Slice,
    start: datetime,
    end: datetime,
    *,
    after_batch: int,
    through_batch: int,
) -> list[UnitCount]:
    """How many units of which value came with the batches in (after_batch, through_batch], per window in [start, end).

    A window in which a unit was also taken back (its session went on, or a row was restated) gives none.
    """
    values = {
        "digest": metric.digest,
        "start": utc(start),
        "end": utc(end),
        "after": after_batch,
        "through": through_batch,
        **sliced(where),
    }
    found = warehouse.connection.execute(statement("units_late"), values).fetchall()
    return [UnitCount(utc(at), int(low), int(high), bool(scored), int(count)) for at, low, high, scored, count in found]
