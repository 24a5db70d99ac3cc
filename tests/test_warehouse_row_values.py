"""Row values: what metrics make of single rows is what cells and units are made of."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from ingest_tools import NOW, spec
from summaries import BENIGN, MEAN, RATE

from warehouse.cells import read_cells, summarise
from warehouse.ingest import pull
from warehouse.records.expressions import Compare, Constant, Field
from warehouse.records.metrics import Slice
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


@pytest.mark.parametrize("kind", ["rate", "mean", "count"])
def test_a_condition_with_a_constant_is_summarised_as_rows_are_told(
    kind: Literal["rate", "mean", "count"], tmp_path: Path
) -> None:
    """A metric of any kind whose `where` holds a constant: cells count the rows that are told to be inside."""
    stream = BUILT_IN["interactions"]
    rows = [
        {"event_id": f"e{n}", "occurred_at": "2026-03-01T10:00:00Z", "rollout": "a", "scores": {"harm": 0.75}, **more}
        for n, more in enumerate([{"judge_version": "j"}, {"judge_version": "k"}, {}])
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    value = {"rate": RATE.value, "mean": MEAN.value, "count": None}[kind]
    where = Compare("==", Field("judge_version"), Constant("j"))
    metric = replace(RATE, kind=kind, value=value, where=where, scored=None, digest=kind)
    with Warehouse.in_memory(tmp_path) as warehouse:
        pull(warehouse, spec(stream="interactions"), stream, now=NOW, window_seconds=3600, base=tmp_path)
        summarise(warehouse, [metric], {stream.name: stream})
        (cell,) = read_cells(warehouse, metric, Slice(), NOW - timedelta(days=1), NOW)
        told = [said for (said,) in row_values(warehouse, [metric], stream).values() if said[0]]
    assert (cell.items, len(told)) == (1, 1)
