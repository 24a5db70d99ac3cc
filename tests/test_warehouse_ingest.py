"""Rows go in once, completely, and with their history."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_tools import ALL_TYPES, NOW, assert_adds_up, current, everything, lines, row, spec, take, take_text

from warehouse import ledger, settling
from warehouse.records.ingest import RestatedWindow
from warehouse.store import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse.in_memory(tmp_path)


def test_a_row_arrives_with_its_values_types_and_origin(warehouse: Warehouse, tmp_path: Path) -> None:
    full = row(
        note="hello",
        colour="red",
        count=3,
        score=0.25,
        done=True,
        due_at="2027-01-01",
        details={"a": [1]},
        extra={"host": "h1"},
    )
    report = take_text(warehouse, tmp_path, lines(full))
    assert (report.received, report.accepted, report.error) == (1, 1, None)
    names = ("note", "count", "score", "done", "due_at", "details", "attributes", "occurred_at", "rollout")
    assert current(warehouse, *names) == [
        (
            "hello",
            3,
            0.25,
            True,
            datetime(2027, 1, 1, tzinfo=UTC),
            '{"a":[1]}',
            '{"extra":{"host":"h1"}}',
            datetime(2026, 3, 1, 10, tzinfo=UTC),
            "agent",
        )
    ]
    system = ("arrived_at", "batch", "position", "source", "revision", "closed_by")
    assert current(warehouse, *system) == [(NOW, report.batch, 1, "logs", 1, None)]


def test_the_same_content_a_second_time_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    first = take_text(warehouse, tmp_path, lines(row("a"), row("b"), "broken"))
    before = everything(warehouse)
    again = take(warehouse, tmp_path, now=NOW + timedelta(hours=1)).batches[0]
    assert again.repeated
    assert (again.batch, again.accepted, again.quarantined) == (first.batch, 2, 1)
    assert everything(warehouse) == before


def test_the_same_content_under_another_name_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a")), path="x.jsonl")
    before = everything(warehouse)
    (tmp_path / "x.jsonl").rename(tmp_path / "x.jsonl.1")
    assert take(warehouse, tmp_path, spec("x.jsonl.1")).batches[0].repeated
    assert everything(warehouse) == before


def test_equal_rows_of_another_file_are_counted_duplicates(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a", note="x"), row("b")), path="1.jsonl")
    report = take_text(warehouse, tmp_path, lines(row("a", note="x"), row("c")), path="2.jsonl")
    assert (report.accepted, report.duplicate, report.restated) == (1, 1, 0)
    assert current(warehouse, "event_id") == [("a",), ("b",), ("c",)]


def test_a_changed_value_keeps_both_revisions_and_names_the_column(warehouse: Warehouse, tmp_path: Path) -> None:
    first = take_text(warehouse, tmp_path, lines(row("a", score=0.1, note="x"), row("b")), path="1.jsonl")
    second = take_text(warehouse, tmp_path, lines(row("a", score=0.2, note="x", more=1)), path="2.jsonl")
    assert (second.restated, second.accepted) == (1, 0)
    assert second.restated_columns == {"score": 1, "attributes": 1}
    history = warehouse.connection.execute(
        "SELECT score, revision, batch, closed_by FROM events_all_types WHERE event_id = 'a' ORDER BY revision"
    ).fetchall()
    assert history == [(0.1, 1, first.batch, second.batch), (0.2, 2, second.batch, None)]


def test_a_value_that_comes_back_is_a_third_revision(warehouse: Warehouse, tmp_path: Path) -> None:
    for name, score in (("1", 0.1), ("2", 0.2), ("3", 0.1)):
        take_text(warehouse, tmp_path, lines(row("a", score=score, extra=name)), path=f"{name}.jsonl")
    assert current(warehouse, "score", "revision") == [(0.1, 3)]


def test_one_file_with_several_values_of_a_key_loses_none_of_them(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a", score=0.1)), path="1.jsonl")
    rows = [row("a", score=s) for s in (0.1, 0.2, 0.2, 0.3)] + [row("b", score=s) for s in (0.5, 0.6)]
    report = take_text(warehouse, tmp_path, lines(*rows), path="2.jsonl")
    assert (report.accepted, report.duplicate, report.restated) == (1, 2, 3)
    assert report.restated_columns == {"score": 3}
    assert current(warehouse, "event_id", "score", "revision") == [("a", 0.3, 3), ("b", 0.6, 2)]
    stored = warehouse.connection.execute(
        "SELECT event_id, score, revision, closed_by IS NULL FROM events_all_types ORDER BY event_id, revision"
    ).fetchall()
    assert stored == [
        ("a", 0.1, 1, False),
        ("a", 0.2, 2, False),
        ("a", 0.3, 3, True),
        ("b", 0.5, 1, False),
        ("b", 0.6, 2, True),
    ]


def test_what_was_known_at_a_batch_can_be_asked_for(warehouse: Warehouse, tmp_path: Path) -> None:
    batches = []
    for name, score in (("1", 0.1), ("2", 0.2)):
        batches.append(take_text(warehouse, tmp_path, lines(row("a", score=score)), path=f"{name}.jsonl").batch)
    sql = "SELECT score FROM events_all_types WHERE batch <= $b AND (closed_by IS NULL OR closed_by > $b)"
    known = [warehouse.connection.execute(sql, {"b": batch}).fetchall() for batch in batches]
    assert known == [[(0.1,)], [(0.2,)]]


def test_restated_windows_name_old_and_new_place(warehouse: Warehouse, tmp_path: Path) -> None:
    assert ledger.restated_windows(warehouse, stream="all_types", after_batch=0) == []
    take_text(warehouse, tmp_path, lines(row("a", release="r1"), row("b")), path="1.jsonl")
    moved = row("a", release="r1", occurred_at="2026-03-01T11:30:00Z")
    take_text(warehouse, tmp_path, lines(moved), path="2.jsonl")
    hour = datetime(2026, 3, 1, 10, tzinfo=UTC)
    expected = [
        RestatedWindow("agent", "r1", hour, 2),
        RestatedWindow("agent", "r1", hour + timedelta(hours=1), 2),
    ]
    assert ledger.restated_windows(warehouse, stream="all_types", after_batch=1) == expected
    assert ledger.restated_windows(warehouse, stream="all_types", after_batch=2) == []


def test_a_crash_in_the_middle_keeps_nothing(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_text(warehouse, tmp_path, lines(row("a")), path="1.jsonl")
    (tmp_path / "2.jsonl").write_text(lines(row("a", score=0.5), row("b"), "bad"))
    before = everything(warehouse, polls=True)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(settling, "_write_ledger", crash)
        with pytest.raises(KeyboardInterrupt):
            take(warehouse, tmp_path, spec("2.jsonl"))
    assert everything(warehouse, polls=True) == before
    report = take(warehouse, tmp_path, spec("2.jsonl")).batches[0]
    assert (report.accepted, report.restated, report.quarantined) == (1, 1, 1)


_KEYS = st.sampled_from(["a", "b", "c"])
_VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just("2026-03-01"))
_OBJECTS = st.dictionaries(st.sampled_from(["event_id", "occurred_at", *(c.name for c in ALL_TYPES.columns)]), _VALUES)
_GOOD = st.builds(lambda key, score: row(key, score=score), _KEYS, st.floats(0, 1))
_LINES = st.one_of(
    _GOOD.map(lambda value: json.dumps(value).encode()),
    _OBJECTS.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=40),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
)


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["jsonl", "csv"]),
    content=st.lists(_LINES, max_size=12),
    more=st.lists(_LINES, max_size=4),
)
def test_whatever_is_in_the_file_the_counts_add_up_and_again_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, kind: str, content: list[bytes], more: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("garbage")
    source = spec("in.log", kind=kind)
    header = [b"event_id,occurred_at,score"] if kind == "csv" else []
    with Warehouse.in_memory(folder) as warehouse:
        for batch in (content, content + more):
            (folder / "in.log").write_bytes(b"\n".join(header + batch))
            for report in take(warehouse, folder, source).batches:
                assert_adds_up(report)
            before = everything(warehouse)
            assert all(report.repeated for report in take(warehouse, folder, source).batches)
            assert everything(warehouse) == before
        assert _revisions_are_whole(warehouse)


def _revisions_are_whole(warehouse: Warehouse) -> bool:
    """Every event has revisions 1 to n, and just the last of them is current."""
    rows: list[tuple[Any, ...]] = warehouse.connection.execute(
        "SELECT list(revision ORDER BY revision) = range(1, count(*) + 1) AND count(*) FILTER (closed_by IS NULL) = 1 "
        "AND max(revision) FILTER (closed_by IS NULL) = count(*) FROM events_all_types GROUP BY event_id"
    ).fetchall()
    return all(ok for (ok,) in rows)
