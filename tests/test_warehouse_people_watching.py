"""Whether the people's records were changed is known without reading them, and never wrongly denied."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse.people import glance, log
from warehouse.people.file import FILE_NAME
from warehouse.people.store import People
from warehouse.people.watching import Watch
from warehouse.records.decisions import DecisionKind, NewDecision
from warehouse.records.errors import LedgerError

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)


def _note(folder: Path, key: str, kind: DecisionKind = "hold", **body: object) -> None:
    with People.open(folder) as people:
        log.append(people, NewDecision(key, NOW, "bot", kind, "Ada", "Why.", "", "", body))


def test_a_mark_stays_while_nobody_writes_and_changes_with_every_write(tmp_path: Path) -> None:
    _note(tmp_path, "a")
    watch = Watch(tmp_path, 1.0)
    marks = [watch.mark(), watch.mark()]
    assert marks[0] is not None
    assert marks[0] == marks[1]
    for key in ("b", "c"):
        _note(tmp_path, key)
        assert watch.mark() not in marks
        marks.append(watch.mark())
    with People.open(tmp_path) as people:
        log.entries(people)
    assert watch.mark() == marks[-1]
    watch.close()


def test_a_file_put_in_place_of_another_one_has_another_mark(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    _note(here, "a")
    _note(there, "b")
    watch = Watch(here, 1.0)
    before = watch.mark()
    shutil.rmtree(here)
    there.rename(here)
    assert watch.mark() not in (None, before)
    watch.close()
    assert watch.mark() not in (None, before)
    watch.close()


def test_where_there_is_nothing_there_is_no_mark(tmp_path: Path) -> None:
    watch = Watch(tmp_path, 1.0)
    assert watch.mark() is None
    _note(tmp_path, "a")
    assert watch.mark() is not None
    (tmp_path / FILE_NAME).write_bytes(b"no database, whatever it is called" * 200)
    (tmp_path / f"{FILE_NAME}-wal").unlink(missing_ok=True)
    assert watch.mark() is None or watch.mark() != watch.mark()
    watch.close()


def test_the_course_of_a_rollout_leaves_out_what_decisions_rest_on(tmp_path: Path) -> None:
    assert glance.course(tmp_path, "bot", last=3) == ([], 0)
    _note(tmp_path, "start", "start", stage="pilot")
    for number in range(9):
        _note(tmp_path, f"said/{number}", "hold" if number % 2 else "go", standing={"much": "x" * 999})
    _note(tmp_path, "pause", "pause", standing={})
    _note(tmp_path, "last", "hold")
    found, count = glance.course(tmp_path, "bot", last=3)
    assert count == 12
    assert [entry.seq for entry in found] == [1, 10, 11, 12]
    assert [entry.body for entry in found] == [{"stage": "pilot"}, {}, {}, {}]
    assert glance.course(tmp_path, "other", last=3) == ([], 0)


def test_an_entry_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    _note(tmp_path, "start", "start", stage="pilot")
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE decisions SET at = 'yesterday'")
        connection.commit()
    with pytest.raises(LedgerError, match="cannot be read"):
        glance.course(tmp_path, "bot", last=3)
