"""The decision log is never changed, and any change is found and named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_examples import ENTRIES, copied
from people_examples import long_log, switch, written

from warehouse.people import log
from warehouse.people.chain import GENESIS, TEXTS
from warehouse.people.store import FILE_NAME, People
from warehouse.records.decisions import ChainReport
from warehouse.records.errors import LedgerError, StoreError


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path) as people:
        yield people


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decisions SET summary = 'all is well' WHERE seq = 2",
        "DELETE FROM decisions WHERE seq = 6",
        "DELETE FROM decisions",
        "INSERT OR REPLACE INTO decisions SELECT * FROM decisions WHERE seq = 6",
        "INSERT OR REPLACE INTO decisions SELECT 7, id, key, at, rollout, kind, actor, summary, evidence_digest,"
        " config_digest, body, hash, hash FROM decisions WHERE seq = 6",
        "INSERT INTO decisions SELECT 9, 'x', 'x', at, rollout, kind, actor, summary, evidence_digest, config_digest,"
        " body, hash, hash FROM decisions WHERE seq = 6",
        "INSERT INTO decisions SELECT 7, 'x', 'x', at, rollout, kind, actor, summary, evidence_digest, config_digest,"
        " body, previous_hash, hash FROM decisions WHERE seq = 6",
    ],
)
def test_the_table_itself_refuses_all_but_the_next_entry(template: Path, statement: str) -> None:
    with (
        copied(template) as folder,
        closing(sqlite3.connect(folder / FILE_NAME)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)


def test_a_sound_log_verifies_against_its_head_and_against_earlier_ones(template: Path, head: tuple[int, str]) -> None:
    with People.open(template) as people:
        sound = ChainReport(True, ENTRIES, head[1])
        assert log.verify(people) == sound
        for entry in log.entries(people):
            assert log.verify(people, expected_head=(entry.seq, entry.hash)) == sound
        assert log.verify(people, expected_head=(0, GENESIS)) == sound


def test_an_empty_log_verifies_and_is_cut_when_somebody_saw_more(people: People) -> None:
    assert log.verify(people) == ChainReport(True, 0, GENESIS)
    report = log.verify(people, expected_head=(3, "ab" * 32))
    assert (report.ok, report.bad_seq) == (False, 1)
    assert "its end was cut off" in str(report.reason)


def flip(connection: sqlite3.Connection, seq: int, column: str, bit: int) -> None:
    (value,) = connection.execute(f"SELECT CAST({column} AS BLOB) FROM decisions WHERE seq = ?", [seq]).fetchone()
    place = bit % (8 * len(value))
    changed = bytearray(value)
    changed[place // 8] ^= 1 << place % 8
    statement = f"UPDATE decisions SET {column} = CAST(? AS TEXT) WHERE seq = ?"
    connection.execute(statement, [bytes(changed), seq])


@settings(deadline=None)
@given(st.integers(1, ENTRIES), st.sampled_from(TEXTS), st.integers(0, 10_000))
def test_one_flipped_bit_in_any_column_is_found_and_named(template: Path, seq: int, column: str, bit: int) -> None:
    report = tampered(template, lambda connection: flip(connection, seq, column, bit))
    assert (report.ok, report.bad_seq, report.entries) == (False, seq, seq - 1)


@settings(deadline=None)
@given(st.integers(1, ENTRIES), st.sampled_from(TEXTS), st.sampled_from(["NULL", "7", "''", "CAST({} AS BLOB)"]))
def test_a_column_of_another_type_is_found_and_named(template: Path, seq: int, column: str, value: str) -> None:
    statement = f"UPDATE decisions SET {column} = {value.format(column)} WHERE seq = {seq}"
    report = tampered(template, lambda connection: connection.execute(statement))
    assert (report.ok, report.bad_seq) == (False, seq)


@settings(deadline=None)
@given(st.integers(1, ENTRIES), st.integers(-3, ENTRIES + 3))
def test_a_moved_entry_is_found(template: Path, seq: int, to: int) -> None:
    if to == seq:
        return
    report = tampered(template, lambda c: c.execute("UPDATE decisions SET seq = ? WHERE seq = ?", [to, seq]))
    assert not report.ok
    assert report.bad_seq is not None
    assert report.bad_seq <= seq


@settings(deadline=None)
@given(st.integers(1, ENTRIES - 1))
def test_a_removed_entry_is_found_and_named(template: Path, seq: int) -> None:
    report = tampered(template, lambda c: c.execute("DELETE FROM decisions WHERE seq = ?", [seq]))
    assert report == ChainReport(False, seq - 1, report.head, seq, f"entry {seq} is missing")


@settings(deadline=None)
@given(st.integers(1, ENTRIES), st.integers(1, ENTRIES))
def test_swapped_entries_are_found_and_named(template: Path, one: int, other: int) -> None:
    if one == other:
        return
    swap = f"UPDATE decisions SET seq = {one + other} - seq WHERE seq IN ({one}, {other})"
    assert tampered(template, lambda c: c.execute(swap)).bad_seq == min(one, other)


@settings(deadline=None)
@given(st.integers(1, ENTRIES), st.integers(0, ENTRIES + 1))
def test_an_inserted_entry_is_found(template: Path, source: int, to: int) -> None:
    def insert(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE decisions SET seq = seq + 1 WHERE seq >= ?", [to])
        rest = ", ".join(TEXTS)
        source_now = source + (source >= to)
        statement = f"INSERT INTO decisions (seq, {rest}) SELECT ?, {rest} FROM decisions WHERE seq = ?"
        connection.execute(statement, [to, source_now])

    report = tampered(template, insert)
    assert not report.ok
    assert report.bad_seq is not None
    assert report.bad_seq <= max(to, 1) + 1


def test_a_cut_tail_is_found_by_whoever_remembers_the_head(template: Path, head: tuple[int, str]) -> None:
    def cut(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM decisions WHERE seq > 4")

    assert tampered(template, cut).ok
    report = tampered(template, cut, head)
    assert (report.ok, report.bad_seq, report.entries) == (False, 5, 4)


def test_a_cut_tail_is_found_by_the_outbox_too(tmp_path: Path) -> None:
    with People.open(tmp_path) as people:
        written(people, "a")
        written(people, "b", switch("pause"))
    report = tampered(tmp_path, lambda c: c.execute("DELETE FROM decisions WHERE seq = 2"))
    assert (report.ok, report.bad_seq) == (False, 2)


def test_a_log_rewritten_whole_is_found_by_whoever_remembers_a_head(tmp_path: Path, template: Path) -> None:
    long_log(tmp_path, ENTRIES)
    with People.open(template) as true, People.open(tmp_path) as forged:
        seen = log.entries(true)[2]
        assert log.verify(forged).ok
        report = log.verify(forged, expected_head=(seen.seq, seen.hash))
    assert (report.ok, report.bad_seq) == (False, 3)
    assert "rewritten" in str(report.reason)


def test_a_damaged_file_is_a_report_or_a_named_error_never_a_crash(template: Path) -> None:
    with copied(template) as folder:
        path = folder / FILE_NAME
        raw = bytearray(path.read_bytes())
        place = raw.find(b"why k3")
        raw[place : place + 6] = b"why\xff\xfe\xfd"
        path.write_bytes(bytes(raw))
        with People.open(folder) as people:
            assert log.verify(people).bad_seq == 4
            with pytest.raises((LedgerError, StoreError)):
                log.entries(people)


def test_a_log_that_was_tampered_with_still_takes_a_pause(template: Path) -> None:
    with copied(template) as folder:
        with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
            connection.execute("DROP TRIGGER decisions_never_change")
            connection.execute("UPDATE decisions SET hash = 'x' WHERE seq = 6")
        with People.open(folder) as people:
            written(people, "late", switch("pause"), kind="pause")
            assert log.verify(people).bad_seq == 6


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[int, str]]:
    folder = tmp_path_factory.mktemp("log")
    return folder, long_log(folder, ENTRIES)


@pytest.fixture(scope="module")
def template(made: tuple[Path, tuple[int, str]]) -> Path:
    return made[0]


@pytest.fixture(scope="module")
def head(made: tuple[Path, tuple[int, str]]) -> tuple[int, str]:
    return made[1]


def tampered(
    template: Path, change: Callable[[sqlite3.Connection], Any], expected: tuple[int, str] | None = None
) -> ChainReport:
    """The report on a copy whose table was rebuilt without triggers, types or keys and then changed."""
    with copied(template) as folder:
        with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
            connection.execute("CREATE TABLE bare AS SELECT * FROM decisions")
            connection.execute("DROP TABLE decisions")
            connection.execute("ALTER TABLE bare RENAME TO decisions")
            change(connection)
        with People.open(folder) as people:
            return log.verify(people, expected_head=expected)
