"""Great Expectations inside DuckDB: an error stays with its own check, and nobody else is disturbed."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from quality_rows import STREAM, check, checked, fill

from checks.quality import gx
from checks.quality.expectations import from_schema
from warehouse.new_rows import new_rows
from warehouse.records.errors import UsageError
from warehouse.store import Warehouse

pytestmark = pytest.mark.slow


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as opened:
        fill(opened)
        yield opened


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
