"""Units that came after their window had been folded, and that changed no unit that was there before."""

from __future__ import annotations

from datetime import datetime

from warehouse.records.metrics import CellMetric, Slice, UnitCount
from warehouse.scope import events_table, sliced, statement, utc
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

    Windows in which a unit that was known before may lie now or have lain then, and which changed since (its session
    went on, or a row was restated), give none: what came there cannot be told from what was there.
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
    came = [UnitCount(utc(at), int(low), int(high), bool(scored), int(count)) for at, low, high, scored, count in found]
    if not came:
        return []
    spans = _stirred(warehouse, metric, where, values)
    return [unit for unit in came if not any(first <= unit.window_start <= last for first, last in spans)]


def _stirred(
    warehouse: Warehouse, metric: CellMetric, where: Slice, values: dict[str, object]
) -> list[tuple[datetime, datetime]]:
    """First and last window of each unit that was known and has changed."""
    events = events_table(warehouse, metric.stream)
    if events is None:
        return []
    given = {name: values[name] for name in ("start", "end", "after", "through")}
    given |= {"rollout": where.rollout, "window": metric.window_seconds * 1_000_000}
    given |= {"gap": metric.session_gap_seconds * 1_000_000 if metric.unit == "session" else 0}
    unit = "coalesce(session_id, event_id)" if metric.unit == "session" else "event_id"
    text = statement("units_stirred", events=events, unit=unit)
    return [(utc(first), utc(last)) for first, last in warehouse.connection.execute(text, given).fetchall()]
