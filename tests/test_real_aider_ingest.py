"""Real tool telemetry with four payload schemas goes in without loss."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ingest_tools import assert_adds_up, everything

from warehouse.ingest import pull
from warehouse.records.ingest import PullReport, SourceSpec
from warehouse.records.streams import BUILT_IN, INTERACTIONS
from warehouse.store import Warehouse

pytestmark = pytest.mark.slow

LINES = 16_067

SOURCE = SourceSpec(
    name="aider",
    kind="jsonl",
    path="events.jsonl.gz",
    stream="interactions",
    lateness=timedelta(hours=1),
    fields={
        "event_id": "@digest",
        "occurred_at": "time",
        "session_id": "user_id",
        "rollout": "=aider",
        "segment": "event",
        "model_requested": "properties.main_model",
        "agent_version": "properties.aider_version",
        "input_tokens": "properties.prompt_tokens",
        "output_tokens": "properties.completion_tokens",
        "cost": "properties.cost",
        "error": "properties.exception",
    },
    time_format="unix_s",
)


@pytest.fixture(scope="module")
def loaded(
    shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Warehouse, Path, PullReport]:
    folder = shared_data("aider_telemetry")
    warehouse = Warehouse.in_memory(tmp_path_factory.mktemp("aider"))
    return warehouse, folder, _pull(warehouse, folder)


def _pull(warehouse: Warehouse, folder: Path) -> PullReport:
    now = datetime(2025, 3, 1, tzinfo=UTC)
    return pull(warehouse, SOURCE, BUILT_IN["interactions"], now=now, window_seconds=3600, base=folder)


def test_every_line_is_accounted_for(loaded: tuple[Warehouse, Path, PullReport]) -> None:
    (report,) = loaded[2].batches
    assert_adds_up(report)
    assert report.received == LINES
    assert report.accepted + report.duplicate + report.quarantined == LINES
    # The file holds 29 lines that repeat another one.
    assert (report.accepted, report.duplicate, report.quarantined) == (16_038, 29, 0)
    assert (report.error, loaded[2].degraded) == (None, None)


def test_no_field_is_lost(loaded: tuple[Warehouse, Path, PullReport]) -> None:
    warehouse, folder, _ = loaded
    with gzip.open(folder / "events.jsonl.gz", "rt") as file:
        wanted = {json.dumps(json.loads(line), sort_keys=True) for line in file}
    names = list(SOURCE.fields)
    rows = warehouse.connection.execute(
        f"SELECT epoch(occurred_at)::BIGINT, {', '.join(names[2:3] + names[4:])}, attributes FROM events_interactions"
    ).fetchall()
    found = set()
    for moment, *values, attributes in rows:
        row = json.loads(attributes)
        places = [SOURCE.fields[name] for name in names[2:3] + names[4:]]
        for place, value in zip(places, values, strict=True):
            *parent, leaf = place.split(".")
            if value is not None:
                (row[parent[0]] if parent else row)[leaf] = value
        found.add(json.dumps({**row, "time": moment}, sort_keys=True))
    assert {_comparable(text) for text in found} == {_comparable(text) for text in wanted}


def _comparable(text: str) -> str:
    """The row with 0 and 0.0 alike, and null and missing alike."""
    row = json.loads(text, parse_int=float)
    row["properties"] = {k: v for k, v in row["properties"].items() if v is not None}
    return json.dumps({k: v for k, v in row.items() if v is not None}, sort_keys=True)


def test_a_second_run_changes_nothing(loaded: tuple[Warehouse, Path, PullReport]) -> None:
    warehouse, folder, _ = loaded
    before = everything(warehouse)
    assert [batch.repeated for batch in _pull(warehouse, folder).batches] == [True]
    assert everything(warehouse) == before


def test_the_parquet_of_the_same_events_goes_in_too(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    fields = {"event_id": "@digest", "occurred_at": "ts", "rollout": "=aider", "model_requested": "main_model"}
    source = SourceSpec("p", "parquet", "events.parquet", "interactions", timedelta(hours=1), fields)
    with Warehouse.in_memory(tmp_path) as warehouse:
        (report,) = pull(
            warehouse,
            source,
            INTERACTIONS,
            now=datetime(2025, 3, 1, tzinfo=UTC),
            window_seconds=3600,
            base=shared_data("aider_telemetry"),
        ).batches
        assert_adds_up(report)
        assert (report.received, report.quarantined) == (LINES, 0)
