"""Every chart has a figure, a sentence and a table, and shows its series as they are."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from page_examples import START, series, verdicts, view
from page_reader import Reader

from dashboards.page import charts, render, shape
from dashboards.page.model import (
    EvidencePoint,
)


@pytest.fixture(scope="module")
def page() -> str:
    return render(view())


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    return Reader(page)


def test_plotly_is_in_the_page_once_and_waits_until_a_chart_is_looked_at(page: str, read: Reader) -> None:
    assert page.count("plotly.js v") == 1
    assert [a for a, _ in read.scripts if a.get("id") == "plotly-source"] == [
        {"type": "text/plain", "id": "plotly-source"}
    ]
    assert len(page.encode()) < 6_000_000


def test_every_chart_has_its_figure_its_sentence_and_its_table(read: Reader) -> None:
    figures = {a["id"]: json.loads(text) for a, text in read.scripts if a.get("type") == "application/json"}
    charts_ = [a for a in read.all("div") if a.get("class") == "chart"]
    assert len(charts_) == len(figures) == 7
    for chart in charts_:
        assert chart["data-figure"] in figures
        assert chart["aria-label"]
    assert read.words().count("In words:") == len(verdicts())


def test_long_series_are_thinned_but_keep_the_ends_of_every_epoch() -> None:
    points = [
        EvidencePoint(START + timedelta(hours=n), n, 0.1, 0.0, 0.2, 0.0, 0.0, "a" if n < 4001 else "b")
        for n in range(9000)
    ]
    kept = charts.thinned(points)
    assert len(kept) < charts.MOST_POINTS + 10
    assert {0, 4000, 4001, 8999} <= {point.units for point in kept}
    assert [point.units for point in kept] == sorted(point.units for point in kept)


def test_a_new_release_begins_a_new_line() -> None:
    points = series("harm", 0.002, 0.006, 1.2).points
    figure = charts.estimate_figure(verdicts()[3], points)
    line = figure["data"][-1]
    assert line["x"].count(None) == line["y"].count(None) == 1
    assert any(note["text"] == "release 2.4.0" for note in figure["layout"]["annotations"])
    assert len(charts.evidence_figure(verdicts()[3], points)["data"]) == 2


def test_a_gate_that_does_not_gather_evidence_has_no_evidence_chart() -> None:
    blocks = shape.rollouts(view())
    cards = {card.verdict.gate: card for layer in blocks[0].layers for card in layer.cards}
    assert [title for _, title, _ in cards["interactions-fresh"].figures] == ["Estimate and limit"]
    assert cards["interactions-fresh"].pass_proof is None
    assert cards["steps-fresh"].figures == ()


def test_drift_is_ranked_by_how_far_a_column_is_past_its_limit() -> None:
    assert [row.column for row in shape.drift(view())[0].rows] == ["input_tokens", "confidence", "output_tokens"]


@pytest.mark.slow
def test_plotly_takes_the_figures() -> None:
    import plotly.graph_objects as go

    for block in shape.rollouts(view()):
        for layer in block.layers:
            for card in layer.cards:
                for _, _, figure in card.figures:
                    go.Figure(json.loads(re.sub(r'"var\(--[a-z-]+\)"', '"black"', json.dumps(figure))))
