"""The rows behind a point, of the snapshot: what it holds of them, and from when on it holds them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.policy.metric_kinds import CELL_KINDS
from dashboards.board.data_records import PAGE, Point, RowsBehind
from warehouse import behind
from warehouse.records.errors import UsageError
from warehouse.scope import events_table

if TYPE_CHECKING:
    from checks.policy import Policy
    from warehouse.records.metrics import CellMetric
    from warehouse.records.storage import SnapshotRules
    from warehouse.snapshot import Snapshot


def read(found: Snapshot, policy: Policy, point: Point) -> RowsBehind:
    """What the snapshot holds of them.

    Raises:
        UsageError: there is no such stream or metric.
    """
    stream, metric = policy.stream(point.stream), cell_metric(policy, point.stream, point.metric)
    if events_table(found.view, stream.name) is None:
        return RowsBehind(found.as_of, trouble="No row of this stream was ever read.")
    rules = published(policy)
    since = behind.published_since(found.view, stream.name, most=rules.most_rows, since=found.as_of - rules.rows)
    rows = behind.read(
        found.view, stream, point.where, point.start, point.end, metric=metric, limit=PAGE, published=True
    )
    return RowsBehind(found.as_of, rows, since, rules.text)


def published(policy: Policy) -> SnapshotRules:
    """How much of the rows the configuration lets into the snapshot."""
    from checks.policy.privacy import Retention

    return (policy.retention or Retention()).snapshot.record()


def cell_metric(policy: Policy, stream: str, name: str | None) -> CellMetric | None:
    """The metric as rows are read by it; None for none, or for one that is no sum over rows.

    Raises:
        UsageError: there is no such metric, or it reads another stream.
    """
    if name is None:
        return None
    metric = policy.metric(name)
    if metric.kind not in CELL_KINDS:
        return None
    if metric.stream != stream:
        raise UsageError(f"Metric {name} reads rows of {metric.stream}, not of {stream}.")
    return policy.cell_metric(name, metric.unit)
