"""The suite says what the schema promises, refuses what nobody knows, and no check without values stays silent."""

from __future__ import annotations

import pytest

from checks.quality.expectations import findings, from_schema, problems, suite
from checks.quality.known import ARGUMENTS, UNSUPPORTED
from checks.quality.records import CheckResult, Expectation
from warehouse.records.errors import ConfigurationError
from warehouse.records.streams import BUILT_IN, COMMON, Column, Stream

STREAM = Stream(
    "reviews",
    "Reviews.",
    (
        Column("stars", "integer", "Stars.", low=1, high=5),
        Column("cost", "number", "Cost.", low=0),
        Column("kind", "text", "Kind.", nullable=False, choices=("a", "b")),
    ),
)


def result(**changes: object) -> CheckResult:
    base: dict[str, object] = {
        "name": "stars in range",
        "stream": "reviews",
        "column": "stars",
        "expectation": "expect_column_values_to_be_between",
        "state": "passed",
        "severity": "warning",
        "owner": "ann",
        "observed": "",
        "expected": "",
        "unexpected": 0,
        "rows": 10,
        "detail": "d",
        "batch": 3,
    }
    return CheckResult(**{**base, **changes})  # type: ignore[arg-type]  # a test builder


def test_schema_promises_become_expectations() -> None:
    checks = {(check.expectation, check.column): check for check in from_schema(STREAM)}
    assert checks["expect_column_values_to_be_unique", "event_id"].severity == "critical"
    assert checks["expect_column_values_to_be_between", "stars"].arguments == {
        "column": "stars",
        "min_value": 1,
        "max_value": 5,
    }
    assert "max_value" not in checks["expect_column_values_to_be_between", "cost"].arguments
    assert checks["expect_column_values_to_be_in_set", "kind"].arguments["value_set"] == ["a", "b"]
    assert checks["expect_column_values_to_not_be_null", "kind"].needs_values
    assert ("expect_column_values_to_not_be_null", "stars") not in checks


def test_no_check_that_cannot_fail_is_made_of_the_declared_types() -> None:
    assert not [check for check in from_schema(STREAM) if "type" in check.expectation]


@pytest.mark.parametrize("stream", BUILT_IN.values(), ids=lambda stream: stream.name)
def test_every_built_in_stream_has_a_suite_of_known_expectations(stream: Stream) -> None:
    checks = suite(stream)
    needed = {c.column for c in checks if c.expectation == "expect_column_values_to_not_be_null"}
    assert needed == {column.name for column in (*COMMON, *stream.columns) if not column.nullable}
    assert {check.expectation for check in checks} <= set(ARGUMENTS) - UNSUPPORTED
    assert problems(checks, stream) == []


def test_own_expectations_follow_in_their_order() -> None:
    own = (
        Expectation("b", "expect_table_row_count_to_equal", {"value": 3}),
        Expectation("a", "expect_column_mean_to_be_between", {"column": "stars", "min_value": 2}),
    )
    assert suite(STREAM, own)[-2:] == own


def test_unknown_names_arguments_and_columns_are_refused_all_at_once_with_the_nearest() -> None:
    own = (
        Expectation("x", "expect_column_values_to_be_betwen", {"column": "stars"}),
        Expectation("x", "expect_column_values_to_be_between", {"colum": "stars", "min_valu": 1}),
        Expectation("x", "expect_column_pair_values_to_be_equal", {"column_A": "star", "column_B": "cost"}),
        Expectation("x", "unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM events_reviews"}),
    )
    with pytest.raises(ConfigurationError) as caught:
        suite(STREAM, own)
    hints = {problem.path: problem.hint for problem in caught.value.problems}
    assert hints["checks[0].expectation"] == "Did you mean 'expect_column_values_to_be_between'?"
    assert hints["checks[1].min_valu"] == "Did you mean 'min_value'?"
    assert hints["checks[2].column_A"] == "Did you mean 'stars'?"
    assert "checks[3].unexpected_rows_query" in hints


def test_failed_and_errored_checks_become_findings_and_passed_ones_do_not() -> None:
    found = findings([result(), result(state="failed", observed="3 of 10 rows"), result(state="error", name="e")])
    assert [(f.kind, f.state, f.subject, f.batch) for f in found] == [
        ("expectation", "failed", "stars", 3),
        ("expectation", "error", "stars", 3),
    ]


def test_a_check_without_values_is_an_error_unless_nothing_had_to_be_there() -> None:
    found = findings([result(state="no_data", name="needed"), result(state="no_data", needs_values=False)])
    assert [(f.name, f.state) for f in found] == [("needed", "error")]


def test_a_batch_without_rows_is_one_finding_whatever_the_number_of_checks() -> None:
    found = findings([result(state="no_data", rows=0, needs_values=False) for _ in range(9)])
    assert [(f.name, f.state, f.subject) for f in found] == [("rows to check", "error", "reviews")]
