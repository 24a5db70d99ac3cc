from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from event_rows import START, Loader, at
from summaries import COUNT, RATE

from warehouse import facts
from warehouse.cells import summarise
from warehouse.records.errors import UsageError
from warehouse.records.expressions import Compare, Constant, Field
from warehouse.records.facts import Overdue, ReleaseSeen
from warehouse.records.metrics import Slice
from warehouse.records.streams import BUILT_IN, INTERACTIONS
from warehouse.store import Warehouse

GOVERNANCE = BUILT_IN["governance"]
BOT = Slice(rollout="bot")
END = START + timedelta(days=2)
HOSTILE = "'; DROP TABLE events_governance; --"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


def act(key: str, minute: float, **more: Any) -> dict[str, Any]:
    return {"event_id": key, "occurred_at": at(minute), "kind": "action", "status": "open"} | more


def talk(key: str, minute: float, **more: Any) -> dict[str, Any]:
    return {"event_id": key, "occurred_at": at(minute)} | more


def test_a_stream_that_was_never_used_has_no_facts(warehouse: Warehouse) -> None:
    assert facts.releases(warehouse, [INTERACTIONS], "bot") == []
    assert facts.newest_row(warehouse, INTERACTIONS, None, BOT, now=END) is None
    assert facts.overdue(warehouse, GOVERNANCE, None, BOT, now=END) is None
    assert facts.first_window(warehouse, RATE, BOT) is None
    assert facts.segments(warehouse, INTERACTIONS, "bot") == []
    assert facts.any_simulated(warehouse, INTERACTIONS, "bot") is False
    assert facts.recent_rows(warehouse, INTERACTIONS, None, BOT, start=START, end=END, limit=5) == []
    table = facts.columns_as_arrow(warehouse, INTERACTIONS, ["latency_ms", "scores.harm"], BOT, START, END)
    assert (table.num_rows, table.column_names) == (0, ["latency_ms", "scores.harm"])


