"""Two revisions of one real run log: restatements are found, counted and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ingest_tools import assert_adds_up, everything

from warehouse import ledger
from warehouse.ingest import pull
from warehouse.records.ingest import BatchReport, SourceSpec
from warehouse.records.streams import Column, Stream
from warehouse.store import Warehouse

pytestmark = pytest.mark.slow

RUNS = Stream(
    "runs",
    "One run of an agent, or of a person, on a task.",
    (
        Column("task_id", "text", "The task.", nullable=False),
        Column("task_family", "text", "Tasks that are alike."),
        Column("model", "text", "Who ran it."),
        Column("score", "number", "Score of the run.", "share of the task", low=0, high=1, outside="flag"),
        Column("score_binarized", "integer", "1 when the run passed.", low=0, high=1),
        Column("completed_at", "number", "End of the run.", "milliseconds since 1970"),
        Column("human_minutes", "number", "Time that people need.", "minutes", low=0),
        Column("fatal_error_from", "text", "What ended the run early."),
    ),
)

# The log gives no true time for 211 runs by people (they start at 0), and its runs cluster in a few weeks: its times
# say nothing about when a score became known. All runs count from the day on which the log was first published.
PUBLISHED = SourceSpec(
    name="runs",
    kind="jsonl",
    path="rev1_2025-01-11.jsonl",
    stream="runs",
    lateness=timedelta(days=1),
    fields={
        "event_id": "run_id",
        "occurred_at": "=2025-01-11T00:00:00Z",
        "session_id": "run_id",
        "rollout": "=agents",
        "release": "alias",
        "segment": "task_family",
    },
)
REVISION_1, REVISION_2 = "rev1_2025-01-11.jsonl", "rev2_2025-01-22.jsonl"


def _pull(warehouse: Warehouse, folder: Path, file: str, day: int, source: SourceSpec = PUBLISHED) -> BatchReport:
    now = datetime(2025, 1, day, tzinfo=UTC)
    report = pull(warehouse, replace(source, path=file), RUNS, now=now, window_seconds=3600, base=folder)
    assert report.degraded is None
    (batch,) = report.batches
    assert_adds_up(batch)
    return batch


@pytest.fixture
def folder(shared_data: Callable[[str], Path]) -> Path:
    return shared_data("metr_runs")


def test_the_restatement_is_found_to_the_row(folder: Path, tmp_path: Path) -> None:
    with Warehouse.in_memory(tmp_path) as warehouse:
        first = _pull(warehouse, folder, REVISION_1, 12)
        assert (first.received, first.accepted, first.quarantined) == (7_059, 7_059, 0)
        assert first.flagged == {"score": 35}

        second = _pull(warehouse, folder, REVISION_2, 23)
        assert (second.received, second.accepted, second.duplicate) == (7_059, 0, 7_059 - 1_025)
        assert second.restated == 1_025
        assert second.restated_columns == {"score": 1_025, "score_binarized": 57}
        assert second.flagged == {"score": 94}

        before = everything(warehouse)
        assert _pull(warehouse, folder, REVISION_2, 24).repeated
        assert everything(warehouse) == before


def test_old_values_stay_and_only_one_family_was_restated(folder: Path, tmp_path: Path) -> None:
    with Warehouse.in_memory(tmp_path) as warehouse:
        first = _pull(warehouse, folder, REVISION_1, 12)
        old = _scores(warehouse, first.batch)
        second = _pull(warehouse, folder, REVISION_2, 23)
        assert _scores(warehouse, first.batch) == old
        new = _scores(warehouse, second.batch)
        changed = {run for run, score in new.items() if old[run] != score}
        assert len(changed) == 1_025
        families = warehouse.connection.execute(
            "SELECT DISTINCT task_family FROM events_runs WHERE revision = 2 AND NOT starts_with(task_family, 'ai_rd_')"
        ).fetchall()
        assert families == []
        windows = ledger.restated_windows(warehouse, stream="runs", after_batch=first.batch)
        assert {window.window_start for window in windows} == {datetime(2025, 1, 11, tzinfo=UTC)}
        assert len(windows) > 1


def _scores(warehouse: Warehouse, batch: int) -> dict[str, float]:
    sql = "SELECT event_id, score FROM events_runs WHERE batch <= $b AND (closed_by IS NULL OR closed_by > $b)"
    return dict(warehouse.connection.execute(sql, {"b": batch}).fetchall())


def test_runs_that_start_in_1970_are_kept_out_by_name_when_their_time_is_asked_for(
    folder: Path, tmp_path: Path
) -> None:
    fields = {**PUBLISHED.fields, "occurred_at": "started_at"}
    timed = replace(PUBLISHED, fields=fields, time_format="unix_ms")
    with Warehouse.in_memory(tmp_path) as warehouse:
        first = _pull(warehouse, folder, REVISION_1, 12, timed)
        assert (first.accepted, first.reasons) == (7_059 - 211, {"time_implausible": 211})
        bad = ledger.quarantined(warehouse)[0]
        assert bad.detail.startswith(
            'column "occurred_at" is given "0", which reads as 1970-01-01 00:00:00+00; allowed'
        )
        second = _pull(warehouse, folder, REVISION_2, 23, timed)
        # 83 of the 1,025 restated runs are among the 211.
        assert (second.restated, second.restated_columns) == (942, {"score": 942, "score_binarized": 36})
