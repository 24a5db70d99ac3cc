"""What a pass costs when nothing is new, and what Great Expectations adds: ratios, measured in turn in this run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.quality import gx
from checks.quality.expectations import suite
from checks.quality.records import Expectation
from flows import project as projects
from flows.demo import sample
from flows.once import run_with
from flows.stores import open_stores
from warehouse.new_rows import NewRows, new_rows
from warehouse.records.streams import BUILT_IN
from warehouse.store import Warehouse
from warehouse.tables import ensure

ROUNDS = 7
END = datetime(2026, 3, 4, tzinfo=UTC)
STREAM = BUILT_IN["interactions"]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float, float]:
    """The median ratio of `one` to `other`, measured in turn, and the fastest of each in milliseconds."""
    one(), other()
    pairs = [(seconds(one), seconds(other)) for _ in range(ROUNDS)]
    return statistics.median(a / b for a, b in pairs), min(a for a, _ in pairs) * 1e3, min(b for _, b in pairs) * 1e3


def test_a_pass_with_nothing_new_against_opening_the_stores(tmp_path: Path) -> None:
    for file in sample.sample_project(7, END):
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    # Files that changed a moment ago are looked into again at every pass.
    time.sleep(2.1)
    project = projects.load(tmp_path, environment={})
    moments = iter(END + timedelta(hours=2, seconds=n) for n in range(1_000))

    def one_pass() -> int:
        with open_stores(project) as stores:
            done = run_with(project, stores, now=next(moments))
        return sum(not batch.repeated for report in done.pulled for batch in report.batches)

    def opening() -> None:
        with open_stores(project):
            pass

    assert one_pass() > 0
    assert one_pass() == 0
    ratio, fastest, bare = compare(one_pass, opening)
    print(
        f"a pass with nothing new / opening the stores: {ratio:.1f} (median of {ROUNDS}; {fastest:.0f} / {bare:.0f} ms)"
    )
    assert fastest < 1_000


@pytest.mark.parametrize("rows", [500, 100_000])
def test_great_expectations_against_one_query_of_the_same_rules(tmp_path: Path, rows: int) -> None:
    with Warehouse.in_memory(tmp_path) as warehouse:
        _fill(warehouse, rows)
        seen, checks = new_rows(warehouse, STREAM.name, 1), suite(STREAM)
        broken = [result.unexpected for result in gx.run(seen.connect, seen.view, checks, stream=STREAM.name)]
        fused = _fused(checks, seen.view)
        # Where nothing is to be checked the library counts nothing, the query no broken row.
        assert [count or 0 for count in broken] == _ask(seen, fused)
        assert sum(count or 0 for count in broken) > 0
        ratio, theirs, ours = compare(
            lambda: gx.run(seen.connect, seen.view, checks, stream=STREAM.name), lambda: _ask(seen, fused)
        )
        print(
            f"Great Expectations / one query, {len(checks)} rules, {rows:,} rows: {ratio:.1f} "
            f"(median of {ROUNDS}; {theirs:.0f} / {ours:.1f} ms)"
        )


def _fill(warehouse: Warehouse, rows: int) -> None:
    """One batch of rows, one in a hundred of them with a latency below 0."""
    ensure(warehouse, STREAM)
    warehouse.connection.execute(
        "INSERT INTO events_interactions BY NAME SELECT 'e' || i AS event_id, "
        "TIMESTAMPTZ '2026-03-01 00:00:00+00' + INTERVAL (i) SECOND AS occurred_at, 'agent' AS rollout, 1 AS batch, "
        "CASE WHEN i % 100 = 0 THEN -1 ELSE i % 3000 END AS latency_ms, i % 700 AS input_tokens, 0.5 AS confidence "
        "FROM range($rows) t(i)",
        {"rows": rows},
    )


def _ask(rows: NewRows, query: str) -> list[int]:
    connection = rows.connect()
    try:
        return list(connection.execute(query).fetchone())
    finally:
        connection.close()


def _fused(checks: tuple[Expectation, ...], view: str) -> str:
    """One aggregate that counts the rows that break each rule."""
    counts = [f"count(*) FILTER ({_broken(check)})" for check in checks]
    return f'SELECT {", ".join(counts)} FROM (SELECT *, count(*) OVER (PARTITION BY event_id) AS same FROM "{view}")'


def _broken(check: Expectation) -> str:
    column, arguments = check.column, check.arguments
    match check.expectation:
        case "expect_column_values_to_be_unique":
            return "same > 1"
        case "expect_column_values_to_not_be_null":
            return f"{column} IS NULL"
        case "expect_column_values_to_be_in_set":
            return f"{column} NOT IN ({_literals(arguments['value_set'])})"
        case "expect_column_values_to_be_between":
            limits = {"<": arguments.get("min_value"), ">": arguments.get("max_value")}
            return " OR ".join(f"{column} {sign} {limit}" for sign, limit in limits.items() if limit is not None)
    raise AssertionError(check.expectation)


def _literals(values: list[Any]) -> str:
    return ", ".join(f"'{value}'" for value in values)
