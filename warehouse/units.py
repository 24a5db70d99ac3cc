"""Units of evidence: sessions and items, and what each arrival batch changed about them.

A session is found over its whole life, but only when a batch touched it: it is counted as it was before the batch
(negative) and as it is after (positive).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from warehouse.chunks import Chunk
from warehouse.deltas import negative, read
from warehouse.fused import units_of_rates
from warehouse.measures import measures, range_of
from warehouse.records.metrics import UNIT_KINDS, CellMetric, Slice, UnitCount
from warehouse.scope import statement, utc
from warehouse.store import Warehouse

MOST_EFFORT = 4_000_000
"""Session rows put in order at once; several batches that need more are summarised in smaller steps."""


def read_units(
    warehouse: Warehouse,
    metric: CellMetric,
    where: Slice,
    start: datetime,
    end: datetime,
    *,
    through_batch: int | None = None,
) -> list[UnitCount]:
    """How many units have which value, per window that starts within [start, end), in order; counts are above 0.

    `through_batch` asks what was known when that batch was in. A metric whose unit is the window gives at most one
    unit per window: the mean of its rows.

    Raises:
        LedgerError: a sum is negative, so that deltas are missing or doubled.
    """
    found = [
        UnitCount(utc(at), int(low), int(high), bool(scored), int(count))
        for at, low, high, scored, count in read(warehouse, "units_read", metric, where, start, end, through_batch)
    ]
    if bad := next((u for u in found if u.count < 0), None):
        raise negative(metric, bad.window_start, "units", bad.count)
    if metric.unit != "window":
        return found
    bounded = range_of(metric) is not None
    return [_window(list(items), bounded) for _, items in groupby(found, key=lambda unit: unit.window_start)]


def write_sessions(warehouse: Warehouse, metrics: Mapping[int, CellMetric], chunk: Chunk) -> bool:
    """Write what a chunk changes of sessions, and of rows that name none; False, nothing written, if that is too much.

    Only metrics whose unit is the session are looked at.
    """
    sessions = {i: m for i, m in metrics.items() if m.kind in UNIT_KINDS and m.unit == "session"}
    gaps = sorted({metric.session_gap_seconds * 1_000_000 for metric in sessions.values()})
    if not gaps:
        return True
    _read_brought(warehouse, sessions, chunk, gaps[0], gaps[-1])
    found = warehouse.connection.execute("SELECT count(*) FROM summary_touched").fetchone()
    whole = found is not None and found[0] > 0
    if whole and not _read_sessions(warehouse, sessions, chunk, gaps[-1]):
        return False
    lone = _has_lone_rows(warehouse)
    if lone:
        _read_rows(warehouse, sessions, chunk, "coalesce(session_id, '') = ''")
    for gap in gaps:
        same = {index: metric for index, metric in sessions.items() if metric.session_gap_seconds * 1_000_000 == gap}
        if whole:
            warehouse.connection.execute(statement("units_pieces", sums=_sums(same)), {"gap": gap})
        for index, metric in same.items():
            rows = [_sessions(index, metric, whole=whole), *([_rows(index, metric)] if lone else [])]
            _insert(warehouse, chunk, metric, "UNION ALL\n".join(rows), gap=gap)
    return True


def _has_lone_rows(warehouse: Warehouse) -> bool:
    found = warehouse.connection.execute("SELECT count(*) FROM summary_brought WHERE session_id IS NULL").fetchone()
    return found is not None and found[0] > 0


def _read_brought(
    warehouse: Warehouse, metrics: Mapping[int, CellMetric], chunk: Chunk, shortest: int, longest: int
) -> None:
    """Sum the chunk's own rows by session, and find the sessions of which that is not all; gaps in microseconds."""
    connection = warehouse.connection
    values: dict[str, object] = {**chunk.values, "stream": chunk.stream.name, "gap": shortest}
    columns = measures(metrics, chunk.stream, values)
    text = statement("units_brought", rows=chunk.rows, measures=columns, sums=_sums(metrics))
    connection.execute(text, values)
    found = connection.execute(
        "SELECT min(_first), max(_last) FROM summary_brought WHERE session_id IS NOT NULL"
    ).fetchone()
    first, last = found if found is not None and found[0] is not None else (0, 0)
    text = statement("units_touched", events=chunk.events, brought=chunk.brought)
    connection.execute(text, {**chunk.values, "low": int(first) - longest, "high": int(last) + longest})


def write_items(warehouse: Warehouse, metrics: Mapping[int, CellMetric], chunk: Chunk) -> None:
    """Write what a chunk changes of units that are rows by themselves; "summary_groups" holds the metrics' sums."""
    valued = {i: m for i, m in metrics.items() if m.kind in UNIT_KINDS and m.unit != "session"}
    bound: dict[str, object] = {}
    branches = [sql for i, m in valued.items() if m.kind == "rate" for sql in units_of_rates(i, m, bound)]
    if branches:
        warehouse.connection.execute(f"INSERT INTO {chunk.into}units\n" + "UNION ALL\n".join(branches), bound)
    others = {i: m for i, m in valued.items() if m.kind != "rate"}
    if not others:
        return
    _read_rows(warehouse, others, chunk, "true")
    for index, metric in others.items():
        _insert(warehouse, chunk, metric, _rows(index, metric))


