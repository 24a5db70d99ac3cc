"""The benchmark of the gate endpoint at a size of no consequence."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT


@pytest.mark.slow
@pytest.mark.live
@pytest.mark.enable_socket
def test_the_gate_is_asked_while_runs_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.gate_endpoint.__main__ import main

    assert main(["--rows", "500", "--history", "2000", "--batches", "10", "--seconds", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"p50_ms", "p95_ms", "p95_hello_ms", "ratio", "runs_meanwhile"} <= found.keys()
    assert found["requests"] > 0
