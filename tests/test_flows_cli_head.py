"""`gatehold log verify --head`: what a receiver remembers shows a log that was cut or rewritten."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from command import gatehold
from people_examples import long_log

from warehouse.people.file import FILE_NAME


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "gatehold.yaml").write_text("window: 1h\n")
    return tmp_path


def verify(project: Path, head: str) -> tuple[int, str]:
    done = gatehold("log", "verify", "--config", str(project), "--head", head)
    return done.code, done.out + done.err


def test_a_log_that_holds_what_was_remembered_is_whole(project: Path) -> None:
    seq, hash = long_log(project / ".gatehold")
    assert verify(project, f"{seq}:{hash}")[0] == 0
    assert verify(project, f" {seq}:{hash.upper()} ")[0] == 0


def test_a_log_that_was_cut_is_seen_by_what_was_remembered(project: Path) -> None:
    seq, hash = long_log(project / ".gatehold")
    with closing(sqlite3.connect(project / ".gatehold" / FILE_NAME)) as connection:
        connection.execute("DROP TRIGGER decisions_never_go")
        connection.execute("DELETE FROM decisions WHERE seq = ?", (seq,))
        connection.commit()
    assert gatehold("log", "verify", "--config", str(project)).code == 0
    code, said = verify(project, f"{seq}:{hash}")
    assert code == 5
    assert f"entry {seq} was seen: its end was cut off" in said


def test_a_log_that_says_something_else_there_is_seen(project: Path) -> None:
    long_log(project / ".gatehold")
    code, said = verify(project, f"3:{'ab' * 32}")
    assert code == 5
    assert "entry 3 is not the one that was handed out" in said


def test_a_log_that_is_gone_is_seen(project: Path) -> None:
    code, said = verify(project, f"3:{'ab' * 32}")
    assert code == 5
    assert "entry 3 was seen" in said


@pytest.mark.parametrize("head", ["", "3", "0:" + "ab" * 32, "3:xyz", "three:" + "ab" * 32, "3:" + "ab" * 31])
def test_what_is_no_entry_is_refused(project: Path, head: str) -> None:
    code, said = verify(project, head)
    assert code == 2
    assert "decision.head" in said
