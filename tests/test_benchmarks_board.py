"""The benchmark of the board's pages at a size of no consequence."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT


@pytest.mark.slow
@pytest.mark.live
@pytest.mark.enable_socket
def test_pages_are_read_while_runs_write(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.board.__main__ import main

    small = ["--rows", "200", "--history", "2000", "--batches", "10", "--readers", "3", "--pause", "0.05"]
    assert main([*small, "--seconds", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"p95_overview_ms", "p95_rollout_ms", "p95_metrics_ms", "p95_hello_ms", "ratio"} <= found.keys()
    assert found["pages"] > 10
