"""The same rules as one aggregate: what checking costs at least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checks.quality.records import Expectation
from warehouse.new_rows import NewRows


def ask(rows: NewRows, query: str) -> list[int]:
    """The rows that break each rule, asked on a connection of its own as Great Expectations asks."""
    connection = rows.connect()
    try:
        return list(connection.execute(query).fetchone())
    finally:
        connection.close()


def fused(checks: Sequence[Expectation], view: str) -> str:
    """One aggregate that counts the rows that break each rule.

    Rows of a key that is there twice are counted from groups of the key: a window over all rows takes several times
    as long.
    """
    counts = [
        f"count(*) FILTER ({_broken(check)})" if not _unique(check) else _doubled(check, view) for check in checks
    ]
    return f'SELECT {", ".join(counts)} FROM "{view}"'


def _unique(check: Expectation) -> bool:
    return check.expectation == "expect_column_values_to_be_unique"


def _doubled(check: Expectation, view: str) -> str:
    groups = f'SELECT count(*) AS same FROM "{view}" WHERE {check.column} IS NOT NULL GROUP BY {check.column}'
    return f"(SELECT coalesce(sum(same), 0)::BIGINT FROM ({groups}) WHERE same > 1)"


def _broken(check: Expectation) -> str:
    column, arguments = check.column, check.arguments
    match check.expectation:
        case "expect_column_values_to_not_be_null":
            return f"{column} IS NULL"
        case "expect_column_values_to_be_in_set":
            return f"{column} NOT IN ({_literals(arguments['value_set'])})"
        case "expect_column_values_to_be_between":
            limits = {"<": arguments.get("min_value"), ">": arguments.get("max_value")}
            return " OR ".join(f"{column} {sign} {limit}" for sign, limit in limits.items() if limit is not None)
    raise AssertionError(check.expectation)


def _literals(values: Sequence[Any]) -> str:
    return ", ".join(f"'{value}'" for value in values)
