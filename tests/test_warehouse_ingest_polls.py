"""What is read of a source at a poll, how far it is known by then, and how reading goes on."""

from __future__ import annotations

import weakref
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ingest_tools import NOW, current, lines, row, spec, take, take_text

from warehouse import ledger, staging
from warehouse.store import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse.in_memory(tmp_path)


def test_of_a_log_that_grew_only_the_new_lines_are_read(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a"), row("b")) + '{"event_id": "c", "occ')
    grown = lines(row("a"), row("b"), row("c"), row("d"), "bad")
    report = take_text(warehouse, tmp_path, grown)
    assert (report.received, report.accepted, report.duplicate, report.quarantined) == (3, 2, 0, 1)
    assert current(warehouse, "event_id", "position") == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    assert [(q.position, q.reason) for q in ledger.quarantined(warehouse, limit=1)] == [(5, "not_json")]


def test_a_log_that_was_rewritten_is_read_from_the_start(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a"), row("b")))
    report = take_text(warehouse, tmp_path, lines(row("a", score=0.5), row("b"), row("c")))
    assert (report.accepted, report.duplicate, report.restated) == (1, 1, 1)


def test_late_rows_are_counted_against_the_watermark_of_the_poll_before(warehouse: Warehouse, tmp_path: Path) -> None:
    first = take_text(warehouse, tmp_path, lines(row("a", occurred_at="2020-01-01T00:00:00Z")), path="1.jsonl")
    assert first.late == 0
    late = row("b", occurred_at="2026-03-01T09:59:59Z")
    just = row("c", occurred_at="2026-03-01T10:00:00Z")
    (tmp_path / "2.jsonl").write_text(lines(late, just))
    report = take(warehouse, tmp_path, spec("2.jsonl"), now=NOW + timedelta(hours=1)).batches[0]
    assert (report.accepted, report.late) == (2, 1)
    counts = ledger.window_counts(warehouse, start=NOW - timedelta(hours=4), end=NOW)
    assert [(c.window_start.hour, c.accepted, c.late) for c in counts] == [(9, 1, 1), (10, 1, 0)]


def test_a_failed_poll_does_not_move_the_watermark(warehouse: Warehouse, tmp_path: Path) -> None:
    report = take(warehouse, tmp_path)
    assert report.batches == ()
    assert report.degraded == f"No file matches 'in.jsonl' in {tmp_path}; check the path of source 'logs'."
    state = ledger.source_states(warehouse)[0]
    assert (state.polled_at, state.watermark, state.degraded) == (NOW, None, report.degraded)
    take_text(warehouse, tmp_path, lines(row("a")))
    (tmp_path / "in.jsonl").unlink()
    take(warehouse, tmp_path, now=NOW + timedelta(hours=5))
    state = ledger.source_states(warehouse)[0]
    assert (state.polled_at, state.watermark) == (NOW + timedelta(hours=5), NOW - timedelta(hours=2))
    assert state.degraded is not None


def test_source_states_count_what_arrived_in_the_span(warehouse: Warehouse, tmp_path: Path) -> None:
    for hour, name in enumerate("abc"):
        (tmp_path / f"{name}.jsonl").write_text(lines(row(name)))
        take(warehouse, tmp_path, spec(f"{name}.jsonl"), now=NOW + timedelta(hours=hour))
    (state,) = ledger.source_states(warehouse, since=NOW, until=NOW + timedelta(hours=1))
    assert (state.received, state.accepted, state.polled_at) == (1, 1, NOW + timedelta(hours=1))
    assert ledger.source_states(warehouse)[0].received == 3
    assert ledger.source_states(warehouse, until=NOW - timedelta(hours=1)) == []
    assert ledger.newest_batch(warehouse) == 3
    assert [b.file for b in ledger.batches(warehouse, after_batch=1)] == ["b.jsonl", "c.jsonl"]


def test_files_of_a_pattern_go_in_by_name_each_as_a_batch(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for name in ("d/2", "d/1", "d/3"):
        (tmp_path / f"{name}.jsonl").write_text(lines(row(name)))
    report = take(warehouse, tmp_path, spec("d/*.jsonl"))
    assert [b.file for b in report.batches] == ["d/1.jsonl", "d/2.jsonl", "d/3.jsonl"]
    assert [b.batch for b in report.batches] == [1, 2, 3]


def test_progress_tells_the_bytes(warehouse: Warehouse, tmp_path: Path) -> None:
    text = lines(row("a"), row("b"))
    (tmp_path / "in.jsonl").write_text(text)
    seen: list[tuple[str, int, int]] = []
    take(warehouse, tmp_path, progress=lambda *told: seen.append(told))
    assert seen == [("in.jsonl", len(text), len(text))]


def test_a_chunk_is_let_go_before_the_file_ends(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory that a file takes must not grow with the file."""
    held: list[weakref.ref[Any]] = []

    def watched(connection: Any, plan: Any, chunk: Any, file: str, now: datetime, *more: Any) -> None:
        staging.stage(connection, plan, chunk, file, now, *more)
        held.append(weakref.ref(chunk.rows))

    monkeypatch.setattr("warehouse.taking.stage", watched)
    monkeypatch.setattr("warehouse.sources.chunks.BLOCK", 5_000)
    monkeypatch.setattr("warehouse.sources.opening.BLOCK", 5_000)
    alive: list[int] = []
    (tmp_path / "in.jsonl").write_text(lines(*(row(f"e{i}") for i in range(3_000))))
    take(warehouse, tmp_path, progress=lambda *_: alive.append(sum(ref() is not None for ref in held)))
    assert len(held) > 5
    assert max(alive) <= 2
