"""The people's records open fast, side by side, and only at a version that is known."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from people_examples import written

from warehouse.people import log
from warehouse.people.store import FILE_NAME, People, revisions
from warehouse.records.errors import StoreBusyError, StoreError


def execute(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        connection.execute(statement)


def test_a_new_folder_becomes_a_store_of_the_newest_version_in_wal_mode(tmp_path: Path) -> None:
    with People.open(tmp_path / "a%20 new" / "folder") as people:
        assert log.entries(people) == []
    with closing(sqlite3.connect(people.folder / FILE_NAME)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(revisions()[-1],)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_tables_of_the_code_are_those_of_the_migrations(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlmodel import SQLModel

    with People.open(tmp_path) as people, people.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        connection.execute("CREATE TABLE standings (of_another TEXT)")
    with pytest.raises(StoreError, match="standings already exists"):
        People.open(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("standings",)]


def test_a_store_of_a_newer_version_is_refused_by_name(tmp_path: Path) -> None:
    People.open(tmp_path).close()
    execute(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"newer version \(migration 9999\)"):
        People.open(tmp_path)


def test_a_file_that_is_no_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is not a database, it only has the name of one" * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        People.open(tmp_path)


def test_many_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    def open_and_close(_: int) -> int:
        with People.open(tmp_path) as people:
            return len(log.entries(people))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(open_and_close, range(8))) == [0] * 8


def test_readers_open_and_read_while_one_writes(tmp_path: Path) -> None:
    with People.open(tmp_path) as writer:
        written(writer, "a")
        with writer.write() as session:
            session.connection().exec_driver_sql("DELETE FROM standings")
            begun = time.perf_counter()
            with People.open(tmp_path, wait_seconds=0.1) as reader:
                assert [entry.key for entry in log.entries(reader)] == ["a"]
            assert time.perf_counter() - begun < 0.5


def test_a_second_writer_waits_and_then_says_that_it_is_busy(tmp_path: Path) -> None:
    with (
        People.open(tmp_path) as first,
        People.open(tmp_path, wait_seconds=0.05) as second,
        first.write(),
        pytest.raises(StoreBusyError, match="Another process is writing"),
    ):
        written(second, "a")


def test_what_is_written_before_an_error_is_not_kept(tmp_path: Path) -> None:
    def write_and_fail(people: People) -> None:
        with people.write() as session:
            session.connection().exec_driver_sql("INSERT INTO standings VALUES ('r', '{}', 'a', 'b')")
            raise RuntimeError

    with People.open(tmp_path) as people:
        with pytest.raises(RuntimeError):
            write_and_fail(people)
        with people.read() as session:
            assert session.connection().exec_driver_sql("SELECT count(*) FROM standings").scalar() == 0


def test_an_error_of_the_file_never_quotes_values(tmp_path: Path) -> None:
    with People.open(tmp_path) as people:
        with pytest.raises(StoreError) as caught, people.write() as session:
            session.connection().exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("tell nobody",))
        assert "tell nobody" not in str(caught.value)
        assert caught.value.__suppress_context__


@pytest.mark.slow
def test_the_package_loads_nothing_heavy_and_an_open_store_needs_no_migrations(tmp_path: Path) -> None:
    People.open(tmp_path).close()
    script = (
        "import sys, pathlib\n"
        "import warehouse.people, flows.switches.port, flows.channels.text, flows.switches.webhook, flows.receiver\n"
        "print(sorted({'sqlalchemy', 'sqlmodel', 'alembic', 'httpx'} & set(sys.modules)))\n"
        "from warehouse.people.store import People\n"
        f"People.open(pathlib.Path({str(tmp_path)!r})).close()\n"
        "print('alembic' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "False"]