def test_releases_are_ordered_by_their_first_row_over_all_streams(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([talk("e1", 10, release="r2"), talk("e2", 30, release="r1"), talk("e3", 5), talk("e4", 1, rollout="x")])
    loader.add([act("g1", 2, release="r1")], stream=GOVERNANCE)
    loader.add([talk("e1", 20, release="r2")])
    assert facts.releases(warehouse, [INTERACTIONS, GOVERNANCE], "bot") == [
        ReleaseSeen("r1", at(2), at(30), 2),
        ReleaseSeen("", at(5), at(5), 1),
        ReleaseSeen("r2", at(20), at(20), 1),
    ]
    first = facts.releases(warehouse, [INTERACTIONS, GOVERNANCE], "bot", through_batch=1)
    assert [(seen.release, seen.first_at) for seen in first] == [("", at(5)), ("r2", at(10)), ("r1", at(30))]


def test_the_newest_row_is_one_that_has_happened(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([act("g1", 1, kind="review", independent=True), act("g2", 9), act("g3", 900)], stream=GOVERNANCE)
    review = Compare("==", Field("kind"), Constant("review"))
    assert facts.newest_row(warehouse, GOVERNANCE, None, BOT, now=at(60)) == at(9)
    assert facts.newest_row(warehouse, GOVERNANCE, review, BOT, now=at(60)) == at(1)
    assert facts.newest_row(warehouse, GOVERNANCE, review, Slice("other"), now=at(60)) is None
    assert facts.newest_row(warehouse, GOVERNANCE, review, BOT, now=at(0)) is None


def test_the_latest_row_of_a_subject_says_whether_it_is_overdue(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    assert facts.overdue(warehouse, GOVERNANCE, None, BOT, now=END) is None
    loader.add(
        [
            act("g1", 1, subject="closed in time", due_at=at(10)),
            act("g2", 5, subject="closed in time", status="closed", due_at=at(10)),
            act("g3", 1, subject="late", due_at=at(10)),
            act("g4", 1, subject="put off", due_at=at(10)),
            act("g5", 2, subject="put off", due_at=at(100)),
            act("g6", 1, due_at=at(10)),
            act("g7", 1, subject="no date"),
            act("g8", 1, subject=HOSTILE, due_at=at(10)),
            act("g9", 50, subject="late", status="closed"),
        ],
        stream=GOVERNANCE,
    )
    found = facts.overdue(warehouse, GOVERNANCE, None, BOT, now=at(20))
    assert found == Overdue(3, (HOSTILE, "g6", "late"))
    assert facts.overdue(warehouse, GOVERNANCE, None, BOT, now=at(10)) == Overdue(0, ())
    later = facts.overdue(warehouse, GOVERNANCE, None, BOT, now=at(101))
    assert later is not None
    assert "put off" in later.subjects
    assert "late" not in later.subjects
    with pytest.raises(UsageError, match="no column 'subject'"):
        facts.overdue(warehouse, INTERACTIONS, None, BOT, now=END)


def test_the_first_window_is_that_of_the_first_unit(warehouse: Warehouse) -> None:
    Loader(warehouse).add([talk("e1", 130, session_id="s", benign=True), talk("e2", 70, benign=True, arm="control")])
    summarise(warehouse, [RATE, COUNT], BUILT_IN)
    assert facts.first_window(warehouse, RATE, BOT) == at(60)
    assert facts.first_window(warehouse, RATE, Slice("bot", arm="candidate")) == at(120)
    assert facts.first_window(warehouse, COUNT, Slice("bot", arm="candidate")) == at(120)
    assert facts.first_window(warehouse, COUNT, BOT, through_batch=0) is None


def test_segments_and_the_mark_of_simulated_rows(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([talk("e1", 1, segment="fr"), talk("e2", 1, segment="de"), talk("e3", 1), talk("e4", 1, rollout="x")])
    loader.add([talk("e4", 1, rollout="x", simulated=True), talk("e5", 1, segment=HOSTILE)])
    assert facts.segments(warehouse, INTERACTIONS, "bot") == [HOSTILE, "de", "fr"]
    assert facts.any_simulated(warehouse, INTERACTIONS, "bot") is False
    assert facts.any_simulated(warehouse, INTERACTIONS, "x") is True
    assert facts.any_simulated(warehouse, INTERACTIONS, "x", through_batch=1) is False


def test_recent_rows_are_the_newest_with_json_decoded(warehouse: Warehouse) -> None:
    rows = [talk(f"e{i}", i, scores=json.dumps({"harm": i / 10}), attributes='{"k": [1]}') for i in range(6)]
    loader = Loader(warehouse)
    loader.add(rows)
    loader.add([talk("e5", 5, segment=HOSTILE)])
    harmful = Compare(">=", Field("scores", ("harm",)), Constant(0.2))
    found = facts.recent_rows(warehouse, INTERACTIONS, harmful, BOT, start=START, end=at(5), limit=2)
    assert [(row["event_id"], row["scores"]) for row in found] == [("e4", {"harm": 0.4}), ("e3", {"harm": 0.3})]
    assert found[0]["attributes"] == {"k": [1]}
    assert (found[0]["occurred_at"], found[0]["batch"], found[0]["source"], found[0]["revision"]) == (
        at(4),
        1,
        "logs",
        1,
    )
    (newest,) = facts.recent_rows(warehouse, INTERACTIONS, None, BOT, start=at(5), end=END, limit=9)
    assert (newest["segment"], newest["scores"], newest["revision"]) == (HOSTILE, None, 2)


def test_columns_as_arrow_types_places_by_their_values(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add(
        [
            talk("e2", 2, latency_ms=5, input_tokens=2**60 + 1, scores='{"harm": 1, "on": true, "mixed": "a"}'),
            talk("e1", 1, latency_ms=None, input_tokens=3, scores='{"harm": 0.5, "on": false, "mixed": 1}'),
            talk("e3", 3, scores='{"harm": null}'),
            talk("e4", 4, rollout="x"),
        ]
    )
    names = ["event_id", "latency_ms", "input_tokens", "scores.harm", "scores.on", "scores.mixed", "scores.none"]
    table = facts.columns_as_arrow(warehouse, INTERACTIONS, names, BOT, START, END)
    assert table.column_names == names
    assert table.to_pydict() == {
        "event_id": ["e1", "e2", "e3"],
        "latency_ms": [None, 5.0, None],
        "input_tokens": [3, 2**60 + 1, None],
        "scores.harm": [0.5, 1.0, None],
        "scores.on": [False, True, None],
        "scores.mixed": ["1", "a", None],
        "scores.none": [None, None, None],
    }
    forced = facts.columns_as_arrow(
        warehouse, INTERACTIONS, ["scores.mixed"], BOT, START, END, kinds={"scores.mixed": "number"}
    )
    assert forced.column(0).to_pylist() == [1.0, None, None]
    assert facts.columns_as_arrow(warehouse, INTERACTIONS, names, BOT, END, END).num_rows == 0
    with pytest.raises(UsageError, match="no column 'latency'"):
        facts.columns_as_arrow(warehouse, INTERACTIONS, ["latency"], BOT, START, END)
    with pytest.raises(UsageError, match="no column"):
        facts.columns_as_arrow(warehouse, INTERACTIONS, ["nothing.x"], BOT, START, END)


def test_a_limited_sample_is_the_same_again_and_not_the_first_rows(warehouse: Warehouse) -> None:
    Loader(warehouse).add([talk(f"e{i}", i) for i in range(200)])

    def sample(limit: int) -> list[str]:
        table = facts.columns_as_arrow(warehouse, INTERACTIONS, ["event_id"], BOT, START, END, limit=limit)
        return [str(key) for key in table.column(0).to_pylist()]

    assert sample(20) == sample(20)
    assert len(sample(20)) == 20
    assert set(sample(20)) <= set(sample(40))
    assert sample(20) != [f"e{i}" for i in range(20)]


def test_columns_of_one_batch_are_as_they_were_known_then(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([talk("e1", 1, latency_ms=1), talk("e2", 2, latency_ms=2)])
    loader.add([talk("e1", 1, latency_ms=9)])

    def latencies(batch: int | None) -> pa.ChunkedArray:
        return facts.columns_as_arrow(warehouse, INTERACTIONS, ["latency_ms"], BOT, START, END, batch=batch).column(0)

    assert latencies(1).to_pylist() == [1, 2]
    assert latencies(2).to_pylist() == [9]
    assert latencies(None).to_pylist() == [9, 2]


def test_hostile_places_and_scopes_are_only_values(warehouse: Warehouse) -> None:
    Loader(warehouse).add([talk("e1", 1, release=HOSTILE, attributes=json.dumps({HOSTILE: HOSTILE}))])
    place = f"attributes.{HOSTILE}"
    table = facts.columns_as_arrow(warehouse, INTERACTIONS, [place], Slice(release=HOSTILE), START, END)
    assert table.to_pydict() == {place: [HOSTILE]}


def test_rollouts_are_those_that_the_rows_of_new_batches_name(warehouse: Warehouse) -> None:
    assert facts.rollouts(warehouse, INTERACTIONS) == []
    loader = Loader(warehouse)
    loader.add([talk("e1", 1), talk("e2", 2), talk("e3", 3, rollout=HOSTILE)])
    loader.add([talk("e4", 4, rollout="other"), talk("e3", 3, rollout="other")])
    assert facts.rollouts(warehouse, INTERACTIONS) == [("bot", 2), ("other", 2)]
    assert facts.rollouts(warehouse, INTERACTIONS, through_batch=1) == [("bot", 2), (HOSTILE, 1)]
    assert facts.rollouts(warehouse, INTERACTIONS, after_batch=1) == [("other", 2)]
