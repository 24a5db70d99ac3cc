"""What a metric makes of one row, as SQL: whether the row is inside it, and its value in millionths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import assert_never

from warehouse import assisted
from warehouse.expressions import bind, compile
from warehouse.records.errors import UsageError
from warehouse.records.expressions import Expression
from warehouse.records.metrics import SCALE, CellMetric
from warehouse.records.streams import Stream

LARGEST = 1e9
"""Values beyond this, either way, are unscored: their squares in millionths could not be summed exactly."""


def measures(metrics: Mapping[int, CellMetric], stream: Stream, parameters: dict[str, object]) -> str:
    """SQL columns `_in_<i>` and `_value_<i>` for each metric by its number i, comma separated.

    `_in` is never missing; `_value` is a number of millionths, missing for unscored rows (0 for a count, which values
    nothing). An assisted metric has `_missing_low_<i>` and `_missing_high_<i>` beside them: the least and the most in
    millionths that a row whose `_value` is missing can be worth, 0 for others.

    Raises:
        UsageError: a metric's expression does not fit the stream, or its range lies beyond `LARGEST`.
    """
    columns: list[str] = []
    for index, metric in metrics.items():
        inside = condition(metric.where, stream, parameters)
        columns.append(f"coalesce({inside}, false) AS _in_{index}")
        columns.append(f"{_value(metric, stream, parameters)} AS _value_{index}")
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


def condition(expression: Expression | None, stream: Stream, parameters: dict[str, object]) -> str:
    """SQL of a condition, which may be missing; true for none."""
    return "true" if expression is None else compile(expression, stream, parameters, kind="boolean")


def truth(metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> str:
    """SQL of the truth value that a rate gives a row."""
    return compile(_given(metric), stream, parameters, kind="boolean")


def number(metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> str:
    """SQL of the number that a mean or histogram gives a row; it may be anything, `usable` says which count."""
    found = compile(_given(metric), stream, parameters, kind="number")
    # A number that is not finite is outside every range: asking twice costs as much as all the rest.
    checked = re.fullmatch(r"CASE WHEN isfinite\((?P<inner>.+)\) THEN (?P=inner) END", found)
    return checked["inner"] if checked else found


def usable(given: str, metric: CellMetric, parameters: dict[str, object]) -> str:
    """SQL of the condition that a number is in the metric's range; one that is not finite is in none."""
    range_of(metric)
    low = -LARGEST if metric.low is None else max(-LARGEST, metric.low)
    high = LARGEST if metric.high is None else min(LARGEST, metric.high)
    return f"{given} BETWEEN {bind(low, parameters)}::DOUBLE AND {bind(high, parameters)}::DOUBLE"


def largest(metric: CellMetric) -> int | None:
    """The largest size of a value in millionths where the metric's range bounds it; None where nothing does."""
    if metric.kind == "assisted":
        return None
    span = range_of(metric)
    return None if span is None else max(abs(end) for end in span)


def _value(metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> str:
    if metric.kind == "assisted":
        return assisted.value(metric, stream, parameters)
    scored = condition(metric.scored, stream, parameters)
    match metric.kind:
        case "count":
            return f"CASE WHEN {scored} THEN 0::BIGINT END"
        case "rate":
            found = truth(metric, stream, parameters)
            return f"CASE WHEN {scored} THEN CASE {found} WHEN true THEN {SCALE} WHEN false THEN 0 END END::BIGINT"
        case "mean" | "histogram":
            given = number(metric, stream, parameters)
            return f"CASE WHEN {scored} AND {usable(given, metric, parameters)} THEN {millionths(given)} END"
        case _:
            assert_never(metric.kind)


def millionths(given: str) -> str:
    """SQL of a number in millionths, rounded half away from zero."""
    return f"TRY_CAST(round({given} * {SCALE}) AS BIGINT)"


def _given(metric: CellMetric) -> Expression:
    if metric.value is None:
        raise UsageError(f"Metric {metric.name!r} is a {metric.kind} and needs a value; only a count has none.")
    return metric.value
