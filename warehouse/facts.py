"""Facts of the stored rows: what is newest, what is overdue, which releases and segments there are.

Only current revisions count, or those known as of `through_batch` where it is given. A stream that was never used has
no rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from warehouse import sql
from warehouse.columns import columns_as_arrow as columns_as_arrow
from warehouse.expressions import compile, identifier
from warehouse.records.errors import UsageError
from warehouse.records.expressions import Expression
from warehouse.records.facts import Overdue, ReleaseSeen
from warehouse.records.metrics import UNIT_KINDS, CellMetric, Slice
from warehouse.records.streams import Stream
from warehouse.scope import events_table, sliced, statement, utc
from warehouse.store import Warehouse

_ADDED = ("arrived_at", "batch", "source", "revision")


def releases(
    warehouse: Warehouse, streams: Sequence[Stream], rollout: str, *, through_batch: int | None = None
) -> list[ReleaseSeen]:
    """The releases in a rollout's rows over some streams, ordered by their first row; '' stands for none named.

    Rows of the control arm do not count: a renewed control is no new release of the rollout.
    """
    found: dict[str, ReleaseSeen] = {}
    for stream in streams:
        values = {"rollout": rollout, "stream": stream.name, "through": through_batch}
        for name, first, last, rows in _rows(warehouse, "facts_releases", stream, values):
            seen = ReleaseSeen(name, utc(first), utc(last), rows)
            found[name] = _together(found[name], seen) if name in found else seen
    return sorted(found.values(), key=lambda seen: (seen.first_at, seen.release))


def rollouts(
    warehouse: Warehouse, stream: Stream, *, after_batch: int = 0, through_batch: int | None = None
) -> list[tuple[str, int]]:
    """The rollouts that the rows of the batches after `after_batch` name, with their rows; the most frequent first."""
    values = {"after": after_batch, "through": through_batch}
    return [(name, rows) for name, rows in _rows(warehouse, "facts_rollouts", stream, values)]


def newest_row(
    warehouse: Warehouse,
    stream: Stream,
    where: Expression | None,
    scope: Slice,
    *,
    now: datetime,
    through_batch: int | None = None,
) -> datetime | None:
    """When the newest row of a slice that meets `where` occurred; None without one.

    Rows dated after `now` do not count: a wrong clock makes nothing fresh.
    """
    values: dict[str, object] = {"now": utc(now), "through": through_batch, **sliced(scope)}
    condition = _condition(where, stream, values)
    rows = _rows(warehouse, "facts_newest", stream, values, condition=condition)
    return utc(rows[0][0]) if rows and rows[0][0] is not None else None


def overdue(
    warehouse: Warehouse,
    stream: Stream,
    where: Expression | None,
    scope: Slice,
    *,
    now: datetime,
    through_batch: int | None = None,
) -> Overdue | None:
    """The subjects whose latest row up to `now` is open and was due before `now`; None when there is no row at all.

    A row without a subject is a subject of its own, named by its key. A row without a status
    counts as open. An open row without `due_at` is never overdue.

    Raises:
        UsageError: the stream lacks one of the columns subject, status and due_at.
    """
    if lacking := [name for name in ("subject", "status", "due_at") if stream.column(name) is None]:
        raise UsageError(
            f"Stream {stream.name!r} has no column {lacking[0]!r}, which tells what is overdue. "
            "Use a stream with subject, status and due_at, such as governance."
        )
    values: dict[str, object] = {"now": utc(now), "through": through_batch, **sliced(scope)}
    rows = _rows(warehouse, "facts_overdue", stream, values, condition=_condition(where, stream, values))
    if not rows:
        return None
    late = tuple(subject for subject, is_overdue in rows if is_overdue)
    return Overdue(len(late), late)


def first_window(
    warehouse: Warehouse, metric: CellMetric, where: Slice, *, through_batch: int | None = None
) -> datetime | None:
    """Start of the first window with a unit of evidence (for a count or histogram: a row) in a slice; None without."""
    name = "units_first_window" if metric.kind in UNIT_KINDS else "cells_first_window"
    values = {"digest": metric.digest, "through": through_batch, **sliced(where)}
    found = warehouse.connection.execute(statement(name), values).fetchone()
    return utc(found[0]) if found and found[0] is not None else None


def segments(warehouse: Warehouse, stream: Stream, rollout: str, *, through_batch: int | None = None) -> list[str]:
    """The segments that a rollout's rows name, in alphabetical order."""
    values = {"rollout": rollout, "through": through_batch}
    return [row[0] for row in _rows(warehouse, "facts_segments", stream, values)]


def any_simulated(warehouse: Warehouse, stream: Stream, rollout: str, *, through_batch: int | None = None) -> bool:
    """Whether a row of the rollout is marked as generated."""
    values = {"rollout": rollout, "stream": stream.name, "through": through_batch}
    return any(row[0] for row in _rows(warehouse, "facts_simulated", stream, values))


def recent_rows(
    warehouse: Warehouse,
    stream: Stream,
    where: Expression | None,
    scope: Slice,
    *,
    start: datetime,
    end: datetime,
    limit: int,
    through_batch: int | None = None,
) -> list[dict[str, Any]]:
    """At most `limit` rows of a slice within [start, end) that meet `where`, newest first, by column.

    Beside the stream's columns there are attributes, arrived_at, batch, source and revision. JSON is decoded. Texts
    are as they came in: whoever shows them escapes them.
    """
    names = [*stream.names(), "attributes", *_ADDED]
    json_names = {c.name for c in stream.columns if c.type == "json"} | {"attributes"}
    values: dict[str, object] = {
        "start": utc(start),
        "end": utc(end),
        "limit": limit,
        "through": through_batch,
        **sliced(scope),
    }
    condition = _condition(where, stream, values)
    columns = ", ".join(identifier(name) for name in names)
    rows = _rows(warehouse, "facts_recent", stream, values, condition=condition, columns=columns)
    return [{name: _plain(value, name in json_names) for name, value in zip(names, row, strict=True)} for row in rows]


def largest_session(
    warehouse: Warehouse,
    stream: Stream,
    where: Expression | None,
    scope: Slice,
    start: datetime,
    end: datetime,
    *,
    through_batch: int | None = None,
) -> int:
    """The most rows in [start, end) that share one session, of those in a slice that meet `where`; 1 without any."""
    values: dict[str, object] = {"start": utc(start), "end": utc(end), "through": through_batch, **sliced(scope)}
    condition = _condition(where, stream, values)
    rows = _rows(warehouse, "facts_largest_session", stream, values, condition=condition)
    return max(1, int(rows[0][0])) if rows and rows[0][0] is not None else 1


def _rows(
    warehouse: Warehouse, name: str, stream: Stream, values: Mapping[str, object], **parts: str
) -> list[tuple[Any, ...]]:
    """The rows of a query over the stream's events; none while it was never used."""
    events = events_table(warehouse, stream.name)
    if events is None:
        return []
    text = statement(name, events=events, known=sql.load("facts_known"), **parts)
    return warehouse.connection.execute(text, values).fetchall()


def _condition(where: Expression | None, stream: Stream, values: dict[str, object]) -> str:
    return "true" if where is None else f"({compile(where, stream, values, kind='boolean')})"


def _together(one: ReleaseSeen, other: ReleaseSeen) -> ReleaseSeen:
    first, last = min(one.first_at, other.first_at), max(one.last_at, other.last_at)
    return ReleaseSeen(one.release, first, last, one.rows + other.rows)


def _plain(value: Any, is_json: bool) -> Any:
    if is_json and value is not None:
        return json.loads(value)
    return utc(value) if isinstance(value, datetime) else value
