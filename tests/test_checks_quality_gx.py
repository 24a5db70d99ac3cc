"""Great Expectations inside DuckDB: every expectation finds what the rows say, in the rows that are new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from quality_rows import STREAM, check, checked, fill

from checks.quality import gx, quick
from checks.quality.expectations import from_schema
from checks.quality.known import ARGUMENTS, UNSUPPORTED
from checks.quality.records import Expectation
from warehouse.store import Warehouse

pytestmark = pytest.mark.slow


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as opened:
        fill(opened)
        yield opened


BOTH_WAYS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("expect_column_distinct_values_to_be_in_set", {"value_set": [f"x{i}" for i in range(5)]}, {"value_set": ["x0"]}),
    ("expect_column_distinct_values_to_contain_set", {"value_set": ["x0"]}, {"value_set": ["z"]}),
    ("expect_column_distinct_values_to_equal_set", {"value_set": [f"x{i}" for i in range(5)]}, {"value_set": ["x0"]}),
    (
        "expect_column_kl_divergence_to_be_less_than",
        {"partition_object": {"values": [f"x{i}" for i in range(5)], "weights": [0.2] * 5}, "threshold": 0.1},
        {"partition_object": {"values": [f"x{i}" for i in range(5)], "weights": [0.6] + [0.1] * 4}, "threshold": 0.1},
    ),
    ("expect_column_most_common_value_to_be_in_set", {"value_set": ["x0"], "ties_okay": True}, {"value_set": ["z"]}),
    ("expect_column_value_lengths_to_be_between", {"min_value": 2, "max_value": 2}, {"min_value": 3}),
    ("expect_column_value_lengths_to_equal", {"value": 2}, {"value": 3}),
    ("expect_column_values_to_be_in_set", {"value_set": [f"x{i}" for i in range(5)]}, {"value_set": ["x0"]}),
    ("expect_column_values_to_not_be_in_set", {"value_set": ["z"]}, {"value_set": ["x0"]}),
    ("expect_column_max_to_be_between", {"column": "cost", "max_value": 1e6}, {"column": "cost", "max_value": 1}),
    ("expect_column_mean_to_be_between", {"column": "cost", "max_value": 1e6}, {"column": "cost", "max_value": 1}),
    ("expect_column_median_to_be_between", {"column": "cost", "max_value": 1e6}, {"column": "cost", "max_value": 1}),
    ("expect_column_min_to_be_between", {"column": "cost", "max_value": 1}, {"column": "cost", "min_value": 1}),
    ("expect_column_stdev_to_be_between", {"column": "cost", "max_value": 1e6}, {"column": "cost", "max_value": 1}),
    ("expect_column_sum_to_be_between", {"column": "cost", "max_value": 1e9}, {"column": "cost", "max_value": 1}),
    (
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "more", "column_B": "stars"},
        {"column_A": "stars", "column_B": "more"},
    ),
    (
        "expect_column_pair_values_to_be_equal",
        {"column_A": "stars", "column_B": "copy"},
        {"column_A": "stars", "column_B": "more"},
    ),
    (
        "expect_column_pair_values_to_be_in_set",
        {"column_A": "stars", "column_B": "copy", "value_pairs_set": [(i, i) for i in range(7)]},
        {"column_A": "stars", "column_B": "copy", "value_pairs_set": [(0, 0)]},
    ),
    ("expect_column_proportion_of_non_null_values_to_be_between", {"min_value": 0.9}, {"max_value": 0.9}),
    ("expect_column_proportion_of_unique_values_to_be_between", {"max_value": 0.9}, {"min_value": 0.9}),
    (
        "expect_column_quantile_values_to_be_between",
        {"column": "cost", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1e6]]}},
        {"column": "cost", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]]}},
    ),
    ("expect_column_to_exist", {"column": "cost"}, {"column": "absent"}),
    (
        "expect_column_type_to_be",
        {"column": "occurred_at", "type_": "TIMESTAMP WITH TIME ZONE"},
        {"column": "scores", "type_": "VARCHAR"},
    ),
    ("expect_column_unique_value_count_to_be_between", {"min_value": 5, "max_value": 5}, {"min_value": 9}),
    (
        "expect_column_value_z_scores_to_be_less_than",
        {"column": "cost", "threshold": 9, "double_sided": True},
        {"column": "cost", "threshold": 0.1, "double_sided": True},
    ),
    ("expect_column_values_to_be_between", {"column": "cost", "min_value": 0}, {"column": "cost", "min_value": 10}),
    (
        "expect_column_values_to_be_in_type_list",
        {"column": "scores", "type_list": ["JSON", "VARCHAR"]},
        {"column": "scores", "type_list": ["DOUBLE"]},
    ),
    ("expect_column_values_to_be_null", {"column": "empty"}, {"column": "cost"}),
    (
        "expect_column_values_to_be_of_type",
        {"column": "cost", "type_": "DOUBLE"},
        {"column": "cost", "type_": "VARCHAR"},
    ),
    ("expect_column_values_to_be_unique", {"column": "event_id"}, {"column": "stars"}),
    ("expect_column_values_to_not_be_null", {"column": "kind"}, {"column": "arm"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["event_id", "kind"]}, {"column_list": ["stars", "copy"]}),
    (
        "expect_multicolumn_sum_to_equal",
        {"column_list": ["stars", "copy"], "sum_total": 0, "mostly": 0.1},
        {"column_list": ["stars", "copy"], "sum_total": 3},
    ),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["stars", "copy"]}, {"column_list": ["stars", "more"]}),
    (
        "expect_select_column_values_to_be_unique_within_record",
        {"column_list": ["stars", "more"]},
        {"column_list": ["stars", "copy"]},
    ),
    ("expect_table_column_count_to_be_between", {"min_value": 17, "max_value": 17}, {"min_value": 18}),
    ("expect_table_column_count_to_equal", {"value": 17}, {"value": 18}),
    (
        "expect_table_columns_to_match_ordered_list",
        {"column_list": [*STREAM.names(), "batch", "closed_by"]},
        {"column_list": ["batch"]},
    ),
    (
        "expect_table_columns_to_match_set",
        {"column_set": [*STREAM.names(), "batch", "closed_by"]},
        {"column_set": ["batch"]},
    ),
    ("expect_table_row_count_to_be_between", {"min_value": 500, "max_value": 500}, {"min_value": 501}),
    ("expect_table_row_count_to_equal", {"value": 500}, {"value": 501}),
    (
        "expect_table_row_count_to_equal_other_table",
        {"other_table_name": "new_rows"},
        {"other_table_name": "events_reviews"},
    ),
    (
        "unexpected_rows_expectation",
        {"unexpected_rows_query": "SELECT * FROM {batch} WHERE NOT regexp_matches(kind, '^x[0-4]$')"},
        {"unexpected_rows_query": "SELECT * FROM {batch} WHERE NOT regexp_matches(kind, '^x[0-3]$')"},
    ),
]


def with_column(name: str, arguments: dict[str, Any]) -> Expectation:
    named = any(key.startswith("column") for key in arguments)
    takes = "column" in ARGUMENTS[name] and not named
    return Expectation(name, name, {**({"column": "kind"} if takes else {}), **arguments})


def test_every_supported_expectation_passes_and_fails_as_the_rows_say(warehouse: Warehouse) -> None:
    assert {name for name, _, _ in BOTH_WAYS} == set(ARGUMENTS) - UNSUPPORTED
    for column, wanted in ((1, "passed"), (2, "failed")):
        results = checked(warehouse, *(with_column(entry[0], entry[column]) for entry in BOTH_WAYS))
        assert {r.expectation: (r.state, r.detail) for r in results if r.state != wanted} == {}


def test_the_table_of_expectations_is_the_library_s_own() -> None:
    with gx._quiet():
        from great_expectations.expectations.registry import get_expectation_impl as implementation
        from great_expectations.expectations.registry import list_registered_expectation_implementations as known
    general = {"id", "meta", "notes", "result_format", "description", "catch_exceptions", "rendered_content"}
    general |= {"windows", "severity", "batch_id", "library_metadata", "type", "name"}
    names = {name for name in known() if name.startswith(("expect_", "unexpected_"))}
    assert names == set(ARGUMENTS)
    for name in sorted(names):
        assert set(implementation(name).__fields__) - general == set(ARGUMENTS[name]), name


def test_a_failing_expectation_counts_the_rows_that_break_it(warehouse: Warehouse) -> None:
    result = checked(warehouse, check("expect_column_values_to_be_between", column="stars", max_value=5))[0]
    assert (result.state, result.unexpected, result.rows, result.batch) == ("failed", 71, 500, 0)
    assert type(result.unexpected) is int
    assert result.observed == "71 of 500 rows"
    assert result.expected == "max_value 5"


def test_only_the_new_rows_are_looked_at_in_the_revision_of_their_batch(warehouse: Warehouse) -> None:
    count = check("expect_table_row_count_to_equal", value=500)
    assert [checked(warehouse, count, batch=batch)[0].state for batch in (0, 1, 2)] == ["passed"] * 3
    warehouse.connection.execute("UPDATE events_reviews SET closed_by = 0 WHERE event_id = 'e4'")
    assert checked(warehouse, count)[0].observed == "499"


def test_nothing_to_check_is_neither_passed_nor_failed(warehouse: Warehouse) -> None:
    checks = (
        check("expect_column_values_to_be_between", column="empty", min_value=0),
        check("expect_column_mean_to_be_between", column="empty", min_value=0),
        check("expect_column_distinct_values_to_be_in_set", column="empty", value_set=[1]),
        check(
            "expect_column_values_to_be_between",
            column="cost",
            min_value=0,
            row_condition='col("stars") > 99',
            condition_parser="great_expectations",
        ),
    )
    assert [r.state for r in checked(warehouse, *checks)] == ["no_data"] * 4
    shape = check("expect_column_type_to_be", column="kind", type_="VARCHAR")
    results = checked(warehouse, *from_schema(STREAM), shape, batch=99)
    assert len(results) > 6
    assert [r.state for r in results] == ["no_data"] * (len(results) - 1) + ["passed"]


def test_schema_suite_of_clean_rows_passes(warehouse: Warehouse) -> None:
    assert {r.state for r in checked(warehouse, *from_schema(STREAM))} == {"passed"}


@pytest.mark.parametrize("batch", [0, 1, 99])
@pytest.mark.parametrize("show_values", [True, False])
def test_a_short_answer_says_what_the_full_one_says(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, batch: int, show_values: bool
) -> None:
    checks = (
        *from_schema(STREAM),
        check("expect_column_values_to_be_between", column="stars", max_value=5),
        check("expect_column_values_to_be_between", column="cost", min_value=0, mostly=0.5),
        check("expect_column_values_to_be_between", column="empty", min_value=0),
        check("expect_column_values_to_be_in_set", column="kind", value_set=["x0"]),
        check("expect_column_values_to_not_be_in_set", column="kind", value_set=["z"]),
        check("expect_column_values_to_be_unique", column="stars"),
        check("expect_column_values_to_not_be_null", column="empty"),
        check("expect_column_values_to_not_be_null", column="arm"),
        check("expect_column_values_to_not_be_null", column="absent"),
        check("expect_column_values_to_be_between", column="kind", min_value=0),
    )
    short = checked(warehouse, *checks, batch=batch, show_values=show_values)
    monkeypatch.setattr(quick, "is_simple", lambda _: False)
    assert checked(warehouse, *checks, batch=batch, show_values=show_values) == short
