"""The benchmark of drift runs at a small size, and no time counts before its results are right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT

pytestmark = pytest.mark.slow

ERRORS = {"wasserstein", "kolmogorov", "jensenshannon", "psi", "chisquare", "total_variation"}


@pytest.fixture(autouse=True)
def _from_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.mark.timeout(300)
def test_a_small_run_has_every_figure_and_right_results(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.drift.__main__ import main

    assert main(["--rows", "20000", "--rounds", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["columns"], found["counted_right"], found["decisions_equal"]) == (
        20_000,
        20,
        True,
        True,
    )
    assert found["decisions_compared"] >= 18
    assert set(found["largest_error"]) == ERRORS
    assert max(found["largest_error"].values()) < 3e-3
    assert set(found["ratio_by_kind"]) == {"numbers", "categories", "text_lengths"}
    for name in ("ratio_to_scan", "evidently_over_ours", "sliced_ratio_to_scan", "nothing_new_s"):
        assert found[name] > 0
    assert {name for name, state in found["decisions"].items() if state == "drifted"} == {
        "latency_ms",
        "confidence",
        "input_tokens",
        "model",
        "response.length",
    }


def test_generated_rows_are_the_same_again(tmp_path: Path) -> None:
    from benchmarks.drift import generating, measuring
    from warehouse.store import Warehouse

    digests = []
    for name in ("one", "two"):
        with Warehouse.open(tmp_path / name) as warehouse:
            generating.fill(warehouse, 2_000)
            digests.append(measuring.pin(warehouse))
    assert digests[0] == digests[1]
