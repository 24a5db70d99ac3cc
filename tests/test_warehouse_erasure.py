"""Erasure: a person's rows go for good, and everything that was computed from them stays as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from event_rows import START, Loader, at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_tools import NOW, lines, row, take_text
from summaries import COUNT, ITEM_RATE, METRICS, RATE, dump

from warehouse import cells, erasure, retention, storage, units
from warehouse.records.errors import UsageError
from warehouse.records.metrics import Slice
from warehouse.records.storage import Erased, Erasure
from warehouse.records.streams import BUILT_IN, GOVERNANCE
from warehouse.store import FILE_NAME, Warehouse

EVER = (START - timedelta(days=40), START + timedelta(days=40))


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as opened:
        yield opened


def erase(warehouse: Warehouse, column: str, *values: str, **more: Any) -> Erased | None:
    return erasure.erase(warehouse, Erasure(column, values, "Ines", "on request"), now=NOW, **more)


def talk(name: str, minute: float, session: str | None = "s", harm: float = 0.7, **values: Any) -> dict[str, Any]:
    known = {"session_id": session, "scores": json.dumps({"harm": harm}), "judge_version": "j", "benign": True}
    return {"event_id": name, "occurred_at": at(minute), **known, **values}


def ids(warehouse: Warehouse, table: str = "events_interactions") -> list[str]:
    found = warehouse.connection.execute(f"SELECT event_id FROM {table} ORDER BY event_id, revision").fetchall()
    return [name for (name,) in found]


def test_all_revisions_of_a_session_go_and_no_sum_changes(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([talk("a", 0, "person"), talk("b", 1, "person"), talk("c", 2, "other")])
    loader.add([talk("a", 0, "person", harm=0.2)])
    cells.summarise(warehouse, METRICS, BUILT_IN)
    before = dump(warehouse)
    record = erase(warehouse, "session_id", "person")
    assert record is not None
    assert (record.rows, record.rollouts, record.total) == ({"interactions": 3}, ("bot",), 3)
    assert ids(warehouse) == ["c"]
    cells.summarise(warehouse, METRICS, BUILT_IN)
    assert dump(warehouse) == before
    assert retention.incomplete_batches(warehouse, "interactions") == {1: 2, 2: 2}


def test_the_record_names_who_and_why_but_not_whom(warehouse: Warehouse) -> None:
    Loader(warehouse).add([talk("a", 0, "person")])
    record = erase(warehouse, "session_id", "person")
    assert erasure.erasures(warehouse) == [record]
    assert record is not None
    assert (record.by, record.reason, record.column) == ("Ines", "on request", "session_id")
    assert "person" not in repr(record).replace("column='session_id'", "")
    assert len(record.subject_digest) == 64
    erasure.mark_logged(warehouse, record.erasure)
    assert erasure.erasures(warehouse, unlogged=True) == []


def test_the_same_file_does_not_bring_them_back(warehouse: Warehouse, tmp_path: Path) -> None:
    content = [row("a", session_id="person", note="secret"), row("b", session_id="other")]
    take_text(warehouse, tmp_path, lines(*content))
    erase(warehouse, "session_id", "person")
    again = lines(*reversed(content), row("c", session_id="person", note="secret"))
    report = take_text(warehouse, tmp_path, again, path="copy.jsonl")
    assert (report.accepted, report.duplicate, report.reasons) == (0, 1, {"erased": 2})
    assert ids(warehouse, "events_all_types") == ["b"]
    kept = warehouse.connection.execute("SELECT raw, detail, raw_bytes FROM quarantine").fetchall()
    assert kept == [("", "rows of this subject were erased on request and are not let in again", 0)] * 2
    # The very same bytes under another mapping are read anew.
    report = take_text(warehouse, tmp_path, lines(*content), fields={"rollout": "=agent", "colour": "=red"})
    assert report.reasons == {"erased": 1}


def test_an_erased_event_does_not_come_back_under_another_value(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a", note="ann"), row("b", note="bob")))
    record = erase(warehouse, "note", "ann")
    assert record is not None
    assert record.rows == {"all_types": 1}
    report = take_text(warehouse, tmp_path, lines(row("a", note="someone else"), row("c", note="ann"), row("d")))
    assert (report.accepted, report.reasons) == (1, {"erased": 2})


def test_mentions_in_quarantine_lose_their_text(warehouse: Warehouse, tmp_path: Path) -> None:
    broken = ['{"event_id": "x", "who": "ann"', '{"event_id": "y", "who": "annabel"', "Mail from ann."]
    take_text(warehouse, tmp_path, "".join(line + "\n" for line in broken) + lines(row("a", session_id="ann")))
    record = erase(warehouse, "session_id", "ann")
    assert record is not None
    assert record.quarantined == 2
    texts = [raw for (raw,) in warehouse.connection.execute("SELECT raw FROM quarantine ORDER BY position").fetchall()]
    assert texts == ["", broken[1], ""]


def test_a_restatement_after_an_erasure_takes_back_only_what_was_counted(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([talk("a", 0, harm=0.9), talk("b", 1, harm=0.1), talk("c", 2, "other")])
    cells.summarise(warehouse, METRICS, BUILT_IN)
    counted = units.read_units(warehouse, RATE, Slice(), *EVER)
    erase(warehouse, "event_id", "a")
    loader.add([talk("b", 1, harm=0.8), talk("d", 3, harm=0.9)])
    cells.summarise(warehouse, METRICS, BUILT_IN)
    # The session stays as it was counted: without the erased row it would come out different.
    assert units.read_units(warehouse, RATE, Slice(), *EVER) == counted
    (cell,) = cells.read_cells(warehouse, COUNT, Slice(), *EVER)
    assert cell.items == 4
    (harm,) = cells.read_cells(warehouse, ITEM_RATE, Slice(), *EVER)
    assert harm.total == 4_000_000, "a and c as counted, b restated to harmful, d new"


events = st.tuples(st.integers(0, 5), st.integers(0, 2), st.sampled_from([0.1, 0.6, 0.9]), st.integers(0, 90))


@given(
    batches=st.lists(st.lists(events, max_size=5, unique_by=lambda e: e[0]), min_size=1, max_size=3),
    after=st.lists(st.lists(events, max_size=5, unique_by=lambda e: e[0]), max_size=3),
    column=st.sampled_from(["event_id", "session_id"]),
    number=st.integers(0, 2),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_after_an_erasure_no_sum_turns_negative(
    tmp_path: Path, batches: Any, after: Any, column: str, number: int
) -> None:
    with Warehouse.in_memory(tmp_path) as warehouse:
        loader = Loader(warehouse)
        kept_out = {"event_id": f"e{number}", "session_id": f"s{number}"}[column]

        def add(batch: Any, *, screened: bool) -> None:
            rows = [talk(f"e{e}", minute, f"s{s}", harm) for e, s, harm, minute in batch]
            gone = [] if not screened else erased
            loader.add([r for r in rows if not screened or (r[column] != kept_out and r["event_id"] not in gone)])
            cells.summarise(warehouse, METRICS, BUILT_IN)

        for batch in batches:
            add(batch, screened=False)
        held = ids(warehouse) if batches else []
        erase(warehouse, column, kept_out)
        erased = set(held) - set(ids(warehouse))
        for batch in after:
            add(batch, screened=True)
        for metric in METRICS:
            cells.read_cells(warehouse, metric, Slice(), *EVER)
            if metric.kind in ("rate", "mean"):
                units.read_units(warehouse, metric, Slice(), *EVER)


def test_records_of_what_people_did_stay_and_are_counted(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    action = {"event_id": "g", "occurred_at": at(0), "session_id": "person", "kind": "action", "status": "open"}
    loader.add([action], stream=GOVERNANCE, source="people")
    loader.add([talk("a", 0, "person")])
    record = erase(warehouse, "session_id", "person", lasting=frozenset({"governance"}))
    assert record is not None
    assert (record.rows, record.kept) == ({"interactions": 1}, {"governance": 1})
    assert ids(warehouse, "events_governance") == ["g"]


def test_nothing_that_matches_changes_nothing(warehouse: Warehouse) -> None:
    Loader(warehouse).add([talk("a", 0)])
    assert erase(warehouse, "session_id", "nobody") is None
    assert erasure.erasures(warehouse) == []
    assert warehouse.connection.execute("SELECT count(*) FROM tombstones").fetchone() == (0,)
    assert erase(warehouse, "session_id", "s") is not None
    assert erase(warehouse, "session_id", "s") is None
    assert warehouse.connection.execute("SELECT count(*) FROM tombstones").fetchone() == (2,), "those of the first stay"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Erasure("nothing", ("x",), "a", "b"), "No stream has a column 'nothing'"),
        (Erasure("batch", ("1",), "a", "b"), "No stream has a column 'batch'"),
        (Erasure("session_id", ("",), "a", "b"), "no value to erase by"),
        (Erasure("session_id", ("x",), " ", "b"), "needs a name and a reason"),
    ],
)
def test_what_cannot_be_asked_is_refused(warehouse: Warehouse, asked: Erasure, told: str) -> None:
    Loader(warehouse).add([talk("a", 0)])
    with pytest.raises(UsageError, match=told):
        erasure.erase(warehouse, asked, now=NOW)


def test_hostile_values_are_values(warehouse: Warehouse, tmp_path: Path) -> None:
    name = "'; DROP TABLE batches; -- \\ \"%(.*"
    take_text(warehouse, tmp_path, lines(row("a", session_id=name), {"session_id": name}, row("b", session_id="x")))
    record = erase(warehouse, "session_id", name)
    assert record is not None
    assert (record.rows, record.quarantined) == ({"all_types": 1}, 1)
    assert ids(warehouse, "events_all_types") == ["b"]


def test_after_the_file_is_written_anew_no_byte_of_the_person_is_left(warehouse: Warehouse, tmp_path: Path) -> None:
    person = "zanzibar-parrot-7"
    rows = [row(f"e{i}", session_id=f"s{i}", note=f"note {i * 7919}") for i in range(200)]
    take_text(warehouse, tmp_path, lines(*rows, row("x", session_id=person, note=f"I am {person}"), f"broken {person}"))
    erase(warehouse, "session_id", person)
    storage.compact(warehouse, now=NOW, force=True)
    warehouse.connection.execute("CHECKPOINT")
    assert person.encode() not in (warehouse.folder / FILE_NAME).read_bytes()
    assert len(ids(warehouse, "events_all_types")) == 200


def test_an_erasure_that_dies_halfway_never_was(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    Loader(warehouse).add([talk("a", 0)])

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(erasure, "_write", dies)
    with pytest.raises(KeyboardInterrupt):
        erase(warehouse, "session_id", "s")
    assert ids(warehouse) == ["a"]
    assert warehouse.connection.execute("SELECT count(*) FROM tombstones").fetchone() == (0,)


def test_a_large_stream_forgets_its_index_of_ids(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from warehouse import known_ids

    monkeypatch.setattr(known_ids, "SMALL", 10)
    content = [row(f"e{i}", session_id=f"s{i % 40}") for i in range(200)]
    take_text(warehouse, tmp_path, lines(*content[:100]))
    take_text(warehouse, tmp_path, lines(*content))
    assert any((warehouse.folder / known_ids.FOLDER).iterdir())
    erase(warehouse, "session_id", "s3")
    storage.compact(warehouse, now=NOW, force=True)
    assert not any((warehouse.folder / known_ids.FOLDER).iterdir())
    report = take_text(warehouse, tmp_path, lines(row("new"), *content), path="copy.jsonl")
    assert (report.accepted, report.duplicate, report.reasons) == (1, 195, {"erased": 5})
