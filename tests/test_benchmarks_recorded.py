"""The page of the benchmarks says what was recorded, and says where it loses."""

from __future__ import annotations

from pathlib import Path

from benchmarks.recorded import document, figures, plot
from benchmarks.recorded.figures import Bar

DOCS = Path(__file__).parents[1] / "docs"


def test_page_and_plot_are_made_from_the_recorded_figures() -> None:
    found = figures.read(DOCS / "benchmarks.json")
    again = "write it again: python -m benchmarks.recorded"
    assert (DOCS / "benchmarks.md").read_text(encoding="utf-8") == document.page(found), again
    assert (DOCS / "benchmarks.svg").read_text(encoding="utf-8") == plot.drawn(*figures.bars(found)), again


def test_every_goal_that_was_missed_is_told() -> None:
    found = figures.read(DOCS / "benchmarks.json")
    page = document.page(found)
    scans, peers = figures.bars(found)
    for bar in (*scans, *peers, *figures.pages(found)):
        assert (f"- {bar.name}, over {bar.over}:" in page) == (bar.reached is False)


def test_a_goal_is_reached_from_its_own_side() -> None:
    assert Bar("a", "b", 2.0, 2.0, True).reached
    assert not Bar("a", "b", 2.1, 2.0, True).reached
    assert Bar("a", "b", 41.0, 40.0, False).reached
    assert Bar("a", "b", 1.0, None, True).reached is None


def test_results_of_a_backfill_were_identical() -> None:
    assert figures.read(DOCS / "benchmarks.json")["backfill"]["identical"] is True
