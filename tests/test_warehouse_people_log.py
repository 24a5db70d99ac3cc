"""The decision log: each decision once, as it was written, in one form that an outsider can compute."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_examples import ENTRIES, VALUES, copied
from people_examples import NOW, alert, decision, long_log, switch, written

from warehouse.people import log, outbox, standings
from warehouse.people.canonical import canonical
from warehouse.people.chain import GENESIS
from warehouse.people.store import People
from warehouse.records.decisions import ChainReport, NewDelivery, PublishedStanding
from warehouse.records.errors import UsageError


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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[int, str]]:
    folder = tmp_path_factory.mktemp("log")
    return folder, long_log(folder, ENTRIES)


@pytest.fixture(scope="module")
def template(made: tuple[Path, tuple[int, str]]) -> Path:
    return made[0]
