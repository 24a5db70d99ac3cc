"""The benchmarks of windows, hours and backfills at sizes of no consequence: what they compare has to be equal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from warehouse.store import Warehouse

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _from_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


def test_windows_come_out_as_raw_rows_and_pandas_say(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.windows.__main__ import main

    assert main(["--rows", "20000", "--days", "30", "--rounds", "1", "--sample", "1", "--json"]) == 0
    found = document(capsys)
    assert (found["metrics"], found["slices"], found["rows"]) == (30, 20, 19_980)
    assert {"ratio_to_scan", "pandas_over_ours", "extra_window_cost"} <= found.keys()


def test_windows_are_asserted_before_their_time_counts(tmp_path: Path) -> None:
    from benchmarks.windows import frames, ours, rows
    from benchmarks.windows.__main__ import LENGTHS
    from benchmarks.windows.measured import metrics
    from benchmarks.windows.rows import DAY, START

    with Warehouse.open(tmp_path) as warehouse:
        rows.fill(warehouse, 9_000, 30)
        ours.cells(warehouse, metrics())
        found = ours.told(ours.roll_up(warehouse, metrics(), 30), LENGTHS)
        end, week = START + 30 * DAY, LENGTHS[1]
        raw = ours.from_raw(warehouse, end - week, end)
        assert len(raw) == rows.ROLLOUTS * rows.SEGMENTS
        assert ours.from_windows(found, week, end, keys=raw.keys()) == raw
        assert ours.from_windows(found, week, end - DAY, keys=raw.keys()) != raw
        frame = frames.frame(warehouse, end - week, end)
    one, other = frames.loop(frame), frames.grouping(frame)
    assert one.keys() == other.keys()
    assert all(np.isclose(one[key], other[key], equal_nan=True) for key in one)


def test_a_backfill_of_any_number_of_readers_is_identical(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.backfill.__main__ import main

    assert main(["--rows", "4000", "--days", "5", "--rounds", "1", "--json"]) == 0
    found = document(capsys)
    assert found["identical"] is True
    assert found["speed_up"].keys() == {"1", "2", "4"}
    assert found["prefect_overhead"] is None


@pytest.mark.timeout(300)
def test_a_run_with_new_rows_is_measured_against_the_bare_read(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.hourly.__main__ import main

    size = ["--rows", "2000", "--history", "4000", "--batches", "40", "--times", "2"]
    assert main([*size, "--rounds", "1", "--json"]) == 0
    assert {"ratio", "constant_seconds", "growth"} <= document(capsys).keys()
