"""Counts of the decision log and the outbox, read without loading what writes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from people_examples import NOW, alert, switch, written

from warehouse.people import glance, outbox
from warehouse.people.store import People
from warehouse.records.errors import StoreError


def test_nothing_is_counted_where_nothing_is(tmp_path: Path) -> None:
    assert glance.tally(tmp_path) == glance.Tally({}, {}, None)
    assert list(tmp_path.iterdir()) == []


def test_entries_are_counted_by_rollout_and_kind_and_messages_by_state(tmp_path: Path) -> None:
    with People.open(tmp_path) as people:
        written(people, "a", alert(), kind="pause", rollout="x")
        written(people, "b", switch("go"), kind="go", rollout="x")
        written(people, "c", kind="go", rollout="x")
        written(people, "d", kind="hold", rollout="y")
        stored = outbox.all(people)
    found = glance.tally(tmp_path)
    assert found.decisions == {("x", "pause"): 1, ("x", "go"): 2, ("y", "hold"): 1}
    assert found.messages == {"waiting": len(stored)}
    assert found.waiting_since is not None
    assert found.waiting_since.tzinfo is not None
    assert found.waiting_since == NOW


def test_a_file_that_cannot_be_read_is_no_count_of_zero(tmp_path: Path) -> None:
    (tmp_path / "people.sqlite").write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    with pytest.raises(StoreError):
        glance.tally(tmp_path)
