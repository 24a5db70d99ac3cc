"""The decision log: each decision once, never changed, and any change is found."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people_examples import NOW, alert, decision, long_log, switch, written

from warehouse.people import log, outbox, standings
from warehouse.people.canonical import canonical
from warehouse.people.chain import GENESIS, TEXTS
from warehouse.people.store import FILE_NAME, People
from warehouse.records.decisions import ChainReport, NewDelivery, PublishedStanding
from warehouse.records.errors import LedgerError, StoreError, UsageError

ENTRIES = 6


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path) as people:
        yield people


# ------------------------------------------------------------------------------------------------ writing and reading


def test_an_entry_reads_back_as_it_was_written(people: People) -> None:
    entry = written(people, "k", kind="pause", value=0.1, nested={"b": [1, None], "a": "漢"})
    assert entry.seq == 1
    assert entry.previous_hash == GENESIS
    assert log.entries(people) == [entry]
    assert log.entry(people, entry.id) == entry
    assert log.entry(people, "no such id \ud800") is None


def test_a_key_is_written_once_and_then_nothing_of_it_again(people: People) -> None:
    assert log.append(people, decision("k"), [switch("pause")]) is not None
    standing = PublishedStanding("support", {"standing": "go"}, NOW, NOW + timedelta(hours=1))
    assert log.append(people, decision("k"), [switch("go")], standing=standing) is None
    assert len(log.entries(people)) == 1
    assert [d.body["action"] for d in outbox.all(people)] == ["pause"]
    assert standings.latest(people) == {}


def test_decision_deliveries_and_standing_stand_or_fall_together(people: People) -> None:
    standing = PublishedStanding("support", {"standing": "pause"}, NOW, NOW + timedelta(hours=1))
    broken = NewDelivery("switch", "deploy", {"no": "action"})
    with pytest.raises(UsageError, match="needs text under `action`"):
        log.append(people, decision("k"), [alert(), broken], standing=standing)
    assert (log.entries(people), outbox.all(people), standings.latest(people)) == ([], [], {})
    log.append(people, decision("k"), [alert(), switch("pause")], standing=standing)
    assert len(log.entries(people)) == 1
    assert len(outbox.all(people)) == 2
    assert standings.latest(people) == {"support": standing}


def test_many_writers_write_each_key_once_and_without_gaps(tmp_path: Path) -> None:
    def write(writer: int) -> int:
        with People.open(tmp_path) as people:
            return sum(log.append(people, decision(f"k{(n + writer) % 10}"), [alert()]) is not None for n in range(10))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(write, range(4))) == 10
    with People.open(tmp_path) as people:
        assert [entry.seq for entry in log.entries(people)] == list(range(1, 11))
        assert log.verify(people).ok
        assert len(outbox.all(people)) == 10


def test_entries_are_found_by_rollout_kind_and_place(people: People) -> None:
    for number in range(5):
        written(people, f"k{number}", rollout=f"r{number % 2}", kind="pause" if number == 2 else "hold")
    assert [e.seq for e in log.entries(people, rollout="r0")] == [1, 3, 5]
    assert [e.seq for e in log.entries(people, kind="pause")] == [3]
    assert [e.seq for e in log.entries(people, after=2, limit=2)] == [3, 4]
    assert log.entries(people, rollout="r0'; DROP TABLE decisions; --") == []


def test_deliveries_carry_the_place_and_hash_of_their_decision(people: People) -> None:
    entry = written(people, "k", switch("pause"), alert())
    for delivery in outbox.all(people):
        assert delivery.body["decision"] == {"id": entry.id, "seq": 1, "head": entry.hash}
        assert delivery.decision_id == entry.id


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_body_with_a_number_that_is_none_is_refused(people: People, number: float) -> None:
    with pytest.raises(UsageError, match="write what is unknown as null"):
        log.append(people, decision("k", nested=[{"estimate": number}]))
    assert log.entries(people) == []


def test_a_time_without_zone_an_unknown_kind_and_an_empty_key_are_refused(people: People) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        written(people, "k", at=datetime(2026, 1, 1))  # noqa: DTZ001 (the mistake under test)
    with pytest.raises(UsageError, match="Allowed kinds: start, go"):
        written(people, "k", kind="explode")
    with pytest.raises(UsageError, match="needs a key"):
        written(people, "")


# ------------------------------------------------------------------------------------------------------ canonical JSON

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(VALUES)
def test_canonical_json_keeps_the_value_and_has_one_form(value: Any) -> None:
    text = canonical(value)
    assert json.loads(text) == value or "\ufffd" in text
    assert canonical(json.loads(text)) == text
    assert text.encode("utf-8").decode("utf-8") == text


def test_canonical_json_is_what_the_documents_say() -> None:
    assert canonical({"b": 0.1, "a": [1, "é"], "c": None}) == '{"a":[1,"é"],"b":0.1,"c":null}'
    assert canonical({"half \ud800": "\udfff"}) == '{"half \ufffd":"\ufffd"}'


def test_an_outsider_can_compute_the_hash_of_an_entry(people: People) -> None:
    entry = written(people, "k", value=0.1)
    covered = {
        "seq": 1,
        "id": entry.id,
        "key": "k",
        "at": "2026-01-05T12:00:00.000000+00:00",
        "rollout": "support",
        "kind": "hold",
        "actor": "gatehold",
        "summary": "why k",
        "evidence_digest": "e1",
        "config_digest": "c1",
        "body": {"value": 0.1},
        "previous_hash": "0" * 64,
    }
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == entry.hash


@settings(deadline=None)
@given(key=st.text(min_size=1), text=st.text(), body=st.dictionaries(st.text(), VALUES, max_size=3))
def test_any_text_can_be_written_and_verifies(template: Path, key: str, text: str, body: dict[str, Any]) -> None:
    with copied(template) as folder, People.open(folder) as people:
        new = decision(key)
        for field, value in {"rollout": text, "actor": text, "summary": text, "body": body}.items():
            object.__setattr__(new, field, value)
        entry = log.append(people, new, [NewDelivery("alert", text, body)])
        assert entry is not None
        assert log.entry(people, entry.id) == entry
        assert log.verify(people) == ChainReport(True, ENTRIES + 1, entry.hash)


# --------------------------------------------------------------------------------------------------- append-only, chain


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


# ------------------------------------------------------------------------------------------------------------- helpers


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


@contextmanager
def copied(template: Path) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        shutil.copy(template / FILE_NAME, folder)
        yield Path(folder)


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
