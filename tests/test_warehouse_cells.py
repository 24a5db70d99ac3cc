from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import summaries
from event_rows import START, Loader, at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from summaries import COUNT, HISTOGRAM, MEAN, METRICS, OPEN_MEAN, RATE, Row, dump, stored, tables_of

from warehouse import cells as warehouse_cells
from warehouse import sql
from warehouse import units as warehouse_units
from warehouse.cells import read_bins, read_cells, summarise
from warehouse.ingest import pull
from warehouse.records.errors import LedgerError, UsageError
from warehouse.records.expressions import Compare, Constant, Field, IsMissing
from warehouse.records.ingest import SourceSpec
from warehouse.records.metrics import Bin, Cell, Slice
from warehouse.records.streams import BUILT_IN, INTERACTIONS
from warehouse.store import Warehouse

END = START + timedelta(days=1)
some = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@contextmanager
def opened() -> Iterator[tuple[Warehouse, Loader]]:
    with tempfile.TemporaryDirectory() as folder, Warehouse.in_memory(Path(folder)) as warehouse:
        yield warehouse, Loader(warehouse)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


def harm(key: str, minute: float, score: Any, **more: Any) -> Row:
    return {
        "event_id": key,
        "occurred_at": at(minute),
        "scores": json.dumps({"harm": score}),
        "judge_version": "j",
    } | more


def agree(warehouse: Warehouse, loader: Loader, batch: int) -> None:
    """What is stored as of a batch is what a plain recomputation over the rows known then gives."""
    known = loader.known(batch)
    for metric in METRICS:
        for table in tables_of(metric):
            assert stored(warehouse, table, metric.digest, batch) == summaries.TRUTHS[table](metric, known), (
                table,
                metric.digest,
                batch,
            )


@pytest.mark.slow
@some
@given(summaries.rows(), st.data())
def test_any_split_into_batches_in_any_order_gives_the_same_sums(rows: list[Row], data: st.DataObject) -> None:
    number = data.draw(st.lists(st.integers(0, 4), min_size=len(rows), max_size=len(rows)))
    with opened() as (split, loader), opened() as (whole, at_once):
        for batch in range(5):
            loader.add([row for row, chosen in zip(rows, number, strict=True) if chosen == batch])
            summarise(split, METRICS, BUILT_IN)
        at_once.add(rows)
        summarise(whole, METRICS, BUILT_IN)
        for metric in METRICS:
            for table in tables_of(metric):
                assert stored(split, table, metric.digest) == stored(whole, table, metric.digest)
        agree(split, loader, 5)


@pytest.mark.slow
@some
@given(st.lists(summaries.rows(keys=["e0", "e1", "e2", "e3", "e4", "e5"], most=6), min_size=1, max_size=4))
def test_the_state_as_of_every_batch_is_a_recomputation_over_what_was_known(batches: list[list[Row]]) -> None:
    with opened() as (warehouse, loader):
        for rows in batches:
            loader.add(rows)
        summarise(warehouse, METRICS, BUILT_IN)
        for batch in range(len(batches) + 1):
            agree(warehouse, loader, batch)


@pytest.mark.slow
@some
@given(
    st.lists(summaries.rows(keys=["e0", "e1", "e2", "e3", "e4", "e5"], most=6), min_size=1, max_size=4),
    st.sampled_from([(1, 1), (250_000, 4_000_000), (5, 20)]),
)
def test_runs_and_step_sizes_do_not_change_a_stored_delta(batches: list[list[Row]], sizes: tuple[int, int]) -> None:
    with opened() as (live, loader), opened() as (later, again), pytest.MonkeyPatch.context() as patch:
        for rows in batches:
            loader.add(rows)
            again.add(rows)
            summarise(live, METRICS, BUILT_IN)
        patch.setattr(warehouse_cells, "CHUNK_ROWS", sizes[0])
        patch.setattr(warehouse_units, "MOST_EFFORT", sizes[1])
        summarise(later, METRICS, BUILT_IN)
        assert dump(live) == dump(later)


