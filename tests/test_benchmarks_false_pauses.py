"""The simulation of false pauses runs, writes what it found, and its rules do what their names say."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT


@pytest.fixture(autouse=True)
def _from_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


CHOSEN = ("Gatehold", "sliding window at alpha/T")


def tables(text: str) -> list[list[list[str]]]:
    """The cells of each Markdown table, without the line below its head."""
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("| rule")]
    return [[line.strip("| ").split(" | ") for i, line in enumerate(block) if i != 1] for block in blocks]


def test_the_quick_run_writes_tables_words_and_a_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.false_pauses.__main__ import main
    from benchmarks.false_pauses.simulation import RULES

    assert main(["--quick", "--runs", "8", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "false_pauses.md").read_text(encoding="utf-8")
    assert text in capsys.readouterr().out
    false, delays = tables(text)
    assert [len(false), len(delays)] == [1 + len(RULES)] * 2
    assert {len(row) for row in false} == {2 + 5}
    assert {len(row) for row in delays} == {1 + 9}
    assert "**Gatehold**" in false[-1][0]
    plot = ET.fromstring((tmp_path / "false_pauses.svg").read_text(encoding="utf-8"))
    assert sum(rule.name in "".join(plot.itertext()) for rule in RULES) == len(RULES)


def test_the_shipped_document_is_of_the_full_simulation_with_the_rules_there_are() -> None:
    from benchmarks.false_pauses.simulation import RULES

    text = (ROOT / "docs" / "false_pauses.md").read_text(encoding="utf-8")
    false, delays = tables(text)
    assert [row[0].strip("* ") for row in false[1:]] == [rule.name for rule in RULES]
    assert "2,000 hours" in text
    at_limit = {row[0].strip("* "): float(row[-1].strip("* ")) for row in false[1:]}
    assert at_limit["Gatehold"] <= 0.05
    late = {row[0].strip("* "): row[1 + 6 : 1 + 9] for row in delays[1:]}
    ours, window = ([float(cell.strip("* ").split(" / ")[0]) for cell in late[name]] for name in CHOSEN)
    assert (ours[0] < 31, ours[1] <= 14, ours[2] <= 3) == (True, True, True)
    assert all(mine < theirs for mine, theirs in zip(ours, window, strict=True))


def test_the_same_seed_gives_the_same_streams() -> None:
    from benchmarks.false_pauses.setting import QUICK, bad_units

    one, two, other = (bad_units(QUICK, stream, np.ones(50)) for stream in (3, 3, 4))
    assert (one == two).all()
    assert (one != other).any()


def test_rules_without_a_promise_pause_and_exact_bounds_count_as_they_should() -> None:
    from benchmarks.false_pauses.rules import intervals, points
    from benchmarks.false_pauses.setting import NEVER, Setting

    setting = Setting(runs=2, looks=6)
    bad = np.array([[2, 3, 3, 3, 0, 9], [2, 2, 2, 2, 2, 2]])
    assert points.threshold(bad, setting).tolist() == [2, NEVER]
    assert points.three_in_a_row(bad, setting).tolist() == [4, NEVER]
    # At the limit, six or more of 500 happen in 4.2 % of looks, five or more in 10.9 %.
    assert intervals.smallest(500, 0.005, 0.05) == 6
    assert intervals.each_look(bad, setting).tolist() == [6, NEVER]
    assert intervals.sliding_window(np.full((1, 6), 30), setting).tolist() == [1]


def test_a_boundary_rule_stops_when_its_proof_is_there() -> None:
    from benchmarks.false_pauses.rules import boundaries
    from benchmarks.false_pauses.setting import NEVER, Setting

    setting = Setting(runs=2, looks=4, per_look=10)
    bad = np.array([[1, 1, 3, 0], [0, 0, 1, 1]])
    found = boundaries.crossing(bad, setting, lambda units, k: k >= 2 + units / 10)
    assert found.tolist() == [3, NEVER]


def test_delays_count_from_the_change_and_leave_out_who_was_paused_before() -> None:
    from benchmarks.false_pauses.setting import NEVER, Change
    from benchmarks.false_pauses.simulation import Delay, delay

    paused = np.array([5, 103, 101, 110, NEVER])
    assert delay(paused, Change(100, 0.6)) == Delay(3.0, float("inf"))
    assert delay(paused[:1], Change(100, 0.6)) == Delay(None, None)
