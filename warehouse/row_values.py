"""Row values: what metrics make of single rows, for trying a metric on rows whose meaning is known."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.measures import measures
from warehouse.records.metrics import SCALE, CellMetric
from warehouse.records.streams import Stream
from warehouse.scope import events_table, statement
from warehouse.store import Warehouse

RowValue = tuple[bool, float | None]
"""Whether a row is inside a metric, and its value in the metric's unit; None where it is unscored."""


def row_values(warehouse: Warehouse, metrics: Sequence[CellMetric], stream: Stream) -> dict[str, tuple[RowValue, ...]]:
    """What each metric makes of each current row of the stream, by the row's natural key; empty without rows.

    Raises:
        UsageError: a metric's expressions do not fit the stream.
    """
    events = events_table(warehouse, stream.name)
    if events is None:
        return {}
    values: dict[str, object] = {}
    made = measures(dict(enumerate(metrics)), stream, values)
    columns = ", ".join(f"_in_{i}, _value_{i}" for i in range(len(metrics)))
    sql = statement("row_values", columns=columns, measures=made, events=events)
    return {
        row[0]: tuple((bool(row[1 + 2 * i]), _number(row[2 + 2 * i])) for i in range(len(metrics)))
        for row in warehouse.connection.execute(sql, values).fetchall()
    }


def _number(millionths: int | None) -> float | None:
    return None if millionths is None else int(millionths) / SCALE