def _read_rows(warehouse: Warehouse, metrics: Mapping[int, CellMetric], chunk: Chunk, which: str) -> None:
    values = dict(chunk.values)
    columns = measures(metrics, chunk.stream, values)
    text = statement("units_items", rows=chunk.rows, measures=columns, which=which)
    warehouse.connection.execute(text, values)


def _read_sessions(warehouse: Warehouse, metrics: Mapping[int, CellMetric], chunk: Chunk, gap: int) -> bool:
    """Bring all rows of the touched sessions together; False when that is too much at once."""
    connection = warehouse.connection
    low, high = _span(warehouse, chunk.events, gap)
    values: dict[str, object] = {"low": low, "high": high, "gap": gap}
    columns = measures(metrics, chunk.stream, values)
    connection.execute(statement("units_rows", events=chunk.events, measures=columns), values)
    connection.execute(statement("units_visits"), {"batches": list(chunk.batches)})
    effort = connection.execute(statement("units_effort")).fetchone()
    return not (len(chunk.batches) > 1 and effort is not None and effort[0] > MOST_EFFORT)


def _span(warehouse: Warehouse, events: str, gap: int) -> tuple[int, int]:
    """Ends, in microseconds since 1970, between which every session touched lies with a gap to spare on both sides.

    The span grows in ever longer steps until nothing of those sessions is near its ends, so that time without them
    is not read.
    """
    found = warehouse.connection.execute("SELECT min(_first), max(_last) FROM summary_touched").fetchone()
    if found is None or found[0] is None:
        return 0, 0
    first, last, reach = int(found[0]), int(found[1]), gap
    low, high = first, last
    while low > first - gap or high < last + gap:
        low = min(low, first - reach)
        high = max(high, last + reach)
        reach *= 4
        seen = warehouse.connection.execute(
            statement("units_span", events=events), {"low": low, "high": high}
        ).fetchone()
        if seen is not None and seen[0] is not None:
            first, last = int(seen[0]), int(seen[1])
    return low, high


def _sums(metrics: Mapping[int, CellMetric]) -> str:
    columns: list[str] = []
    for i, metric in metrics.items():
        inside = "" if metric.where is None else f" FILTER (_in_{i})"
        # The sum of a rate over one session fits 64 bits, which are grouped by much faster.
        wide = "BIGINT" if metric.kind == "rate" else "HUGEINT"
        columns.append(f"count(*){inside} AS _items_{i}")
        columns.append(f"count(*){inside} - count(_value_{i}){inside} AS _unscored_{i}")
        columns.append(f"coalesce(sum(_value_{i}){inside}, 0)::{wide} AS _total_{i}")
        if metric.kind == "assisted":
            columns += [
                f"coalesce(sum(_missing_{end}_{i}) FILTER (_in_{i}), 0)::HUGEINT AS _missing_{end}_{i}"
                for end in ("low", "high")
            ]
    return ",\n       ".join(columns)


def _rows(index: int, metric: CellMetric) -> str:
    """SQL of a metric's units that are rows; unscored ones are worth the ends of its range, or their own ends."""
    low, high = _ends(index, metric)
    return statement("units_of_items", index=str(index), missing_low=low, missing_high=high)


def _sessions(index: int, metric: CellMetric, *, whole: bool) -> str:
    """SQL of a metric's units that are sessions; `whole` tells whether some were looked at as a whole."""
    low, high = _ends(index, metric)
    more = f", _missing_low_{index}, _missing_high_{index}" if metric.kind == "assisted" else ""
    pieces = statement("units_of_pieces", index=str(index), more=more) if whole else ""
    return statement(
        "units_of_sessions", index=str(index), missing_low=low, missing_high=high, more=more, pieces=pieces
    )


def _ends(index: int, metric: CellMetric) -> tuple[str, str]:
    """SQL of what the unscored rows of a unit are worth at least and at most; an assisted metric's have their own."""
    if metric.kind == "assisted":
        return f"_missing_low_{index}", f"_missing_high_{index}"
    return "unscored * $low::HUGEINT", "unscored * $high::HUGEINT"


def _insert(warehouse: Warehouse, chunk: Chunk, metric: CellMetric, rows: str, *, gap: int | None = None) -> None:
    values: dict[str, object] = {"digest": metric.digest, "window": metric.window_seconds * 1_000_000}
    if gap is not None:
        values["gap"] = gap
    if metric.kind != "assisted":
        values["low"], values["high"] = range_of(metric) or (None, None)
    warehouse.connection.execute(statement("units_insert", into=chunk.into, rows=rows), values)


def _window(items: Sequence[UnitCount], bounded: bool) -> UnitCount:
    """The items of one window as one unit; items without a value count at the ends of the range, if there is one."""
    counted = items if bounded else [item for item in items if item.scored]
    rows = sum(item.count for item in counted)
    low = _mean(sum(item.low * item.count for item in counted), rows)
    high = _mean(sum(item.high * item.count for item in counted), rows)
    return UnitCount(items[0].window_start, low, high, any(item.scored for item in items), 1)


def _mean(total: int, count: int) -> int:
    """The mean rounded half away from zero, 0 for nothing."""
    if count == 0:
        return 0
    rounded = (2 * abs(total) + count) // (2 * count)
    return rounded if total >= 0 else -rounded
