"""What a metric makes of one row, as SQL: whether the row is inside it, and its value in millionths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from warehouse import assisted
from warehouse.expressions import bind, compile
from warehouse.records.errors import UsageError
from warehouse.records.expressions import Expression
from warehouse.records.metrics import SCALE, CellMetric
from warehouse.records.streams import Stream

LARGEST = 1e9
"""Values beyond this, either way, are unscored: their squares in millionths could not be summed exactly."""


def measures(metrics: Sequence[CellMetric], stream: Stream, parameters: dict[str, object]) -> str:
    """SQL columns `_in_<i>`, `_value_<i>` and, for a histogram, `_bin_<i>` for each metric, comma separated.

    `_in` is never missing; `_value` is a number of millionths, missing for unscored rows (0 for a count, which values
    nothing); `_bin` counts from 0 and is missing where `_value` is. An assisted metric has
    `_missing_low_<i>` and `_missing_high_<i>` beside them: the least and the most in millionths that a row whose
    `_value` is missing can be worth, 0 for others.

    Raises:
        UsageError: a metric's expression does not fit the stream, or its range lies beyond `LARGEST`.
    """
    columns: list[str] = []
    for index, metric in enumerate(metrics):
        inside = _condition(metric.where, stream, parameters)
        columns.append(f"coalesce({inside}, false) AS _in_{index}")
        columns.append(f"{_value(metric, stream, parameters)} AS _value_{index}")
        if metric.kind == "histogram":
            columns.append(f"{_bin(metric, stream, parameters)} AS _bin_{index}")
        if metric.kind == "assisted":
            ends = assisted.ends(metric, _span(metric), stream, parameters)
            columns += [
                f"CASE WHEN _value_{index} IS NULL THEN {sql} ELSE 0 END AS _missing_{end}_{index}"
                for end, sql in zip(("low", "high"), ends, strict=True)
            ]
    return ",\n       ".join(columns)


def range_of(metric: CellMetric) -> tuple[int, int] | None:
    """The metric's range in millionths, None when it is open at either end; a rate always lies in 0 to 1.

    Raises:
        UsageError: an end lies beyond `LARGEST`.
    """
    if metric.kind == "rate":
        return 0, SCALE
    if metric.low is None or metric.high is None:
        return None
    for end in (metric.low, metric.high):
        if not abs(end) <= LARGEST:
            raise UsageError(
                f"Metric {metric.name!r} has a range end of {end:g}; allowed is up to {LARGEST:g} either way. "
                "Measure it in a larger unit, or leave that end open."
            )
    return round(metric.low * SCALE), round(metric.high * SCALE)


def _span(metric: CellMetric) -> tuple[int, int]:
    span = range_of(metric)
    if span is None:
        raise UsageError(f"Metric {metric.name!r} is assisted and needs a range with both ends.")
    return span


def _condition(expression: Expression | None, stream: Stream, parameters: dict[str, object]) -> str:
    return "true" if expression is None else compile(expression, stream, parameters, kind="boolean")


def _value(metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> str:
    if metric.kind == "assisted":
        return assisted.value(metric, stream, parameters)
    scored = _condition(metric.scored, stream, parameters)
    match metric.kind:
        case "count":
            return f"CASE WHEN {scored} THEN 0::BIGINT END"
        case "rate":
            truth = compile(_given(metric), stream, parameters, kind="boolean")
            return f"CASE WHEN {scored} THEN CASE {truth} WHEN true THEN {SCALE} WHEN false THEN 0 END END::BIGINT"
        case "mean" | "histogram":
            number, usable = _number(metric, stream, parameters)
            return f"CASE WHEN {scored} AND {usable} THEN TRY_CAST(round({number} * {SCALE}) AS BIGINT) END"
        case _:
            assert_never(metric.kind)


def _bin(metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> str:
    """SQL of the number of cut points at or below the value."""
    scored = _condition(metric.scored, stream, parameters)
    number, usable = _number(metric, stream, parameters)
    above = " + ".join(f"({number} >= {bind(float(cut), parameters)}::DOUBLE)::INTEGER" for cut in metric.cuts)
    return f"CASE WHEN {scored} AND {usable} THEN {above or '0'} END"


def _number(metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> tuple[str, str]:
    """SQL of the value and of the condition that it is in range; a number that is not finite is in no range."""
    range_of(metric)
    number = compile(_given(metric), stream, parameters, kind="number")
    low = -LARGEST if metric.low is None else max(-LARGEST, metric.low)
    high = LARGEST if metric.high is None else min(LARGEST, metric.high)
    return number, f"{number} BETWEEN {bind(low, parameters)}::DOUBLE AND {bind(high, parameters)}::DOUBLE"


def _given(metric: CellMetric) -> Expression:
    if metric.value is None:
        raise UsageError(f"Metric {metric.name!r} is a {metric.kind} and needs a value; only a count has none.")
    return metric.value
