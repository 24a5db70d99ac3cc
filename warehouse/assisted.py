"""What an assisted metric makes of one row, as SQL: its value, and the ends of what it can be worth where it has none.

A row is worth g + [chosen] (y - g) / chance, in millionths: g is the calibration of the judge's verdict on it, y the
label of people. The formula and why it is right are in `checks.evidence.assisted`, which has the same rules for one row
in plain Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.expressions import bind, compile
from warehouse.records.errors import UsageError
from warehouse.records.metrics import SCALE, Assistance, CellMetric
from warehouse.records.streams import Stream


@dataclass(frozen=True, slots=True)
class _Row:
    """SQL of one row's parts: its calibration, whether it was chosen, its chance and whether that can be used."""

    g: str
    chosen: str
    chance: str
    usable: str


def value(metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> str:
    """SQL of the value in millionths; missing for a chosen row without a label, and for one that cannot be weighed.

    Raises:
        UsageError: the metric lacks its assistance, or an expression does not fit the stream.
    """
    row, label = _row(metric, stream, parameters), _label(metric, stream, parameters)
    return (
        f"CASE WHEN {row.chosen} AND {row.usable} THEN {_worth(row, label)} "
        f"WHEN NOT {row.chosen} AND ({row.usable} OR {row.chance} IS NULL) THEN {_millionths(row.g)} END"
    )


def ends(metric: CellMetric, span: tuple[int, int], stream: Stream, parameters: dict[str, object]) -> tuple[str, str]:
    """SQL of the least and the most that a row without a value can be worth, in millionths; `span` is the whole range.

    A chosen row without a label is between what either label would make it. A row that was not chosen and could not
    have been is what people would say of it, between 0 and 1. Any other that cannot be weighed has the whole range.
    """
    row = _row(metric, stream, parameters)

    def end(label: str, never: int, whole: int) -> str:
        return (
            f"CASE WHEN {row.chosen} AND {row.usable} THEN {_worth(row, label)} "
            f"WHEN NOT {row.chosen} THEN {never} ELSE {whole} END::BIGINT"
        )

    return end("0.0::DOUBLE", 0, span[0]), end("1.0::DOUBLE", SCALE, span[1])


def _row(metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> _Row:
    given = _given(metric)
    stratum = _stratum(given, metric.cuts, stream, parameters)
    chance = compile(given.chance, stream, parameters, kind="number")
    least = _choose(stratum, given.least_chance, min(given.least_chance), parameters)
    return _Row(
        g=_choose(stratum, given.calibration, given.unpredicted, parameters),
        chosen=compile(given.chosen, stream, parameters, kind="boolean"),
        chance=chance,
        usable=f"coalesce({chance} BETWEEN {least} AND 1, false)",
    )


def _label(metric: CellMetric, stream: Stream, parameters: dict[str, object]) -> str:
    assert metric.value is not None, "a metric without one is refused before"
    truth = compile(metric.value, stream, parameters, kind="boolean")
    counts = "true" if metric.scored is None else compile(metric.scored, stream, parameters, kind="boolean")
    return f"CASE WHEN {counts} THEN ({truth})::INTEGER::DOUBLE END"


def _given(metric: CellMetric) -> Assistance:
    strata = 2 if not metric.cuts else len(metric.cuts) + 1
    found = metric.assistance
    if metric.value is None or found is None or not strata == len(found.calibration) == len(found.least_chance):
        raise UsageError(
            f"Metric {metric.name!r} is assisted and needs the label of people as its value, and a calibration and a "
            f"smallest chance for each of its {strata} strata."
        )
    return found


def _stratum(given: Assistance, cuts: Sequence[float], stream: Stream, parameters: dict[str, object]) -> str:
    """SQL of the number of the stratum, counting from 0; missing where the judge says nothing."""
    if not cuts:
        return f"({compile(given.predicted, stream, parameters, kind='boolean')})::INTEGER"
    number = compile(given.predicted, stream, parameters, kind="number")
    above = " + ".join(f"({number} >= {bind(float(cut), parameters)}::DOUBLE)::INTEGER" for cut in cuts)
    return f"({above})"


def _choose(stratum: str, values: Sequence[float], otherwise: float, parameters: dict[str, object]) -> str:
    cases = " ".join(f"WHEN {i} THEN {bind(float(v), parameters)}::DOUBLE" for i, v in enumerate(values))
    return f"CASE {stratum} {cases} ELSE {bind(float(otherwise), parameters)}::DOUBLE END"


def _worth(row: _Row, label: str) -> str:
    return _millionths(f"({row.g} + ({label} - {row.g}) / {row.chance})")


def _millionths(number: str) -> str:
    return f"TRY_CAST(round({number} * {SCALE}) AS BIGINT)"
