"""A large file of lines comes in as several batches, and the store holds the same rows as if it had come as one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_tools import assert_adds_up, current, lines, row, spec, take

from warehouse import streaming, taking
from warehouse.fingerprint import Fingerprint, fingerprint
from warehouse.records.errors import SourceError
from warehouse.store import Warehouse

LINE = st.sampled_from(["", "no json", "[1]", "é" * 9]) | st.integers(0, 10**6).map(
    lambda number: lines(row(f"e{number}", note="n" * (number % 50), score=0.5)).rstrip()
)
COLUMNS = ("event_id", "position", "note", "attributes", "digest", "revision")
NUMBERS = 20


def rows_of(first: int, count: int) -> str:
    return lines(*(row(f"e{number:05}", score=0.5) for number in range(first, first + count)))


@settings(max_examples=40, deadline=None)
@given(st.lists(LINE, max_size=12, unique=True), st.integers(1, 400), st.booleans(), st.booleans())
def test_parts_bring_the_same_rows_as_the_whole(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], most: int, ends: bool, early: bool
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    (folder / "in.jsonl").write_text("\n".join(texts) + ("\n" if ends else ""))
    found = []
    for part in (most, 10**9):
        with pytest.MonkeyPatch.context() as patch, Warehouse.open(folder / str(part)) as warehouse:
            patch.setattr(taking, "PART", part)
            patch.setattr(streaming, "LEAST", 0 if early else 10**9)
            for report in take(warehouse, folder).batches:
                assert_adds_up(report)
            sql = "SELECT position, reason, detail, raw FROM quarantine ORDER BY ALL"
            found.append((current(warehouse, *COLUMNS), warehouse.connection.execute(sql).fetchall()))
            assert all(report.repeated for report in take(warehouse, folder).batches)
    assert found[0] == found[1]


@pytest.mark.parametrize("most", [1, 60, 61, 200, 10**6])
def test_no_line_is_cut_and_every_byte_is_read_once(tmp_path: Path, most: int) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(rows_of(0, 5) + "x" * 300 + "\n" + rows_of(5, 5) + "the end")
    text = path.read_bytes()
    mark, at = fingerprint(path, None, most), 0
    while True:
        assert mark.unread.start == at
        assert mark.unread.first == text.count(b"\n", 0, at) + 1
        at = mark.unread.stop
        assert at == len(text) or text[at - 1 : at] == b"\n"
        mark.take(text[mark.unread.start : at])
        if mark.size >= mark.total:
            break
        mark = mark.following(most)
    assert at == len(text)
    assert mark.digest == fingerprint(path, None).digest


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "PART", 300)


@pytest.mark.usefixtures("in_parts")
def test_what_a_run_that_died_had_taken_in_is_not_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in.jsonl").write_text(rows_of(0, NUMBERS))

    def dies(*_: Any) -> Fingerprint:
        raise KeyboardInterrupt

    with Warehouse.open(tmp_path / "store") as warehouse:
        with monkeypatch.context() as patch:
            patch.setattr(Fingerprint, "following", dies)
            with pytest.raises(KeyboardInterrupt):
                take(warehouse, tmp_path)
        first = len(current(warehouse, "event_id"))
        assert 0 < first < NUMBERS
        rest = take(warehouse, tmp_path).batches
        assert sum(report.accepted for report in rest) == NUMBERS - first
        assert sum(report.duplicate for report in rest) == 0
        assert [position for _, position in current(warehouse, "event_id", "position")] == list(range(1, NUMBERS + 1))


@pytest.mark.usefixtures("in_parts")
def test_the_same_content_under_another_name_is_known_part_by_part(tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").write_text(rows_of(0, NUMBERS))
    (tmp_path / "2.jsonl").write_text(rows_of(0, NUMBERS) + rows_of(NUMBERS, 3))
    with Warehouse.open(tmp_path / "store") as warehouse:
        take(warehouse, tmp_path, spec("1.jsonl"))
        reports = take(warehouse, tmp_path, spec("2.jsonl")).batches
        assert reports[0].repeated
        assert sum(report.accepted for report in reports if not report.repeated) == 3
        assert len(current(warehouse, "event_id")) == NUMBERS + 3


@pytest.mark.usefixtures("in_parts")
def test_a_file_that_is_replaced_meanwhile_degrades_the_source_until_it_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(rows_of(0, NUMBERS))
    known = Fingerprint.following

    def replaced(mark: Fingerprint, most: int) -> Fingerprint:
        (tmp_path / "new").write_text(rows_of(500, NUMBERS))
        os.replace(tmp_path / "new", path)
        return known(mark, most)

    with Warehouse.open(tmp_path / "store") as warehouse:
        with monkeypatch.context() as patch:
            patch.setattr(Fingerprint, "following", replaced)
            report = take(warehouse, tmp_path)
        assert report.degraded is not None
        assert "replaced while it was read" in report.degraded
        first = len(current(warehouse, "event_id"))
        assert take(warehouse, tmp_path).degraded is None
        assert len(current(warehouse, "event_id")) == first + NUMBERS


def test_a_file_that_shrinks_between_two_parts_is_no_longer_the_same(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(rows_of(0, NUMBERS))
    mark = fingerprint(path, None, 100)
    assert mark.digest
    os.truncate(path, 150)
    with pytest.raises(SourceError, match="replaced"):
        mark.following(100)
