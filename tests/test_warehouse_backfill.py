from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import summaries
from event_rows import START, Loader, at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from summaries import COUNT, METRICS, RATE, Row, dump

from warehouse.backfill import running, surveying, writing
from warehouse.backfill.running import plan
from warehouse.backfill.surveying import Span, known_at, survey
from warehouse.cells import summarise
from warehouse.erasure import erase
from warehouse.records.errors import StoreError, UsageError
from warehouse.records.expressions import Compare, Constant, Field
from warehouse.records.intervals import Interval, coalesce, intersect, merge, subtract
from warehouse.records.metrics import CellMetric
from warehouse.records.storage import Erasure
from warehouse.records.streams import BUILT_IN
from warehouse.store import Warehouse

HOUR = timedelta(hours=1)
ALL = Span(START - HOUR, START + timedelta(days=9))
some = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])

hours = st.integers(0, 12)
spans = st.lists(
    st.tuples(hours, st.integers(1, 5)).map(lambda p: Interval(START + p[0] * HOUR, START + (p[0] + p[1]) * HOUR)),
    max_size=6,
)


def moments(found: tuple[Interval, ...] | list[Interval]) -> set[datetime]:
    """Every half hour inside."""
    steps = [START + i * HOUR / 2 for i in range(40)]
    return {step for step in steps if any(span.start <= step < span.end for span in found)}


@given(spans, spans)
def test_spans_are_sets_of_moments(one: list[Interval], other: list[Interval]) -> None:
    assert moments(coalesce(one)) == moments(one)
    assert moments(merge(one, other)) == moments(one) | moments(other)
    assert moments(subtract(one, other)) == moments(one) - moments(other)
    assert moments(intersect(one, other)) == moments(one) & moments(other)


@given(spans, spans)
def test_sets_of_spans_have_one_form(one: list[Interval], other: list[Interval]) -> None:
    for found in (coalesce(one), merge(one, other), subtract(one, other), intersect(one, other)):
        assert found == coalesce(found)
        assert all(a.end < b.start for a, b in pairwise(found))
    assert merge(subtract(one, other), intersect(one, other)) == coalesce(one)


def test_a_span_without_time_is_refused() -> None:
    with pytest.raises(UsageError, match="holds no time"):
        Interval(START, START)
    with pytest.raises(UsageError, match="holds no time"):
        Span(START, START - HOUR)


@contextmanager
def opened() -> Iterator[tuple[Warehouse, Loader]]:
    with tempfile.TemporaryDirectory() as folder, Warehouse.in_memory(Path(folder)) as warehouse:
        yield warehouse, Loader(warehouse)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


