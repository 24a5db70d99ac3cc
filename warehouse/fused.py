"""Cells and bins of all metrics of a chunk: one pass over its rows for the sums, one more for all histograms.

What a metric needs is as little as its kind allows: a rate is two counts, from which its sums follow. What the pass
found stays in the temporary table "summary_groups", from which units that are single rows of a rate are read as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warehouse import assisted
from warehouse.binning import near, place
from warehouse.chunks import Chunk
from warehouse.expressions import bind
from warehouse.measures import condition, largest, millionths, number, truth, usable
from warehouse.records.metrics import SCALE, CellMetric
from warehouse.records.streams import Stream
from warehouse.scope import statement
from warehouse.store import Warehouse

SQUARABLE = 3_037_000_499
"""The largest number whose square is a 64-bit integer."""


@dataclass(frozen=True, slots=True)
class _Sums:
    """SQL of one metric: what it makes of a row, the aggregates of that by name, and its sums out of those.

    `given` is the number that it reads from a row, if it reads one; `columns` may refer to it.
    """

    given: tuple[str, ...]
    columns: tuple[str, ...]
    aggregates: Mapping[str, str]
    items: str
    scored: str
    total: str
    squares: str


def write(warehouse: Warehouse, metrics: Mapping[int, CellMetric], chunk: Chunk) -> None:
    """Write the deltas of cells and bins of metrics with one window length; "summary_groups" stays."""
    connection = warehouse.connection
    window: dict[str, object] = {"window": next(iter(metrics.values())).window_seconds * 1_000_000}
    values = {**chunk.values, **window}
    sums = {index: _sums(index, metric, chunk.stream, values) for index, metric in metrics.items()}
    aggregates = {name: sql for each in sums.values() for name, sql in each.aggregates.items()}
    shared = {"window": statement("cells_window"), "rows": chunk.rows}
    # Without rows superseded there is one group per sign, and nothing to sum.
    signed = ", ".join(f"sum(_sign * {n})::HUGEINT AS {n}" if chunk.superseding else n for n in aggregates)
    connection.execute(
        statement(
            "cells_groups",
            signed=signed,
            grouped="GROUP BY ALL" if chunk.superseding else "",
            aggregates=", ".join(f"{sql} AS {name}" for name, sql in aggregates.items()),
            numbers="".join(f", {sql}" for each in sums.values() for sql in each.given),
            columns=", ".join(sql for each in sums.values() for sql in each.columns) or "NULL AS _nothing",
            **shared,
        ),
        values,
    )
    bound: dict[str, object] = {}
    branches = [
        statement(
            "cells_of_metric",
            digest=bind(metric.digest, bound),
            items=sums[index].items,
            scored=sums[index].scored,
            total=sums[index].total,
            squares=sums[index].squares,
        )
        for index, metric in metrics.items()
    ]
    connection.execute(statement("cells_insert", into=chunk.into, branches="UNION ALL\n".join(branches)), bound)
    _write_bins(warehouse, {i: m for i, m in metrics.items() if m.kind == "histogram"}, chunk, window, shared)


def units_of_rates(index: int, metric: CellMetric, bound: dict[str, object]) -> list[str]:
    """SQL of the units of a rate whose rows are units by themselves: true ones, false ones, unscored ones."""
    digest, items, scored, true = (
        bind(metric.digest, bound),
        _items(index, metric),
        f"_scored_{index}",
        f"_true_{index}",
    )
    kinds = (
        {"low": str(SCALE), "high": str(SCALE), "scored": "true", "units": true},
        {"low": "0", "high": "0", "scored": "true", "units": f"({scored} - {true})"},
        {"low": "0", "high": str(SCALE), "scored": "false", "units": f"({items} - {scored})"},
    )
    return [statement("units_of_rates", digest=digest, **kind) for kind in kinds]


def _write_bins(
    warehouse: Warehouse,
    histograms: Mapping[int, CellMetric],
    chunk: Chunk,
    window: Mapping[str, object],
    shared: Mapping[str, str],
) -> None:
    """Write the bins of all histograms; one without cut points has a single bin, whose rows are counted already."""
    if not histograms:
        return
    parted = {index: metric for index, metric in histograms.items() if metric.cuts}
    if parted:
        values = {**chunk.values, **window}
        numbers = ", ".join(f"{number(m, chunk.stream, values)} AS _number_{i}" for i, m in parted.items())
        valued = ", ".join(f"{_valued(i, m, chunk.stream, values)} AS _valued_{i}" for i, m in parted.items())
        nearest = ", ".join(f"{near(f'_valued_{i}', m.cuts, values)} AS _near_{i}" for i, m in parted.items())
        places = ", ".join(
            f"{place(f'_valued_{i}', f'_near_{i}', m.cuts, values)} AS _bin_{i}" for i, m in parted.items()
        )
        text = statement("bins_rows", numbers=numbers, valued=valued, nearest=nearest, places=places, **shared)
        warehouse.connection.execute(text, values)
    bound: dict[str, object] = {}
    branches = [
        statement("bins_of_rows", digest=bind(metric.digest, bound), place=f"_bin_{index}", items=chunk.signed)
        if metric.cuts
        else statement("bins_of_groups", digest=bind(metric.digest, bound), items=f"_scored_{index}")
        for index, metric in histograms.items()
    ]
    warehouse.connection.execute(
        statement("bins_insert", into=chunk.into, branches="UNION ALL\n".join(branches)), bound
    )


def _items(index: int, metric: CellMetric) -> str:
    return "_rows" if metric.where is None else f"_items_{index}"


def _sums(index: int, metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> _Sums:
    columns: list[str] = []
    items, scored = _items(index, metric), f"_scored_{index}"
    aggregates = {"_rows": "count(*)"}
    if metric.where is not None:
        columns.append(f"CASE WHEN {condition(metric.where, stream, parameters)} THEN true END AS _in_{index}")
        aggregates[items] = f"count(_in_{index})"
    if metric.kind == "count":
        if metric.scored is None:
            return _Sums((), tuple(columns), aggregates, items, items, "0", "0")
        scores = condition(metric.scored, stream, parameters)
        counts = f"CASE WHEN {_inside(metric, stream, parameters)}{scores} THEN true END"
        aggregates[scored] = f"count(_value_{index})"
        return _Sums((), (*columns, f"{counts} AS _value_{index}"), aggregates, items, scored, "0", "0")
    if metric.kind == "rate":
        counted = condition(metric.scored, stream, parameters)
        found = f"CASE WHEN {_inside(metric, stream, parameters)}{counted} THEN {truth(metric, stream, parameters)} END"
        true = f"_true_{index}"
        aggregates[scored] = f"count(_value_{index})"
        aggregates[true] = f"coalesce(count_if(_value_{index}), 0)"
        total, squares = f"{true} * {SCALE}", f"{true} * {SCALE * SCALE}"
        return _Sums((), (*columns, f"{found} AS _value_{index}"), aggregates, items, scored, total, squares)
    given: tuple[str, ...] = ()
    if metric.kind == "assisted":
        found = assisted.value(metric, stream, parameters)
        found = f"CASE WHEN {_inside(metric, stream, parameters)}true THEN {found} END"
    else:
        given = (f"{number(metric, stream, parameters)} AS _number_{index}",)
        found = millionths(_valued(index, metric, stream, parameters))
    columns.append(f"{found} AS _value_{index}")
    aggregates[scored] = f"count(_value_{index})"
    aggregates[f"_total_{index}"] = f"coalesce(sum(_value_{index}), 0)"
    aggregates[f"_squares_{index}"] = _squares(f"_value_{index}", largest(metric))
    return _Sums(given, tuple(columns), aggregates, items, scored, f"_total_{index}", f"_squares_{index}")


def _inside(metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> str:
    """SQL of the condition that a row is inside, to be followed by another; only for whom uses it, for it binds."""
    return "" if metric.where is None else f"{condition(metric.where, stream, parameters)} AND "


def _valued(index: int, metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> str:
    """SQL of the number of a row that is inside the metric and scored; missing for others."""
    given = f"_number_{index}"
    inside = [condition(each, stream, parameters) for each in (metric.where, metric.scored) if each is not None]
    return f"CASE WHEN {' AND '.join([*inside, usable(given, metric, parameters)])} THEN {given} END"


def _squares(column: str, most: int | None) -> str:
    """The exact sum of squares, in 64 bits where the largest value allows it: that is much faster."""
    wide = "" if most is not None and most <= SQUARABLE else "::HUGEINT"
    return f"coalesce(sum({column}{wide} * {column}), 0)"
