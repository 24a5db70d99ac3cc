"""The lake holds every batch of the ledger exactly once, whatever happens on the way, and forgets with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import bucket
import duckdb
import lake_tools
import postgres
import projects
import pytest
from event_rows import at
from lake_tools import NOW, copy_apart, fill

from flows import doctoring
from flows.project import Project
from warehouse import extensions
from warehouse.lake import comparing, copying, mending, tidying
from warehouse.lake.attaching import attached
from warehouse.records.errors import StoreError
from warehouse.records.lake import LakePlace, ObjectStorage
from warehouse.store import Warehouse

pytestmark = [pytest.mark.live, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.running() as url:
        yield url


@pytest.fixture
def place(server: str, tmp_path: Path) -> LakePlace:
    """A lake of its own: a fresh database of the server and a fresh folder."""
    name = f"lake_{abs(hash(str(tmp_path))) % 10**9}"
    with duckdb.connect(":memory:") as connection:
        extensions.load(connection, "postgres_scanner")
        connection.execute(f"ATTACH '{server}' AS pg (TYPE postgres)")
        connection.execute(f"CALL postgres_execute('pg', 'CREATE DATABASE {name}', use_transaction => false)")
    return LakePlace(server.replace("/postgres?", f"/{name}?"), str(tmp_path / "lake"))


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as warehouse:
        yield warehouse


def counted(place: LakePlace, table: str = "events_interactions") -> int:
    with duckdb.connect(":memory:") as connection, attached(connection, place, read_only=True):
        found = connection.execute(f"SELECT count(*) FROM lake.{table}").fetchone()
    assert found is not None
    return int(found[0])


def test_the_lake_holds_what_the_ledger_holds_hostile_text_included(warehouse: Warehouse, place: LakePlace) -> None:
    fill(warehouse)
    done = copying.copy(warehouse, place, now=NOW)
    assert (done.batches, done.rows, done.through) == (6, 123, 6)
    assert comparing.compare(warehouse, place) == []
    assert counted(place) == 120
    assert copying.copy(warehouse, place, now=NOW).batches == 0
    assert counted(place) == 120


def test_what_comes_later_is_added_and_what_it_supersedes_is_noted(warehouse: Warehouse, place: LakePlace) -> None:
    loader = fill(warehouse, 2)
    copying.copy(warehouse, place, now=NOW)
    loader.add(lake_tools.rows(2))
    assert [(d.batch, d.state) for d in comparing.compare(warehouse, place)] == [(5, "waiting")]
    assert copying.copy(warehouse, place, now=NOW).rows == 40
    assert comparing.compare(warehouse, place) == []
    superseded = warehouse.connection.execute("SELECT count(*) FROM events_interactions WHERE closed_by > 0").fetchone()
    assert superseded is not None
    assert counted(place, "closings_interactions") == superseded[0] > 0


def test_many_transactions_leave_the_same_as_one(
    warehouse: Warehouse, place: LakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(warehouse)
    monkeypatch.setattr(copying, "CHUNK_ROWS", 50)
    steps: list[tuple[int, int]] = []
    copying.copy(warehouse, place, now=NOW, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(2, 6), (4, 6), (6, 6)]
    assert comparing.compare(warehouse, place) == []


def test_a_kill_anywhere_leaves_whole_batches_and_the_next_run_completes_them(
    warehouse: Warehouse, place: LakePlace, tmp_path: Path
) -> None:
    loader = fill(warehouse, 1)
    copying.copy(warehouse, place, now=NOW)
    loader.add(lake_tools.rows(1))
    warehouse.close()
    killed = 0
    # A copy of one batch is about 26 statements; these lie all over it, closest where it writes and commits.
    for kill_at in (2, 8, 13, 16, 18, 20, 22, 23, 24, 25, 26, 27, 28, 30, 40):
        if copy_apart(tmp_path / "data", place, kill_at=kill_at):
            break
        killed += 1
        assert counted(place) in (40, 80), "a part of a batch is in the lake"
    else:
        pytest.fail("a copy takes more statements than the kills reach")
    assert killed >= 8
    assert counted(place) == 80
    with Warehouse.open(tmp_path / "data") as again:
        assert comparing.compare(again, place) == []


def test_two_copies_of_a_warehouse_do_not_write_a_batch_twice(
    warehouse: Warehouse, place: LakePlace, tmp_path: Path
) -> None:
    loader = fill(warehouse, 1)
    copying.copy(warehouse, place, now=NOW)
    for batch in range(1, 4):
        loader.add(lake_tools.rows(batch))
    warehouse.close()
    shutil.copytree(tmp_path / "data", tmp_path / "twin")
    both = [lake_tools.start_copy(tmp_path / name, place) for name in ("data", "twin")]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert counted(place) == 160
    with Warehouse.open(tmp_path / "data") as again:
        assert comparing.compare(again, place) == []


def test_another_warehouse_cannot_write_into_the_lake(warehouse: Warehouse, place: LakePlace, tmp_path: Path) -> None:
    fill(warehouse)
    copying.copy(warehouse, place, now=NOW)
    with Warehouse.open(tmp_path / "other") as other:
        fill(other)
        other.connection.execute("UPDATE batches SET content_digest = 'other' WHERE batch = 2")
        with pytest.raises(StoreError, match="batch 2 of another warehouse"):
            copying.copy(other, place, now=NOW)


def test_what_the_embedded_file_forgets_is_in_no_file_of_the_lake(warehouse: Warehouse, place: LakePlace) -> None:
    loader = fill(warehouse)
    loader.add([{"event_id": "x", "occurred_at": at(5), "session_id": "sesame", "prompt": "the person's own words"}])
    copying.copy(warehouse, place, now=NOW)
    assert hits(place, "own words") > 0
    warehouse.connection.execute("UPDATE events_interactions SET prompt = NULL WHERE event_id = 'x'")
    warehouse.connection.execute("DELETE FROM events_interactions WHERE event_id = 'e1'")
    changed = mending.mend(warehouse, place, now=NOW)
    assert [(d.batch, d.embedded_rows, d.lake_rows) for d in changed] == [(1, 39, 40), (7, 1, 1)]
    assert comparing.compare(warehouse, place) == []
    assert hits(place, "own words") == 0
    assert mending.mend(warehouse, place, now=NOW) == []


def test_a_run_follows_an_erasure_at_once_and_retention_daily(warehouse: Warehouse, place: LakePlace) -> None:
    fill(warehouse)
    copying.copy(warehouse, place, now=NOW)
    assert mending.mend_if_owed(warehouse, place, now=NOW) == []
    warehouse.connection.execute("DELETE FROM events_interactions WHERE event_id = 'e1'")
    warehouse.connection.execute(
        "INSERT INTO erasures VALUES ('x', now(), 'Ada', '', '', '', '{}', '{}', 0, '[]', true)"
    )
    assert [d.batch for d in mending.mend_if_owed(warehouse, place, now=NOW)] == [1]
    warehouse.connection.execute("UPDATE events_interactions SET prompt = NULL WHERE event_id = 'e2'")
    warehouse.connection.execute("INSERT INTO retention_log VALUES (now(), 'raw_text', 'interactions', now(), 1)")
    assert mending.mend_if_owed(warehouse, place, now=NOW + timedelta(hours=23)) == []
    assert [d.batch for d in mending.mend_if_owed(warehouse, place, now=NOW + timedelta(hours=24))] == [1]
    assert comparing.compare(warehouse, place) == []


def hits(place: LakePlace, text: str) -> int:
    """Parquet files, of whatever state of the lake, with a prompt that has the text."""
    with duckdb.connect(":memory:") as connection:
        found = connection.execute(
            "SELECT count(DISTINCT filename) FROM read_parquet($files, filename => true, union_by_name => true) "
            "WHERE contains(prompt, $text)",
            {"files": f"{place.path}/main/events_interactions/**/*.parquet", "text": text},
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_small_files_become_few_and_nothing_is_lost(warehouse: Warehouse, place: LakePlace) -> None:
    loader = fill(warehouse, 1)
    copying.copy(warehouse, place, now=NOW)
    for batch in range(1, 5):
        loader.add(lake_tools.rows(batch))
        copying.copy(warehouse, place, now=NOW)
    before = len(list(Path(place.path).rglob("*.parquet")))
    assert tidying.tidy(warehouse, place, now=NOW) == 0, "a reader may still use what is a moment old"
    with attached(warehouse.connection, place):
        assert tidying.forget(warehouse, place) > before / 2
    assert len(list(Path(place.path).rglob("*.parquet"))) < before / 2
    assert comparing.compare(warehouse, place) == []


def test_a_lake_in_a_bucket_is_written_read_and_forgets(warehouse: Warehouse, place: LakePlace) -> None:
    fill(warehouse, 1)
    with bucket.running() as store:
        access = ObjectStorage("key-1", "secret-1", "eu-central-1", store.endpoint, path_style=True, plain_http=True)
        remote = replace(place, path="s3://evidence/lake", storage=access)
        assert copying.copy(warehouse, remote, now=NOW).rows == 41
        assert comparing.compare(warehouse, remote) == []
        files = {path for path in store.objects if "/events_interactions/" in path}
        assert len(files) == 3, "one file a day"
        assert all(path.startswith("/evidence/lake/") for path in files)
        warehouse.connection.execute("UPDATE events_interactions SET prompt = NULL WHERE event_id = 'e1'")
        mending.mend(warehouse, remote, now=NOW)
        assert comparing.compare(warehouse, remote) == []
        assert files & set(store.objects) == set(), "files that held the text are gone"
        assert store.keys == {"key-1"}


def test_a_new_column_reaches_the_lake(warehouse: Warehouse, place: LakePlace) -> None:
    loader = fill(warehouse, 1)
    copying.copy(warehouse, place, now=NOW)
    warehouse.connection.execute("ALTER TABLE events_interactions ADD COLUMN tone VARCHAR")
    loader.add([{"event_id": "y", "occurred_at": at(9)}])
    copying.copy(warehouse, place, now=NOW)
    assert comparing.compare(warehouse, place) == []


def test_no_message_holds_the_password(warehouse: Warehouse, place: LakePlace) -> None:
    closed = replace(place, catalog="postgresql://gatehold:open%20sesame@127.0.0.1:1/postgres")
    with pytest.raises(StoreError) as caught:
        copying.copy(warehouse, closed, now=NOW)
    assert "sesame" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "sesame" not in repr(closed)


def test_a_run_fills_the_lake_of_its_project_and_goes_on_without_it(
    tmp_path: Path, place: LakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = {"kind": "ducklake", "catalog_env": "LAKE_CATALOG", "path": "lake"}
    lost = projects.make(tmp_path / "p", projects.policy(storage=lake))
    project = replace(lost, environment={"LAKE_CATALOG": place.catalog})
    projects.write(project, "a.jsonl", projects.answers(0))
    assert projects.run(project, 1).lake == ""
    assert list((tmp_path / "p" / "lake").rglob("*.parquet"))
    monkeypatch.setenv("LAKE_CATALOG", place.catalog)
    assert said_of_lake(project) == ("ok", f"{tmp_path / 'p' / 'lake'}, holds everything up to batch 1")
    projects.write(project, "b.jsonl", projects.answers(1))
    done = projects.run(lost, 2)
    assert "LAKE_CATALOG" in done.lake
    assert projects.said(done) == projects.said(projects.run(lost, 2)), "gates do not wait for the lake"
    assert said_of_lake(project) == ("warning", "1 batch(es) behind the ledger")
    assert projects.run(project, 3).lake == ""
    assert counted(replace(place, path=str(tmp_path / "p" / "lake"))) == 120


def said_of_lake(project: Project) -> tuple[str, str]:
    found = {d.what: d for d in doctoring.examine(project.file, data=None, now=NOW)}
    assert {found[f"extension {name}"].state for name in ("ducklake", "postgres_scanner")} == {"ok"}
    return found["lake"].state, found["lake"].found