def fill(
    warehouse: Warehouse,
    metrics: tuple[CellMetric, ...] = METRICS,
    span: Span = ALL,
    *,
    only_missing: bool = False,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    found = survey(warehouse, metrics, span)
    work = plan(warehouse, found, only_missing=only_missing)
    return running.run(warehouse, work, BUILT_IN, workers=workers, rows=found.rows, progress=progress)


def harm(key: str, minute: float, score: float, **more: object) -> Row:
    row = {"event_id": key, "occurred_at": at(minute), "session_id": "s", "judge_version": "j", "benign": True}
    return row | {"scores": f'{{"harm": {score}}}'} | more


@pytest.mark.slow
@some
@given(
    st.lists(summaries.rows(keys=[f"e{i}" for i in range(6)], most=6), min_size=1, max_size=4),
    st.integers(1, 3),
    st.sampled_from([1, 6, 500_000]),
    st.booleans(),
    st.data(),
)
def test_any_order_split_and_number_of_workers_gives_the_tables_of_the_live_run(
    batches: list[list[Row]], workers: int, chunk: int, only_missing: bool, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(-1, 7), label="hours at which the span is cut")
    with opened() as (live, loader), opened() as (later, again), pytest.MonkeyPatch.context() as patch:
        for rows in batches:
            loader.add(rows)
            again.add(rows)
            summarise(live, METRICS, BUILT_IN)
        patch.setattr(running, "CHUNK_ROWS", chunk)
        middle = START + cut * HOUR
        parts = [Span(ALL.start, middle), Span(middle, ALL.end)] if cut >= 0 else [ALL]
        for span in data.draw(st.permutations(parts)):
            fill(later, span=span, only_missing=only_missing, workers=workers)
        assert dump(later) == dump(live)
        fill(live, workers=workers)
        assert dump(later) == dump(live)
        assert summarise(later, METRICS, BUILT_IN) == 0


def test_windows_are_missing_then_complete_then_dirty_then_restated(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([harm("e1", 1, 0.1), harm("e2", 61, 0.2)])

    def need(metric: CellMetric = RATE) -> surveying.Need:
        return survey(warehouse, [metric], ALL).needs[0]

    both = (Interval(START, START + 2 * HOUR),)
    assert (need().missing, need().dirty, need().lacking) == (both, (), (1,))
    fill(warehouse, (RATE,), only_missing=True)
    assert (need().missing, need().complete, need().lacking) == ((), both, ())
    loader.add([harm("e1", 1, 0.9)])
    assert (need().dirty, need().complete) == (
        (Interval(START, START + HOUR),),
        (Interval(both[0].start + HOUR, both[0].end),),
    )
    assert need().lacking == (2,)
    fill(warehouse, (RATE,), only_missing=True)
    assert (need().restated, need().dirty) == ((Interval(START, START + HOUR),), ())
    assert need(replace(RATE, digest="changed")).missing == both


def test_a_restated_row_is_found_in_the_window_that_it_left(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([harm("e1", 1, 0.1)])
    fill(warehouse, (RATE,))
    loader.add([harm("e1", 301, 0.1)])
    found = survey(warehouse, [RATE], Span(START, START + HOUR)).needs[0]
    assert (found.dirty, found.lacking) == ((Interval(START, START + HOUR),), (2,))


def test_only_what_the_request_names_is_computed(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([harm("e1", 1, 0.1)], source="a")
    loader.add([harm("e2", 61, 0.1)], source="b")
    assert fill(warehouse, (RATE, COUNT), replace(ALL, sources=("a",))) == 2
    assert fill(warehouse, (RATE,), Span(START + HOUR, START + 2 * HOUR)) == 1
    assert fill(warehouse, (RATE, COUNT), only_missing=True) == 1
    with pytest.raises(UsageError, match="'c' has brought nothing"):
        survey(warehouse, [RATE], replace(ALL, sources=("c",)))
    with pytest.raises(UsageError, match="0 workers"):
        fill(warehouse, workers=0)


def test_what_was_known_on_a_day_is_computed_from_what_had_come_in(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([harm("e1", 1, 0.1)])
    loader.add([harm("e2", 1, 0.1)])
    arrived = START + timedelta(days=2)
    assert [known_at(warehouse, arrived - HOUR), known_at(warehouse, arrived), known_at(warehouse, START)] == [1, 2, 0]
    assert fill(warehouse, (RATE,), replace(ALL, through_batch=1)) == 1
    assert survey(warehouse, [RATE], ALL).needs[0].dirty == (Interval(START, START + HOUR),)


def test_damaged_deltas_are_replaced_by_right_ones(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([harm("e1", 1, 0.1), harm("e2", 2, 0.9)])
    loader.add([harm("e1", 1, 0.7)])
    summarise(warehouse, METRICS, BUILT_IN)
    right = dump(warehouse)
    warehouse.connection.execute("UPDATE cells SET items = items + 1 WHERE batch = 2")
    warehouse.connection.execute("DELETE FROM units WHERE batch = 1")
    assert fill(warehouse) == 2 * len(METRICS)
    assert dump(warehouse) == right


def test_what_lost_rows_stays_as_it_was_counted(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([harm("e1", 1, 0.1), harm("e2", 2, 0.9, session_id="t")])
    loader.add([harm("e3", 3, 0.1, session_id="u")])
    summarise(warehouse, METRICS, BUILT_IN)
    right = dump(warehouse)
    asked = Erasure("session_id", ("t",), by="Ines", reason="asked for")
    assert erase(warehouse, asked, now=at(60)) is not None
    assert survey(warehouse, [RATE], ALL).needs[0].kept == (1,)
    assert fill(warehouse) == len(METRICS)
    assert dump(warehouse) == right


def test_a_killed_recomputation_does_only_what_is_left(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = Loader(warehouse)
    for number in range(4):
        loader.add([harm(f"e{number}", number, 0.1)])
    summarise(warehouse, METRICS, BUILT_IN)
    right = dump(warehouse)
    monkeypatch.setattr(running, "CHUNK_ROWS", 1)
    writes = iter(range(10))
    real = writing.write

    def die(*given: object, **more: object) -> None:
        if next(writes) == 2:
            raise KeyboardInterrupt
        real(*given, **more)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(writing, "write", die)
    with pytest.raises(KeyboardInterrupt):
        fill(warehouse)
    monkeypatch.setattr(writing, "write", real)
    assert dump(warehouse) == right
    assert fill(warehouse) == 2 * len(METRICS)
    assert dump(warehouse) == right
    assert fill(warehouse) == 4 * len(METRICS)


def test_a_metric_that_cannot_be_computed_stops_the_backfill_and_names_why(warehouse: Warehouse) -> None:
    Loader(warehouse).add([harm("e1", 1, 0.1)])
    wrong = replace(RATE, value=Compare(">", Field("nothing"), Constant(1)), digest="wrong")
    with pytest.raises(UsageError, match="no column 'nothing'"):
        fill(warehouse, (wrong,))
    warehouse.connection.execute('ALTER TABLE events_interactions DROP COLUMN "judge_version"')
    with pytest.raises(StoreError, match="could not be summarised"):
        fill(warehouse, (RATE,))
    assert warehouse.connection.execute("SELECT count(*) FROM summarised").fetchone() == (0,)


_VICTIM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_warehouse_backfill import fill
from warehouse.backfill import running
from warehouse.store import Warehouse
running.CHUNK_ROWS = 1
with Warehouse.open(Path(sys.argv[1])) as warehouse:
    fill(warehouse, workers=2, only_missing=sys.argv[3] == "missing", progress=lambda *_: print("done", flush=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["missing", "again"])
def test_killed_anywhere_and_run_again_it_ends_with_the_same_tables(tmp_path: Path, mode: str) -> None:
    folder, tests = tmp_path / "data", str(Path(__file__).parent)
    with Warehouse.open(folder) as warehouse:
        loader = Loader(warehouse)
        for number in range(60):
            rows = [harm(f"e{number}-{i}", 7 * number + i, 0.1 * i, session_id=f"s{number // 2}") for i in range(5)]
            loader.add([*rows, harm(f"e{number // 3}-0", 5, 0.3)])
        summarise(warehouse, METRICS, BUILT_IN)
        right = dump(warehouse)
        if mode == "missing":
            for table in ("cells", "units", "bins", "summarised"):
                warehouse.connection.execute(f"DELETE FROM {table}")
    command = [sys.executable, "-c", _VICTIM, str(folder), tests, mode]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(tests).parent), tests])}
    left: list[int] = []
    for chunks, wait in ((1, 0.0), (3, 0.01), (7, 0.03), (2, 0.06)):
        victim = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert victim.stdout is not None
        assert [victim.stdout.readline() for _ in range(chunks)] == [b"done\n"] * chunks
        time.sleep(wait)
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        with Warehouse.open(folder) as warehouse:
            found = survey(warehouse, METRICS, ALL)
            left.append(plan(warehouse, found, only_missing=mode == "missing").pairs)
    assert left == sorted(set(left), reverse=True), "what was done is not done again"
    assert 0 < left[-1] < left[0] < 60 * len(METRICS), "killed in the middle"
    with Warehouse.open(folder) as warehouse:
        if mode == "again":
            assert dump(warehouse) == right, "at no moment is anything missing"
        fill(warehouse, only_missing=mode == "missing")
        assert dump(warehouse) == right
        assert warehouse.connection.execute("SELECT count(*) FROM backfill_todo").fetchone() == (0,)