@pytest.mark.slow
@some
@given(
    st.lists(summaries.rows(keys=["e0", "e1", "e2", "e3"], most=6), min_size=1, max_size=4), st.sampled_from(METRICS)
)
def test_summarising_one_metric_again_gives_the_same_tables(batches: list[list[Row]], metric: Any) -> None:
    with opened() as (warehouse, loader):
        for rows in batches:
            loader.add(rows)
        assert summarise(warehouse, METRICS, BUILT_IN) == len(METRICS) * len(batches)
        before = dump(warehouse)
        assert summarise(warehouse, METRICS, BUILT_IN) == 0
        assert dump(warehouse) == before
        for table in ("summarised", "cells", "units", "bins"):
            warehouse.connection.execute(
                f"DELETE FROM {table} WHERE metric_digest = $digest", {"digest": metric.digest}
            )
        assert summarise(warehouse, METRICS, BUILT_IN) == len(batches)
        assert dump(warehouse) == before


def test_sums_are_exact_integers(warehouse: Warehouse) -> None:
    values = [0.1, 0.2, 0.30000000000000004, 123456.7891234, -9e8, 1e9]
    Loader(warehouse).add([harm(f"e{i}", i, v) for i, v in enumerate(values)])
    summarise(warehouse, [OPEN_MEAN], BUILT_IN)
    (cell,) = read_cells(warehouse, OPEN_MEAN, Slice(), START, END)
    millionths = [100_000, 200_000, 300_000, 123456_789123, -900_000_000_000_000, 1_000_000_000_000_000]
    assert cell.total == sum(millionths)
    assert cell.total_squares == sum(m * m for m in millionths)
    assert type(cell.total) is int


def test_a_value_too_large_to_be_squared_exactly_is_unscored_not_an_error(warehouse: Warehouse) -> None:
    Loader(warehouse).add([harm("e1", 1, 1.1e9), harm("e2", 2, -1e300), harm("e3", 3, 1)])
    summarise(warehouse, [OPEN_MEAN], BUILT_IN)
    assert read_cells(warehouse, OPEN_MEAN, Slice(), START, END) == [
        Cell(START, START + timedelta(hours=1), 3, 2, 1_000_000, 1_000_000_000_000)
    ]
    with pytest.raises(UsageError, match="larger unit"):
        summarise(warehouse, [replace(MEAN, high=1e12)], BUILT_IN)


def test_cells_of_a_rate_count_what_is_unscored(warehouse: Warehouse) -> None:
    Loader(warehouse).add([harm("e1", 1, 0.9), harm("e2", 2, 0.1), harm("e3", 3, None), harm("e4", 61, 0.9)])
    summarise(warehouse, [RATE], BUILT_IN)
    hour = timedelta(hours=1)
    assert read_cells(warehouse, RATE, Slice(), START, END) == [
        Cell(START, START + hour, 3, 1, 1_000_000, 1_000_000_000_000),
        Cell(START + hour, START + 2 * hour, 1, 0, 1_000_000, 1_000_000_000_000),
    ]
    assert [c.items for c in read_cells(warehouse, RATE, Slice(), START, START + hour)] == [3]
    assert read_cells(warehouse, RATE, Slice(), START - hour, START) == []


def test_slices_take_rows_without_an_arm_as_candidates(warehouse: Warehouse) -> None:
    Loader(warehouse).add(
        [
            harm("e1", 1, 0, arm="candidate", release="r1", segment="de"),
            harm("e2", 2, 0, arm="control", release="r1"),
            harm("e3", 3, 0, rollout="other"),
        ]
    )
    summarise(warehouse, [RATE], BUILT_IN)

    def items(**where: str) -> int:
        return sum(c.items for c in read_cells(warehouse, RATE, Slice(**where), START, END))

    assert items() == 3
    assert items(rollout="bot") == 2
    assert (items(arm="candidate"), items(arm="control"), items(arm="")) == (2, 1, 1)
    assert (items(release="r1"), items(release="")) == (2, 1)
    assert (items(segment="de"), items(segment=""), items(segment="fr")) == (1, 2, 0)


