"""One writer at a time, numbered migrations, and all of a transaction or nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT
from ingest_tools import current, everything, lines, row, take, take_text

from warehouse.records.errors import StoreBusyError, StoreError
from warehouse.sql import load
from warehouse.store import FILE_NAME, Warehouse, migrate, migrations, pending


def test_a_new_store_has_every_migration_once(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "new" / "folder") as warehouse:
        assert pending(warehouse) == []
        assert migrate(warehouse) == []
        applied = warehouse.connection.execute("SELECT number, name FROM schema_version ORDER BY number").fetchall()
    assert applied == [(number, name) for number, name, _ in migrations()]
    assert [number for number, _, _ in migrations()] == list(range(1, len(applied) + 1))


def test_what_was_written_is_there_when_opened_again(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        take_text(warehouse, tmp_path, lines(row("a")))
        before = everything(warehouse, polls=True)
    with Warehouse.open(tmp_path) as warehouse:
        assert everything(warehouse, polls=True) == before
        assert take(warehouse, tmp_path).batches[0].repeated


def test_a_second_writer_is_refused_with_a_sentence(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from warehouse.records.errors import StoreBusyError
        from warehouse.store import Warehouse
        try:
            Warehouse.open(Path(sys.argv[1]), wait_seconds=0.1)
        except StoreBusyError as error:
            print(error)
        """
    )
    with Warehouse.open(tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, cwd=ROOT
        )
    assert done.stdout.startswith(f"Another process is writing to {tmp_path} (waited 0.1 s).")
    with Warehouse.open(tmp_path, wait_seconds=0.1):
        pass


def test_the_slot_is_given_back_when_opening_fails(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database" * 1000)
    for _ in range(2):
        with pytest.raises(StoreError, match="cannot be opened"):
            Warehouse.open(tmp_path, wait_seconds=0.1)


def test_a_store_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        warehouse.connection.execute("INSERT INTO schema_version VALUES (9999, '9999_future.sql')")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"was written by a newer version \(migration 9999\)"):
            Warehouse.open(tmp_path, wait_seconds=0.1)


def test_an_exception_undoes_the_whole_transaction_also_from_inside(tmp_path: Path) -> None:
    insert = "INSERT INTO schema_version VALUES (500, 'x')"

    def fail_half_way(warehouse: Warehouse) -> None:
        with warehouse.transaction() as connection:
            connection.execute(insert)
            with warehouse.transaction() as inner:
                inner.execute("CREATE TABLE left_over (x INTEGER)")
            raise ZeroDivisionError

    with Warehouse.in_memory(tmp_path) as warehouse:
        before = everything(warehouse, polls=True)
        with pytest.raises(ZeroDivisionError):
            fail_half_way(warehouse)
        assert everything(warehouse, polls=True) == before
        with warehouse.transaction() as connection:
            connection.execute(insert)
        assert everything(warehouse, polls=True) != before


@pytest.mark.slow
def test_a_killed_writer_leaves_all_or_nothing_and_no_lock(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(lines(*(row(f"e{i}") for i in range(500))))
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from ingest_tools import take
        from warehouse import settling
        from warehouse.store import Warehouse
        folder = Path(sys.argv[1])
        settling._write_ledger = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        take(Warehouse.open(folder), folder)
        """
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env={**os.environ, "PYTHONPATH": path}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    with Warehouse.open(tmp_path, wait_seconds=1) as warehouse:
        assert warehouse.connection.execute("SELECT count(*) FROM batches").fetchone() == (0,)
        report = take(warehouse, tmp_path)
        assert report.batches[0].accepted == 500
        assert len(current(warehouse, "event_id")) == 500


def test_the_ledger_refuses_counts_that_do_not_add_up(tmp_path: Path) -> None:
    with Warehouse.in_memory(tmp_path) as warehouse:
        take_text(warehouse, tmp_path, lines(row("a")))
        with pytest.raises(duckdb.ConstraintException):
            warehouse.connection.execute("UPDATE batches SET accepted = accepted + 1")


def test_a_store_in_memory_takes_no_slot(tmp_path: Path) -> None:
    with Warehouse.in_memory(tmp_path), Warehouse.in_memory(tmp_path):
        assert not (tmp_path / "writer.lock").exists()


def test_an_unknown_query_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        load("no_such_query")


def test_busy_is_a_store_error() -> None:
    assert issubclass(StoreBusyError, StoreError)
