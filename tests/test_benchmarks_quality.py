"""The benchmark of data checks runs at a small size, and no time counts before its results are right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT

from checks.quality.expectations import suite
from warehouse.new_rows import new_rows
from warehouse.store import Warehouse

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _from_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


def test_a_small_run_has_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.quality.__main__ import main

    assert main(["--rows", "2000", "--rounds", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["rounds"], found["broken_rows"]) == (2_000, 2, 20)
    assert found["gx_duckdb_over_fused"] > 0
    assert found["gx_pandas_over_fused"] > 0
    assert (found["pandera_over_fused"] is None) == bool(found["pandera_missing"])


def test_all_ways_count_the_same_where_several_rules_are_broken(tmp_path: Path) -> None:
    from benchmarks.quality import fused, on_pandas, rows
    from checks.quality import gx

    with Warehouse.in_memory(tmp_path) as warehouse:
        rows.fill(warehouse, 200)
        events = "UPDATE events_interactions SET"
        warehouse.connection.execute(f"{events} event_id = 'e1' WHERE event_id IN ('e2', 'e3')")
        warehouse.connection.execute(f"{events} arm = 'left' WHERE input_tokens % 2 = 0 AND arm IS NOT NULL")
        warehouse.connection.execute(f"{events} confidence = 1.5 WHERE event_id IN ('e1', 'e7')")
        seen, checks = new_rows(warehouse, rows.STREAM.name, rows.BATCH), suite(rows.STREAM)
        counts = fused.ask(seen, fused.fused(checks, seen.view))
        by_name = {check.name: count for check, count in zip(checks, counts, strict=True)}
        assert (by_name["event_id is unique"], by_name["confidence is in range"]) == (3, 4)
        assert by_name["arm is one of its choices"] > 10
        inside = gx.run(seen.connect, seen.view, checks, stream=rows.STREAM.name)
        assert [result.unexpected for result in inside] == counts
        assert on_pandas.run(on_pandas.frame(seen, checks), checks) == counts