def test_a_restatement_is_seen_from_its_batch_on(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([harm("e1", 1, 0.9)])
    loader.add([harm("e1", 61, 0.1)])
    summarise(warehouse, [RATE], BUILT_IN)
    first = read_cells(warehouse, RATE, Slice(), START, END, through_batch=1)
    assert [(c.window_start, c.items, c.total) for c in first] == [(START, 1, 1_000_000)]
    now = read_cells(warehouse, RATE, Slice(), START, END)
    assert [(c.window_start, c.items, c.total) for c in now] == [(START + timedelta(hours=1), 1, 0)]
    assert read_cells(warehouse, RATE, Slice(), START, END, through_batch=0) == []


def test_counts_and_histograms(warehouse: Warehouse) -> None:
    rows = [harm(f"e{i}", 1, v, benign=True) for i, v in enumerate([-0.5, 0.0, 0.4999999, 0.5, 0.75, 1.0, 1.5])]
    Loader(warehouse).add(rows)
    summarise(warehouse, [COUNT, HISTOGRAM], BUILT_IN)
    assert [(c.items, c.unscored, c.total) for c in read_cells(warehouse, COUNT, Slice(), START, END)] == [(7, 0, 0)]
    assert read_bins(warehouse, HISTOGRAM, Slice(), START, END) == [
        Bin(START, 1, 2),
        Bin(START, 2, 1),
        Bin(START, 3, 2),
    ]
    assert warehouse.connection.execute("SELECT count(*) FROM units").fetchone() == (0,)


def test_a_condition_sees_missing_release_as_missing(warehouse: Warehouse) -> None:
    unnamed = replace(COUNT, where=IsMissing(Field("release")), digest="unnamed")
    Loader(warehouse).add([harm("e1", 1, 0), harm("e2", 2, 0, release="r1")])
    summarise(warehouse, [unnamed], BUILT_IN)
    assert [c.items for c in read_cells(warehouse, unnamed, Slice(), START, END)] == [1]


def test_batches_of_other_streams_are_marked_and_bring_nothing(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([{"event_id": "x", "occurred_at": at(0), "kind": "review"}], stream=BUILT_IN["governance"])
    loader.add([harm("e1", 1, 1)])
    seen: list[tuple[int, int]] = []
    assert summarise(warehouse, [RATE], BUILT_IN, progress=lambda done, total: seen.append((done, total))) == 2
    assert seen == [(2, 2)]
    assert stored(warehouse, "cells", RATE.digest, 1) == {}


def test_a_stream_that_never_came_gives_no_cells(warehouse: Warehouse) -> None:
    assert summarise(warehouse, METRICS, BUILT_IN) == 0
    assert read_cells(warehouse, RATE, Slice(), START, END) == []
    warehouse.connection.execute(
        "INSERT INTO batches VALUES (1, 's', 'interactions', 'f', 'd', '', $at, 0, 0, 0, 0, 0, 0, NULL, NULL, "
        "'{}', '{}', '{}', 'unreadable')",
        {"at": START},
    )
    assert summarise(warehouse, METRICS, BUILT_IN) == len(METRICS)


def test_a_damaged_summary_is_an_error_of_the_ledger(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([harm("e1", 1, 0.9)])
    loader.add([harm("e1", 61, 0.1)])
    summarise(warehouse, [RATE, HISTOGRAM], BUILT_IN)
    for table in ("cells", "bins"):
        warehouse.connection.execute(f"DELETE FROM {table} WHERE batch = 1")
    with pytest.raises(LedgerError, match="summarise the metric again"):
        read_cells(warehouse, RATE, Slice(), START, END)
    with pytest.raises(LedgerError, match="in a bin"):
        read_bins(warehouse, HISTOGRAM, Slice(), START, END)


def test_a_metric_that_cannot_be_is_refused_before_anything_is_written(warehouse: Warehouse) -> None:
    Loader(warehouse).add([harm("e1", 1, 0.9)])
    wrong = replace(RATE, value=Compare(">", Field("nothing"), Constant(1)), digest="wrong")
    with pytest.raises(UsageError, match="no column 'nothing'"):
        summarise(warehouse, [RATE, wrong], BUILT_IN)
    with pytest.raises(UsageError, match="not declared"):
        summarise(warehouse, [replace(RATE, stream="elsewhere")], BUILT_IN)
    with pytest.raises(UsageError, match="needs a value"):
        summarise(warehouse, [replace(RATE, value=None)], BUILT_IN)
    with pytest.raises(UsageError, match="no time zone"):
        read_cells(warehouse, RATE, Slice(), START.replace(tzinfo=None), END)
    assert warehouse.connection.execute("SELECT count(*) FROM summarised").fetchone() == (0,)


@pytest.mark.parametrize("text", ["'; DROP TABLE cells; --", '"', "{scope}", "$rollout", "\x1b[31m<b>", "a\x00b"])
def test_hostile_texts_in_rows_are_only_values(warehouse: Warehouse, text: str) -> None:
    row = harm("e1", 1, 1) | dict.fromkeys(["rollout", "release", "segment", "session_id", "arm"], text)
    row["attributes"] = json.dumps({text: text})
    metric = replace(RATE, value=Compare("==", Field("attributes", (text,)), Constant(text)), digest=text)
    Loader(warehouse).add([row])
    summarise(warehouse, [metric], BUILT_IN)
    where = Slice(rollout=text, release=text, arm=text, segment=text)
    assert [c.total for c in read_cells(warehouse, metric, where, START, END)] == [1_000_000]
    assert [u.low for u in warehouse_units.read_units(warehouse, metric, where, START, END)] == [1_000_000]
    assert warehouse.connection.execute("SELECT count(*) FROM cells").fetchone() == (1,)


def test_rows_let_in_by_ingest_are_summarised_as_they_stand(tmp_path: Path, warehouse: Warehouse) -> None:
    first = [harm("e1", 0, 0.9), harm("e2", 10, 0.1), harm("e3", 70, 0.2), harm("e4", 75, None)]
    second = [harm("e2", 10, 0.7), harm("e1", 0, 0.9), harm("e5", 20, 0.6), harm("e5", 20, 0.4)]
    spec = SourceSpec("logs", "jsonl", "*.jsonl", "interactions", timedelta(0), {"rollout": "=bot", "session_id": "=s"})
    for name, rows in (("a.jsonl", first), ("b.jsonl", second)):
        lines = [
            json.dumps(r | {"occurred_at": r["occurred_at"].isoformat(), "scores": json.loads(r["scores"])})
            for r in rows
        ]
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        pull(warehouse, spec, INTERACTIONS, now=END, window_seconds=3600, base=tmp_path)
        summarise(warehouse, [RATE], BUILT_IN)
    shared = {"rollout": "bot", "session_id": "s"}
    before = [row | shared for row in first]
    after = [row | shared for row in (first[0], second[0], first[2], first[3], second[3])]
    for batch, rows in ((1, before), (2, after)):
        assert stored(warehouse, "cells", RATE.digest, batch) == summaries.cells(RATE, rows)
        assert stored(warehouse, "units", RATE.digest, batch) == summaries.units(RATE, rows)


def test_every_query_of_the_summaries_and_the_ledger_is_in_use() -> None:
    used = "".join(path.read_text(encoding="utf-8") for path in Path(warehouse_cells.__file__).parent.glob("*.py"))
    names = [path.stem for path in Path(sql.__file__).parent.glob("*.sql")]
    ours = [n for n in names if n.split("_")[0] in ("cells", "units", "bins", "facts", "profile", "evidence")]
    assert len(ours) > 30
    assert [name for name in ours if f'"{name}"' not in used and f"'{name}'" not in used] == []


def test_nothing_is_left_behind_in_the_connection(warehouse: Warehouse) -> None:
    Loader(warehouse).add([harm("e1", 1, 1)])
    summarise(warehouse, METRICS, BUILT_IN)
    assert warehouse.connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall() == []
