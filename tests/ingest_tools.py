"""Small helpers for the tests of ingest: a stream, a source, a pull, a digest of everything stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from warehouse.ingest import pull
from warehouse.records.ingest import BatchReport, PullReport, SourceSpec
from warehouse.records.streams import Column, Stream
from warehouse.store import Warehouse

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

ALL_TYPES = Stream(
    "all_types",
    "One column of each type, for tests.",
    (
        Column("note", "text", "Free text."),
        Column("colour", "text", "A choice.", choices=("red", "green")),
        Column("count", "integer", "A whole number.", low=0),
        Column("score", "number", "A share.", low=0, high=1),
        Column("loose", "number", "A share that is only flagged.", low=0, high=1, outside="flag"),
        Column("done", "boolean", "A truth value."),
        Column("due_at", "time", "A second time."),
        Column("details", "json", "Anything."),
    ),
)


def spec(path: str = "in.jsonl", **changes: Any) -> SourceSpec:
    known: dict[str, Any] = {
        "name": "logs",
        "kind": "jsonl",
        "path": path,
        "stream": "all_types",
        "lateness": timedelta(hours=2),
        "fields": {"rollout": "=agent"},
    }
    return SourceSpec(**{**known, **changes})


def row(event_id: str = "e1", **values: Any) -> dict[str, Any]:
    return {"event_id": event_id, "occurred_at": "2026-03-01T10:00:00Z", **values}


def lines(*rows: Mapping[str, Any] | str) -> str:
    return "".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in rows)


def take(
    warehouse: Warehouse, folder: Path, source: SourceSpec | None = None, stream: Stream = ALL_TYPES, **more: Any
) -> PullReport:
    settings: dict[str, Any] = {"now": NOW, "window_seconds": 3600, "base": folder, **more}
    return pull(warehouse, source or spec(), stream, **settings)


def take_text(warehouse: Warehouse, folder: Path, text: str | bytes, **changes: Any) -> BatchReport:
    source = spec(**changes)
    data = text if isinstance(text, bytes) else text.encode()
    (folder / source.path).write_bytes(data)
    report = take(warehouse, folder, source)
    assert len(report.batches) == 1, report
    assert_adds_up(report.batches[0])
    return report.batches[0]


def assert_adds_up(report: BatchReport) -> None:
    assert report.received == report.accepted + report.duplicate + report.restated + report.quarantined
    assert sum(report.reasons.values()) == report.quarantined


def current(warehouse: Warehouse, *columns: str, stream: str = "all_types") -> list[tuple[Any, ...]]:
    names = ", ".join(f'"{name}"' for name in columns)
    sql = f'SELECT {names} FROM "events_{stream}" WHERE closed_by IS NULL ORDER BY event_id'
    return warehouse.connection.execute(sql).fetchall()


def everything(warehouse: Warehouse, *, polls: bool = False) -> dict[str, Any]:
    """All stored rows of all tables; polls and sightings are left out unless asked for, as every pull may add some."""
    tables = warehouse.connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
    found = {}
    for (name,) in sorted(tables):
        if polls or name not in ("polls", "sightings"):
            found[name] = warehouse.connection.execute(f'SELECT * FROM "{name}" ORDER BY ALL').fetchall()
    return found
