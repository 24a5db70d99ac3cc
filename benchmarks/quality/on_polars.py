"""The same rules with Pandera on a Polars frame, where both are installed; Gatehold needs neither."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from benchmarks.quality import on_pandas
from checks.quality.records import Expectation
from warehouse.new_rows import NewRows


def missing() -> list[str]:
    """Which of the two cannot be imported; empty where it can be measured."""
    names = []
    for name in ("polars", "pandera.polars"):
        try:
            importlib.import_module(name)
        except ImportError:
            names.append(name.split(".")[0])
    return names


def frame(rows: NewRows, checks: Sequence[Expectation]) -> Any:
    """The columns that have a rule, as a Polars frame in memory."""
    return importlib.import_module("polars").from_pandas(on_pandas.frame(rows, checks))


def schema(checks: Sequence[Expectation]) -> Any:
    """The rules as a Pandera schema, one column each."""
    pandera = importlib.import_module("pandera.polars")
    columns = {}
    for name in {column for check in checks if (column := check.column)}:
        mine = [check for check in checks if check.column == name]
        kinds = {check.expectation for check in mine}
        columns[name] = pandera.Column(
            checks=[rule for check in mine for rule in _rules(pandera, check)],
            nullable="expect_column_values_to_not_be_null" not in kinds,
            unique="expect_column_values_to_be_unique" in kinds,
        )
    return pandera.DataFrameSchema(columns)


def run(rules: Any, data: Any) -> dict[str, int]:
    """The rows that break a rule, by column; columns that keep theirs are left out."""
    errors = importlib.import_module("pandera.errors")
    try:
        rules.validate(data, lazy=True)
    except errors.SchemaErrors as broken:
        return dict(broken.failure_cases.group_by("column").len().iter_rows())
    return {}


def _rules(pandera: Any, check: Expectation) -> list[Any]:
    arguments = check.arguments
    if check.expectation == "expect_column_values_to_be_in_set":
        return [pandera.Check.isin(arguments["value_set"])]
    limits = {"min_value": pandera.Check.ge, "max_value": pandera.Check.le}
    return [rule(arguments[key]) for key, rule in limits.items() if key in arguments]
