"""A file that is replaced whole: what a dead writer left goes, what a living one is writing stays."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from flows.switches.replacing import replace_text


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_what_a_dead_writer_left_half_done_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".switch.json.abc.part").write_text('{"half', encoding="utf-8")
    replace_text(tmp_path / "switch.json", "{}")
    assert names(tmp_path) == {"switch.json"}


def test_what_a_living_writer_is_at_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    mine, other, kept = (tmp_path / n for n in (".switch.json.abc.part", ".other.json.abc.part", ".switch.json.bak"))
    for file in (mine, other, kept):
        file.write_text("x", encoding="utf-8")
    with mine.open("rb") as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        replace_text(tmp_path / "switch.json", "{}")
        assert names(tmp_path) == {"switch.json", mine.name, other.name, kept.name}
    replace_text(tmp_path / "switch.json", "[]")
    assert names(tmp_path) == {"switch.json", other.name, kept.name}


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    replace_text(tmp_path / "switch.json", "old")
    with pytest.raises(UnicodeEncodeError):
        replace_text(tmp_path / "switch.json", "\ud800")
    assert (tmp_path / "switch.json").read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == {"switch.json"}
