"""Great Expectations inside DuckDB: findings are right, an error stays with its own check, others are not disturbed."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.quality import gx, quick
from checks.quality.expectations import from_schema
from checks.quality.known import ARGUMENTS, UNSUPPORTED
from checks.quality.records import CheckResult, Expectation
from warehouse.new_rows import new_rows
from warehouse.records.errors import UsageError
from warehouse.records.streams import COMMON, Column, Stream
from warehouse.store import Warehouse

pytestmark = pytest.mark.slow

STREAM = Stream(
    "reviews",
    "Reviews.",
    (
        Column("stars", "integer", "Stars.", low=0, high=6),
        Column("copy", "integer", "The same."),
        Column("more", "integer", "One more."),
        Column("kind", "text", "Kind.", choices=("x0", "x1", "x2", "x3", "x4")),
        Column("cost", "number", "Cost.", low=0),
        Column("empty", "number", "Nothing."),
        Column("scores", "json", "Scores."),
    ),
)
TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMPTZ",
    "json": "JSON",
}


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as opened:
        columns = ", ".join(f"{c.name} {TYPES[c.type]}" for c in (*COMMON, *STREAM.columns))
        opened.connection.execute(f"CREATE TABLE events_reviews ({columns}, batch BIGINT, closed_by BIGINT)")
        opened.connection.execute(
            "INSERT INTO events_reviews SELECT 'e' || i, TIMESTAMPTZ '2026-01-01 00:00:00+00' + INTERVAL (i) SECOND, "
            "'s', 'r', NULL, CASE WHEN i % 2 = 0 THEN 'control' END, NULL, false, i % 7, i % 7, i % 7 + 1, "
            "'x' || (i % 5), i * 1.5, NULL, '{}', i // 500, NULL FROM range(1500) t(i)"
        )
        # A restated row: its first revision was closed by batch 2.
        opened.connection.execute("UPDATE events_reviews SET closed_by = 2 WHERE event_id = 'e3'")
        yield opened


def checked(warehouse: Warehouse, *checks: Expectation, batch: int = 0, **more: Any) -> tuple[CheckResult, ...]:
    rows = new_rows(warehouse, "reviews", batch)
    return gx.run(rows.connect, rows.view, checks, stream="reviews", batch=batch, **more)


def check(expectation: str, **arguments: Any) -> Expectation:
    return Expectation(expectation, expectation, arguments)


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


def test_unsupported_expectations_are_errors_that_say_what_to_do_instead(warehouse: Warehouse) -> None:
    regex = check("expect_column_values_to_match_regex", column="kind", regex="^x")
    like = check("expect_column_values_to_match_like_pattern", column="kind", like_pattern="x%")
    rising = check("expect_column_values_to_be_increasing", column="cost")
    results = checked(warehouse, regex, like, rising)
    assert [r.state for r in results] == ["error"] * 3
    assert all("unexpected_rows_expectation" in r.detail for r in results)


def test_an_erroring_expectation_is_an_error_for_itself_only(warehouse: Warehouse) -> None:
    broken = (
        check("expect_column_values_to_be_between", column="cost", min_value="abc"),
        check("expect_column_values_to_be_between", column="kind", min_value=0),
        check("expect_column_mean_to_be_between", column="absent", max_value=1),
        check("expect_column_mean_to_be_between", column="kind", max_value=1),
        check("unexpected_rows_expectation", unexpected_rows_query="SELECT * FRM {batch}"),
        check("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE CAST(kind AS INT) > 1"),
        check("no_such_expectation"),
    )
    good = (
        check("expect_column_values_to_not_be_null", column="kind"),
        check("expect_column_values_to_be_between", column="stars", max_value=5),
        check("expect_column_mean_to_be_between", column="cost", min_value=0),
    )
    for order in ((*broken, *good), (*good, *broken)):
        results = checked(warehouse, *order)
        states = {id(c): r.state for c, r in zip(order, results, strict=True)}
        assert [states[id(c)] for c in broken] == ["error"] * len(broken)
        assert [states[id(c)] for c in good] == ["passed", "failed", "passed"]
        assert all(r.detail.count("\n") == 0 and "SQL:" not in r.detail for r in results)
        # The database quotes the value it cannot convert; texts of the rows stay out of findings.
        assert "x0" not in " ".join(r.detail for r in results)


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


def test_texts_of_the_rows_stay_out_unless_asked_for(warehouse: Warehouse) -> None:
    hostile = "\x1b[31m<script>alert(1)</script>\u202e'; DROP TABLE x; --"
    warehouse.connection.execute("UPDATE events_reviews SET kind = ? WHERE event_id = 'e7'", [hostile])
    kinds = check("expect_column_values_to_be_in_set", column="kind", value_set=[f"x{i}" for i in range(5)])
    common = check("expect_column_distinct_values_to_be_in_set", column="kind", value_set=["x1"])
    assert not any("script" in r.observed + r.detail for r in checked(warehouse, kinds, common))
    shown = checked(warehouse, kinds, show_values=True)[0]
    assert "alert(1)" in shown.observed
    assert not re.search(r"[\x00-\x1f\u202e]", shown.observed + shown.detail)


def test_an_expectation_cannot_write_and_leaves_other_users_of_the_database_alone(warehouse: Warehouse) -> None:
    opened: list[Any] = []
    closed: list[Any] = []
    rows = new_rows(warehouse, "reviews", 0)

    class Watched:
        def __init__(self, raw: Any) -> None:
            self.raw = raw
            opened.append(self)

        def close(self) -> None:
            closed.append(self)
            self.raw.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.raw, name)

    connect: Callable[[], Any] = lambda: Watched(rows.connect())  # noqa: E731  # a name for one expression
    drop = check("unexpected_rows_expectation", unexpected_rows_query="SELECT 1 FROM {batch}); DROP TABLE cells; --")
    with warehouse.transaction() as connection:
        connection.execute("UPDATE events_reviews SET kind = 'pending' WHERE batch = 0")
        results = gx.run(connect, rows.view, [drop, *from_schema(STREAM)], stream="reviews", batch=0)
        assert connection.execute("SELECT count(*) FROM events_reviews WHERE kind = 'pending'").fetchone() == (500,)
    assert results[0].state == "error"
    assert {r.state for r in results[1:]} == {"passed"}, "uncommitted changes of another user are not seen"
    assert warehouse.connection.execute("SELECT count(*) FROM events_reviews WHERE kind = 'pending'").fetchone() == (
        500,
    )
    assert warehouse.connection.execute("SELECT count(*) FROM cells").fetchone() == (0,)
    assert opened
    assert len(closed) == len(opened)
    left = warehouse.connection.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchone()
    assert left == (0,)


def test_rows_that_cannot_be_read_are_an_error_of_every_check() -> None:
    def connect() -> Any:
        raise OSError("disk gone")

    checks = [check("expect_column_to_exist", column="a"), check("expect_column_to_exist", column="b")]
    results = gx.run(connect, "new_rows", checks, stream="reviews")
    assert [r.state for r in results] == ["error", "error"]
    assert "disk gone" in results[0].detail
    assert gx.run(connect, "new_rows", [], stream="reviews") == ()
    with pytest.raises(UsageError, match="lower-case"):
        gx.run(connect, 'x"; DROP TABLE cells; --', checks, stream="reviews")


def test_it_writes_no_file_and_draws_nothing(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    checked(warehouse, *from_schema(STREAM), check("expect_column_values_to_match_regex", column="kind", regex="x"))
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_a_stream_without_rows_or_with_a_hostile_name_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(UsageError, match="ingest"):
        new_rows(warehouse, "steps", 1)
    with pytest.raises(UsageError, match="not a name"):
        new_rows(warehouse, "x; DROP TABLE cells", 1)


def test_importing_the_adapter_does_not_load_the_library() -> None:
    source = inspect.getsource(sys.modules[gx.__name__])
    assert not re.search(r"^(import|from) great_expectations", source, re.MULTILINE)
