"""Parts of the history, summarised by processes of their own, add up to what a live run writes, bit for bit."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import postgres
import projects
import pytest
from event_rows import Loader, at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from summaries import METRICS, dump, rows

from flows import backfilling, summarising
from flows.project import Project
from flows.scaling import cluster
from flows.scaling.cluster import Cluster
from warehouse import cells, partitions, parts
from warehouse.backfill import writing
from warehouse.records.errors import StoreError, UsageError
from warehouse.records.parts import Part
from warehouse.records.streams import INTERACTIONS
from warehouse.store import Warehouse

STREAMS = {"interactions": INTERACTIONS}


def loaded(folder: Path, batches: list[list[dict[str, Any]]]) -> Warehouse:
    warehouse = Warehouse.in_memory(folder)
    loader = Loader(warehouse)
    for batch in batches:
        loader.add(batch)
    return warehouse


def live(folder: Path, batches: list[list[dict[str, Any]]]) -> dict[str, list[tuple[Any, ...]]]:
    with loaded(folder, batches) as warehouse:
        cells.summarise(warehouse, METRICS, STREAMS)
        return dump(warehouse)


def in_parts(
    folder: Path, batches: list[list[dict[str, Any]]], wanted: int, *, backwards: bool = False
) -> dict[str, list[tuple[Any, ...]]]:
    with loaded(folder, batches) as warehouse:
        found = parts.split(warehouse, INTERACTIONS, METRICS, wanted, folder / "parts")
        add_up(warehouse, list(reversed(found)) if backwards else found)
        return dump(warehouse)


def add_up(warehouse: Warehouse, found: Sequence[Part]) -> None:
    """Compute the parts here, one after the other, and keep what comes of them."""
    todo = parts.lacking(warehouse, METRICS)
    ledger = parts.ledger_of(warehouse, METRICS, todo)
    with parts.Merging(warehouse) as merging:
        for part in found:
            merging.add(parts.compute(part, ledger))
        for metric in METRICS:
            if todo[metric.digest]:
                writing.write(warehouse, merging.deltas([metric], sorted(todo[metric.digest])), again=False)


def stretched(batch: list[dict[str, Any]], hours: int) -> list[dict[str, Any]]:
    """The rows with the time between them made longer, so that they lie on several days."""
    return [{**row, "occurred_at": at(0) + (row["occurred_at"] - at(0)) * hours} for row in batch]


# Each example opens about ten engines; the law needs few rows to break.
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(rows(keys=["a", "b", "c", "d"], most=8), min_size=1, max_size=3),
    hours=st.sampled_from([1, 10, 40]),
    wanted=st.integers(1, 6),
    backwards=st.booleans(),
)
@pytest.mark.slow
def test_no_split_and_no_order_changes_a_cell(
    tmp_path: Path, batches: list[list[dict[str, Any]]], hours: int, wanted: int, backwards: bool
) -> None:
    spread = [stretched(batch, hours) for batch in batches]
    assert in_parts(tmp_path, spread, wanted, backwards=backwards) == live(tmp_path, spread)


def night(*, gap: int, count: int) -> list[dict[str, Any]]:
    """One session over several days, a row every `gap` minutes."""
    scored = {"session_id": "long", "benign": True, "judge_version": "j1"}
    return [
        {**scored, "event_id": f"n{i}", "occurred_at": at(i * gap), "scores": f'{{"harm": 0.{i % 10}}}'}
        for i in range(count)
    ]


def test_a_session_over_days_belongs_to_the_part_in_which_it_begins(tmp_path: Path) -> None:
    batches = [night(gap=25, count=300), [{**row, "benign": False} for row in night(gap=25, count=300)[::50]]]
    assert in_parts(tmp_path, batches, 6) == live(tmp_path, batches)


def test_sums_beyond_what_a_float_holds_stay_exact(tmp_path: Path) -> None:
    batches = [[{**row, "scores": '{"harm": 987654321.123457}'} for row in night(gap=100, count=40)]]
    found = in_parts(tmp_path, batches, 3)
    assert found == live(tmp_path, batches)
    assert max(row[-1] for row in found["cells"]) > 10**29


def test_what_was_summarised_before_is_not_summarised_again(tmp_path: Path) -> None:
    batches = [night(gap=100, count=40)]
    with loaded(tmp_path, batches) as warehouse:
        cells.summarise(warehouse, METRICS[:3], STREAMS)
        found = parts.split(warehouse, INTERACTIONS, METRICS, 3, tmp_path / "parts")
        add_up(warehouse, found)
        assert dump(warehouse) == live(tmp_path, batches)


def test_partitions_hold_no_text_that_no_metric_reads(tmp_path: Path) -> None:
    with loaded(tmp_path, [[{**row, "prompt": "a person's words"} for row in night(gap=60, count=30)]]) as warehouse:
        columns = partitions.columns_read(METRICS)
        held = partitions.write(warehouse, "interactions", columns, tmp_path / "parts")
    assert "prompt" not in columns
    assert {"scores", "judge_version", "benign"} <= set(columns)
    assert [rows for _, rows in held.days] == [24, 6]
    assert sorted(p.name for p in held.folder.iterdir()) == ["2026-03-02.parquet", "2026-03-03.parquet"]


def test_a_stream_without_rows_has_no_parts(tmp_path: Path) -> None:
    with Warehouse.in_memory(tmp_path) as warehouse:
        assert parts.split(warehouse, INTERACTIONS, METRICS, 4, tmp_path / "parts") == []


def project(folder: Path, **changes: Any) -> Project:
    """A project with a week of rows that are taken in and not summarised yet."""
    made = projects.make(folder, projects.policy(**changes))
    for day in range(0, 168, 24):
        projects.write(made, f"{day}.jsonl", projects.answers(day, harmful=2, count=4, hours=24))
    return made


def pull(made: Project) -> None:
    from flows import pulling

    with projects.opened(made) as stores:
        pulling.pull_sources(made, stores, now=projects.START + 200 * projects.HOUR)


def expected(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    made = project(folder)
    pull(made)
    with projects.opened(made) as stores:
        summarising.summarise(made, stores)
        return dump(stores.warehouse)


@pytest.mark.live
@pytest.mark.enable_socket
@pytest.mark.parametrize("workers", [1, 2])
def test_a_cluster_of_processes_writes_what_a_live_run_writes(tmp_path: Path, workers: int) -> None:
    made = project(tmp_path / "dask")
    pull(made)
    seen: list[tuple[int, int]] = []
    with projects.opened(made) as stores:
        done = cluster.summarise(made, stores, Cluster(workers), progress=lambda *step: seen.append(step))
        assert done == 7
        assert dump(stores.warehouse) == expected(tmp_path / "live")
        assert cluster.summarise(made, stores, Cluster(1)) == 0
    assert seen[-1][0] == seen[-1][1] == len(seen) > workers
    assert list(made.data.glob(".parts-*")) == []


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_worker_that_dies_changes_nothing(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    made = project(tmp_path / "dask")
    pull(made)
    with (
        projects.opened(made) as stores,
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path)) as ours,
        Client(ours, set_as_default=False) as client,
    ):
        victims = list(client.run(os.getpid).values())
        kill = [lambda: os.kill(victims[0], signal.SIGKILL)]

        def after_the_first(done: int, total: int) -> None:
            while kill:
                kill.pop()()

        cluster.summarise(made, stores, Cluster(2, ours.scheduler_address), progress=after_the_first)
        assert dump(stores.warehouse) == expected(tmp_path / "live")
    assert kill == []


@pytest.mark.live
@pytest.mark.enable_socket
def test_workers_read_the_lake_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres.running() as url:
        monkeypatch.setenv("LAKE_CATALOG", url)
        lake = {"kind": "ducklake", "catalog_env": "LAKE_CATALOG", "path": "lake"}
        made = replace(project(tmp_path / "dask", storage=lake), environment={"LAKE_CATALOG": url})
        pull(made)
        with projects.opened(made) as stores:
            cluster.summarise(made, stores, Cluster(2))
            assert dump(stores.warehouse) == expected(tmp_path / "live")


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_cluster_out_of_reach_or_without_workers_is_said(tmp_path: Path) -> None:
    made = project(tmp_path)
    pull(made)
    with projects.opened(made) as stores:
        with pytest.raises(UsageError, match="1 or more"):
            Cluster(0)
        with pytest.raises(StoreError, match="cannot be reached"):
            cluster.summarise(made, stores, Cluster(1, "tcp://127.0.0.1:1"))
        assert dump(stores.warehouse)["cells"] == []


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_backfill_on_a_cluster_computes_everything_again_alike(tmp_path: Path) -> None:
    made = project(tmp_path / "dask")
    pull(made)
    request = backfilling.Request(projects.START, projects.START + 168 * projects.HOUR, workers=2)
    with projects.opened(made) as stores:
        summarising.summarise(made, stores)
        before = dump(stores.warehouse)
        stores.warehouse.connection.execute("UPDATE cells SET items = items + 1")
        done = backfilling.backfill(made, stores, replace(request, dask="local"))
        assert done.done == 7
        assert dump(stores.warehouse) == before
