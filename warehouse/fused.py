"""Cells and bins of all metrics of a chunk: one pass over its rows for the sums, one more for all histograms.

What a metric needs is as little as its kind allows: a rate is two counts, from which its sums follow. What the pass
found stays in the temporary table "summary_groups", from which units that are single rows of a rate are read as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from warehouse import assisted
from warehouse.binning import near, place
from warehouse.chunks import Chunk
from warehouse.expressions import bind
from warehouse.measures import condition, largest, millionths, number, usable
from warehouse.records.expressions import Expression
from warehouse.records.metrics import SCALE, CellMetric
from warehouse.records.streams import Stream
from warehouse.scope import statement
from warehouse.store import Warehouse

SQUARABLE = 3_037_000_499
"""The largest number whose square is a 64-bit integer."""


class _Reading:
    """What metrics read from a row, each thing once however many of them need it."""

    def __init__(self, stream: Stream, parameters: dict[str, object]) -> None:
        self.stream = stream
        self.parameters = parameters
        self._columns: dict[tuple[str, Expression], tuple[str, str]] = {}

    def condition(self, expression: Expression) -> str:
        """The column of a truth value, which may be missing."""
        return self._once("_truth", expression, lambda: condition(expression, self.stream, self.parameters))

    def number(self, metric: CellMetric) -> str:
        """The column of the number that a mean or histogram reads."""
        assert metric.value is not None, "a metric without one is refused before"
        return self._once("_number", metric.value, lambda: number(metric, self.stream, self.parameters))

    def inside(self, metric: CellMetric) -> list[str]:
        """The columns that have to be true of a row that is inside the metric and scored."""
        return [self.condition(each) for each in (metric.where, metric.scored) if each is not None]

    def valued(self, metric: CellMetric) -> str:
        """SQL of the number of a row that is inside the metric and scored; missing for others."""
        given = self.number(metric)
        tests = [*self.inside(metric), usable(given, metric, self.parameters)]
        return f"CASE WHEN {' AND '.join(tests)} THEN {given} END"

    def columns(self) -> str:
        """SQL of all of them, each with a comma before it."""
        return "".join(f", {sql} AS {name}" for name, sql in self._columns.values())

    def truths(self) -> list[str]:
        """The columns of truth values."""
        return [name for (kind, _), (name, _) in self._columns.items() if kind == "_truth"]

    def _once(self, kind: str, expression: Expression, sql: Callable[[], str]) -> str:
        key = (kind, expression)
        if key not in self._columns:
            self._columns[key] = (f"{kind}_{len(self._columns)}", sql())
        return self._columns[key][0]


@dataclass(frozen=True, slots=True)
class _Sums:
    """SQL of one metric: what it makes of a row, the aggregates of that by name, and its sums out of those."""

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
    reading = _Reading(chunk.stream, values)
    sums = {index: _sums(index, metric, reading) for index, metric in metrics.items()}
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
            reading=reading.columns(),
            columns="".join(f", {sql}" for sql in (*reading.truths(), *(c for s in sums.values() for c in s.columns))),
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
        reading = _Reading(chunk.stream, values)
        valued = ", ".join(f"{reading.valued(m)} AS _valued_{i}" for i, m in parted.items())
        nearest = ", ".join(f"{near(f'_valued_{i}', m.cuts, values)} AS _near_{i}" for i, m in parted.items())
        places = ", ".join(
            f"{place(f'_valued_{i}', f'_near_{i}', m.cuts, values)} AS _bin_{i}" for i, m in parted.items()
        )
        text = statement(
            "bins_rows", reading=reading.columns(), valued=valued, nearest=nearest, places=places, **shared
        )
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


def _sums(index: int, metric: CellMetric, reading: _Reading) -> _Sums:
    items, scored, value = _items(index, metric), f"_scored_{index}", f"_value_{index}"
    aggregates = {"_rows": "count(*)"}
    if metric.where is not None:
        aggregates[items] = f"coalesce(count_if({reading.condition(metric.where)}), 0)"
    if metric.kind == "count":
        if metric.scored is None:
            return _Sums((), aggregates, items, items, "0", "0")
        aggregates[scored] = f"coalesce(count_if({' AND '.join(reading.inside(metric))}), 0)"
        return _Sums((), aggregates, items, scored, "0", "0")
    if metric.kind == "rate":
        assert metric.value is not None, "a metric without one is refused before"
        found, true, tests = reading.condition(metric.value), f"_true_{index}", reading.inside(metric)
        columns = (f"CASE WHEN {' AND '.join(tests)} THEN {found} END AS {value}",) if tests else ()
        value = value if tests else found
        aggregates |= {scored: f"count({value})", true: f"coalesce(count_if({value}), 0)"}
        return _Sums(columns, aggregates, items, scored, f"{true} * {SCALE}", f"{true} * {SCALE * SCALE}")
    aggregates |= {
        scored: f"count({value})",
        f"_total_{index}": f"coalesce(sum({value}), 0)",
        f"_squares_{index}": _squares(value, largest(metric)),
    }
    columns = (f"{_worth(metric, reading)} AS {value}",)
    return _Sums(columns, aggregates, items, scored, f"_total_{index}", f"_squares_{index}")


def _worth(metric: CellMetric, reading: _Reading) -> str:
    """SQL of the value in millionths of a row that is inside the metric and scored; missing for others."""
    if metric.kind != "assisted":
        return millionths(reading.valued(metric))
    found = assisted.value(metric, reading.stream, reading.parameters)
    return found if metric.where is None else f"CASE WHEN {reading.condition(metric.where)} THEN {found} END"


def _squares(column: str, most: int | None) -> str:
    """The exact sum of squares, in 64 bits where the largest value allows it: that is much faster."""
    wide = "" if most is not None and most <= SQUARABLE else "::HUGEINT"
    return f"coalesce(sum({column}{wide} * {column}), 0)"
