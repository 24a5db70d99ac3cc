"""What the stored rows say of judges: labelled items beside people's verdicts, and the versions that score now.

Only current revisions count, or those known as of `through_batch` where it is given. A stream that was never used has
no rows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from warehouse import sql
from warehouse.expressions import identifier
from warehouse.measures import measures
from warehouse.records.errors import UsageError
from warehouse.records.judges import JudgedRows, LabelCount
from warehouse.records.metrics import SCALE, CellMetric, Slice
from warehouse.records.streams import Stream
from warehouse.scope import events_table, sliced, statement, utc
from warehouse.store import Warehouse

ITEMS = ("subject_id", "pair_id")
"""Columns that name the item a verdict is about: several verdicts on it, from several people, are one labelled item."""
RUBRIC = "rubric_version"
"""Column that names the version of the instructions."""


def labels(
    warehouse: Warehouse,
    stream: Stream,
    agreement: CellMetric,
    version: str,
    scope: Slice,
    *,
    now: datetime,
    since: datetime | None = None,
    through_batch: int | None = None,
) -> list[LabelCount]:
    """How often people agreed with a judge, in a fixed order; empty without any labelled item.

    `agreement` is a rate of `stream` whose value is that people agree, `version` the column that names the judge's
    version. Labels before `since` (None: none) are counted apart, and those after `now` not at all.

    Raises:
        UsageError: the stream has no such column, or the metric is no rate.
    """
    if agreement.kind != "rate":
        raise UsageError(f"Metric {agreement.name!r} is a {agreement.kind}; a judge's agreement is a rate.")
    values: dict[str, object] = {"now": utc(now), "since": utc(since) if since else None, "one": SCALE}
    parts = {
        "version": _text(stream, version),
        "rubric": identifier(RUBRIC) if stream.column(RUBRIC) else "NULL::VARCHAR",
        "item": next((identifier(name) for name in ITEMS if stream.column(name)), "event_id"),
    }
    found = _rows(warehouse, "judges_labels", stream, agreement, scope, values, through_batch, parts)
    found = [(*row[:-1], utc(row[-1])) for row in found]
    return [LabelCount(*row) for row in found]


def versions(
    warehouse: Warehouse,
    stream: Stream,
    metric: CellMetric,
    version: str,
    scope: Slice,
    *,
    now: datetime,
    span: timedelta,
    since: datetime | None = None,
    through_batch: int | None = None,
) -> list[JudgedRows]:
    """Which judge versions scored the rows of a slice in the `span` before its newest row; empty without any.

    Rows before `since` and after `now` do not count. `version` is the column that names the judge's version. Rows
    outside `metric`, and rows that it leaves unscored, were not judged.

    Raises:
        UsageError: the stream has no such column, or it is no text.
    """
    values: dict[str, object] = {"now": utc(now), "span": span // timedelta(microseconds=1)}
    values["since"] = utc(since) if since else None
    parts = {"version": _text(stream, version)}
    found = _rows(warehouse, "judges_versions", stream, metric, scope, values, through_batch, parts)
    return [JudgedRows(*row) for row in found]


def _rows(
    warehouse: Warehouse,
    name: str,
    stream: Stream,
    metric: CellMetric,
    scope: Slice,
    values: dict[str, object],
    through_batch: int | None,
    parts: dict[str, str],
) -> list[tuple[Any, ...]]:
    events = events_table(warehouse, stream.name)
    if events is None:
        return []
    values |= {"through": through_batch, **sliced(scope)}
    composed = {
        **parts,
        "measures": measures(dict(enumerate([metric])), stream, values),
        "known": sql.load("facts_known"),
    }
    return warehouse.connection.execute(statement(name, events=events, **composed), values).fetchall()


def _text(stream: Stream, name: str) -> str:
    """The quoted name of a text column of the stream."""
    column = stream.column(name)
    if column is None or column.type != "text":
        what = "no column" if column is None else f"a column of type {column.type},"
        raise UsageError(
            f"Stream {stream.name!r} has {what} {name!r} to tell a judge's versions by. Name a text column."
        )
    return identifier(name)
