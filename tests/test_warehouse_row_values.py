"""Row values: what metrics make of single rows is what cells and units are made of."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest_tools import NOW, spec
from summaries import BENIGN, MEAN, RATE

from warehouse.ingest import pull
from warehouse.records.streams import BUILT_IN
from warehouse.row_values import row_values
from warehouse.store import Warehouse


def test_each_row_is_told_by_its_key_for_every_metric(tmp_path: Path) -> None:
    stream = BUILT_IN["interactions"]
    known: list[dict[str, Any]] = [
        {"event_id": "good", "scores": {"harm": 0.2}, "judge_version": "j", "benign": True},
        {"event_id": "bad", "scores": {"harm": 0.75}, "judge_version": "j", "benign": False},
        {"event_id": "open", "judge_version": "j"},
        {"event_id": "lost", "scores": {"harm": 0.2}, "judge_version": "j", "confidence": 7},
    ]
    rows = [{"occurred_at": "2026-03-01T10:00:00Z", "rollout": "a", **row} for row in known]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with Warehouse.in_memory(tmp_path) as warehouse:
        assert row_values(warehouse, [RATE], stream) == {}
        pull(warehouse, spec(stream="interactions"), stream, now=NOW, window_seconds=3600, base=tmp_path)
        mean = replace(MEAN, where=BENIGN, scored=None)
        assert row_values(warehouse, [RATE, mean], stream) == {
            "bad": ((True, 1.0), (False, 0.75)),
            "good": ((True, 0.0), (True, 0.2)),
            "open": ((True, None), (False, None)),
        }
