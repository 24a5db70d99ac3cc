"""The index of ids: what was stored is found wherever it lies, and history need not be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_tools import assert_adds_up, current, everything, lines, row, spec, take, take_text

from warehouse import known_ids, settling
from warehouse.known_ids import FOLDER, Index
from warehouse.records.ingest import BatchReport
from warehouse.store import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """A store on the disk whose smallest tables have an index."""
    monkeypatch.setattr(known_ids, "SMALL", 0)
    with Warehouse.open(tmp_path / "store") as opened:
        yield opened


def fates(report: BatchReport) -> tuple[int, int, int]:
    return report.accepted, report.duplicate, report.restated


def runs(warehouse: Warehouse) -> list[tuple[str, int]]:
    return warehouse.connection.execute("SELECT file, ids FROM id_runs ORDER BY file").fetchall()


def files(warehouse: Warehouse) -> set[str]:
    return {path.stem for path in (warehouse.folder / FOLDER).iterdir()}


def on(day: int, event_id: str, **values: Any) -> dict[str, Any]:
    return row(event_id, **{"occurred_at": f"2026-02-{day:02}T10:00:00Z", **values})


def test_repeats_and_restatements_are_found_on_their_day_and_on_another(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(*(on(day, f"e{day}", score=0.5) for day in range(1, 20))), path="1.jsonl")
    second = [on(3, "e3", score=0.5), on(4, "e4", score=0.25), on(25, "e5", score=0.5), on(26, "new")]
    report = take_text(warehouse, tmp_path, lines(*second), path="2.jsonl")
    assert fates(report) == (1, 1, 2)
    assert report.restated_columns == {"score": 1, "occurred_at": 1}
    third = [on(26, "e5", score=0.5), on(25, "e5", score=0.5), on(4, "e4", score=0.25)]
    assert fates(take_text(warehouse, tmp_path, lines(*third), path="3.jsonl")) == (0, 1, 2)
    rows = warehouse.connection.execute(
        "SELECT event_id, revision, closed_by IS NULL FROM events_all_types WHERE event_id IN ('e4', 'e5') ORDER BY ALL"
    ).fetchall()
    assert rows == [("e4", 1, False), ("e4", 2, True), *(("e5", n, n == 4) for n in (1, 2, 3, 4))]


def test_only_the_days_of_known_ids_are_read(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_text(warehouse, tmp_path, lines(*(on(day, f"e{day}") for day in range(1, 20))), path="1.jsonl")
    spans: list[Any] = []
    span = settling._span
    monkeypatch.setattr(settling, "_span", lambda *given: spans.append(span(*given)) or spans[-1])
    take_text(warehouse, tmp_path, lines(on(3, "x"), on(4, "y")), path="2.jsonl")
    take_text(warehouse, tmp_path, lines(on(3, "z"), on(21, "e7"), on(22, "e9")), path="3.jsonl")
    never, some = spans
    assert never["start"] == never["end"]
    assert [at.isoformat()[:10] for at in (some["start"], some["end"])] == ["2026-02-07", "2026-02-10"]


def test_an_index_that_is_gone_cut_or_behind_is_made_anew(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(on(1, "a"), on(2, "b")), path="1.jsonl")
    take_text(warehouse, tmp_path, lines(on(3, "c")), path="2.jsonl")
    known = min(files(warehouse))
    (warehouse.folder / FOLDER / f"{known}.keys").write_bytes(b"")
    assert fates(take_text(warehouse, tmp_path, lines(on(4, "a"), on(3, "d")), path="3.jsonl")) == (1, 0, 1)
    for path in (warehouse.folder / FOLDER).iterdir():
        path.unlink()
    assert fates(take_text(warehouse, tmp_path, lines(on(5, "a"), on(3, "d")), path="4.jsonl")) == (0, 1, 1)
    warehouse.connection.execute("DELETE FROM id_runs")
    assert fates(take_text(warehouse, tmp_path, lines(on(5, "a"), on(3, "e")), path="5.jsonl")) == (1, 1, 0)
    assert sum(ids for _, ids in runs(warehouse)) == 7


def test_a_run_of_an_undone_transaction_counts_for_nothing(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_text(warehouse, tmp_path, lines(on(1, "a")), path="1.jsonl")
    (tmp_path / "2.jsonl").write_text(lines(on(2, "b"), on(1, "a", score=0.5)))
    before, listed = everything(warehouse, polls=True), runs(warehouse)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(settling, "_write_ledger", crash)
        with pytest.raises(KeyboardInterrupt):
            take(warehouse, tmp_path, spec("2.jsonl"))
    assert (everything(warehouse, polls=True), runs(warehouse)) == (before, listed)
    assert files(warehouse) > {file for file, _ in listed}
    assert fates(take(warehouse, tmp_path, spec("2.jsonl")).batches[0]) == (1, 0, 1)
    take_text(warehouse, tmp_path, lines(on(9, "z")), path="3.jsonl")
    assert files(warehouse) == {file for file, _ in runs(warehouse)}


@pytest.mark.slow
def test_runs_stay_few_and_lose_nothing(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_ids, "_FEW", 4)
    monkeypatch.setattr(known_ids, "_SLICE", 3)
    for number in range(30):
        new = lines(*(on(1 + number % 28, f"e{number}-{n}") for n in range(4)))
        take_text(warehouse, tmp_path, new, path=f"{number}.jsonl")
    held = runs(warehouse)
    assert len(held) < 10
    assert sum(ids for _, ids in held) == 120
    again = lines(*(on(1 + number % 28, f"e{number}-{n}", score=0.5) for number in range(30) for n in range(4)))
    assert fates(take_text(warehouse, tmp_path, again, path="all.jsonl")) == (0, 0, 120)
    for file, ids in held:
        if file in files(warehouse):
            keys = np.fromfile(warehouse.folder / FOLDER / f"{file}.keys", "<u8")
            assert len(keys) == ids
            assert bool((np.diff(keys.astype(object)) >= 0).all())


def test_small_tables_and_stores_in_memory_have_no_index(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "store") as warehouse:
        take_text(warehouse, tmp_path, lines(on(1, "a")), path="1.jsonl")
        assert runs(warehouse) == []
        assert not (warehouse.folder / FOLDER).exists()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 40), st.integers(-5, 30)), max_size=12), min_size=1, max_size=5),
    st.sets(st.integers(0, 60), max_size=8),
)
def test_the_days_of_keys_are_those_of_their_rows(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[tuple[int, int]]], asked: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("ids")
    listed = []
    for number, part in enumerate(parts):
        rows = sorted(part)
        keys, of_day = (np.array([one[i] for one in rows], kind) for i, kind in ((0, np.uint64), (1, np.int32)))
        if rows:
            known_ids._write(folder, f"s-{number}", iter([(keys, of_day)]))
            listed.append((f"s-{number}", len(rows)))
    expected = [day for part in parts for key, day in part if key in asked]
    found = known_ids.days(Index(folder, "s", tuple(listed)), np.array(sorted(asked), np.uint64))
    assert found == ((min(expected), max(expected)) if expected else None)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9), st.sampled_from([None, 0.25, 0.5])), max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_with_and_without_an_index_the_same_is_stored(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[tuple[int, int, float | None]]]
) -> None:
    folder = tmp_path_factory.mktemp("both")
    held = []
    for name, small in (("with", 0), ("without", 10**9)):
        with pytest.MonkeyPatch.context() as patch, Warehouse.open(folder / name) as warehouse:
            patch.setattr(known_ids, "SMALL", small)
            for number, part in enumerate(parts):
                text = lines(*(on(day, f"e{n}", score=score) for n, day, score in part), f'{{"n": {number}}}')
                (folder / f"{number}.jsonl").write_text(text)
                assert_adds_up(take(warehouse, folder, spec(f"{number}.jsonl")).batches[0])
            stored = everything(warehouse)
            stored.pop("id_runs")
            held.append((stored, current(warehouse, "event_id", "score", "occurred_at")))
    assert held[0] == held[1]
