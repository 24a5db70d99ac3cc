"""What is compared with a control or a past is told in its own measure, alone and together with other gates."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

from page_examples import START, rollout, standing, verdict, view
from page_reader import Reader

from checks.gates.records import Verdict
from dashboards import format as fmt
from dashboards.page import render, shape
from dashboards.page.model import (
    EvidencePoint,
    GateSeries,
    PageView,
)


def compared(name: str, test: Any, limit: float, ends: tuple[float, float], **more: Any) -> Verdict:
    return verdict(
        name,
        "model",
        "insufficient",
        test=test,
        limit=limit,
        estimate=sum(ends) / 2,
        low=ends[0],
        high=ends[1],
        meter_breach=0.1,
        meter_pass=0.6,
        headroom=-0.4,
        more_units=1200,
        more_seconds=30 * 3600.0,
        assumes="Right if the arms are filled at random.",
        budget=f"By gate {name} a healthy release is paused wrongly at most once in 50 releases.",
        **more,
    )


def path(gate: str, *values: tuple[float | None, float, float]) -> GateSeries:
    return GateSeries(
        gate,
        tuple(
            EvidencePoint(START + timedelta(hours=6 * n), 10 * n, middle, low, high, 0.1 * n, 0.2 * n, "2.4.0", "e1")
            for n, (middle, low, high) in enumerate(values, start=1)
        ),
    )


def comparing() -> PageView:
    shown = (
        compared("harm-control", "odds_ratio", 1.5, (0.4, 2.1)),
        compared("success-control", "rate_difference", -0.02, (-0.04, 0.05), direction="at_least"),
        compared("severity-control", "score_difference", 0.0, (-0.1, 0.2), kind="mean", measure="points"),
        compared("severity-shape", "distribution", 0.05, (0.0, 0.12), kind="mean", measure="points", means="long_run"),
    )
    paths = (
        path("harm-control", (None, 0.0, math.inf), (math.inf, 0.1, math.inf), (1.3, 0.4, 2.1), (1.2, 0.5, 2.0)),
        path("success-control", (0.0, -1.0, 1.0), (0.01, -0.03, 0.05), (0.005, -0.04, 0.05)),
        path("severity-control", (0.0, -9.0, 9.0), (0.0, math.nan, 0.2)),
        path("severity-shape", (0.06, 0.0, 1.0)),
    )
    found = standing(
        verdicts=shown,
        weakest="harm-control",
        next_weakest="severity-shape",
        headroom=-0.4,
        gain=0.3,
        combined=1.9,
        combined_proof=3.8,
        triage=("harm-control", "severity-control"),
        budget="A healthy release of support-agent is paused wrongly at most once in 12 releases.",
    )
    return view(rollouts=(rollout(standing=found, series=paths),))


def test_a_comparison_is_told_in_its_own_measure_and_its_chart_stands_ends_that_nothing_bounds() -> None:
    reader = Reader(render(comparing()))
    text = reader.words().replace(fmt.THIN, " ")
    for wanted in ("ratio of the odds of a bad unit", "at most 1.5", "at least -2 %", "the mean over many windows"):
        assert wanted in text
    assert "at most 150 %" not in text
    for attributes, content in reader.scripts:
        if attributes.get("type") == "application/json":
            json.loads(content)


def test_ranges_of_comparisons_show_the_limit_and_every_sign() -> None:
    cards = {c.verdict.gate: c for layer in shape.rollouts(comparing())[0].layers for c in layer.cards}
    for name, limit in (("harm-control", 1.5), ("success-control", -0.02), ("severity-control", 0.0)):
        low, high = cards[name].figures[0][2]["layout"]["yaxis"]["range"]
        assert math.isfinite(low)
        assert low < limit < high
        assert high - low < 7.0
    assert cards["severity-shape"].figures == (), "one point is no line"


def test_the_rollout_says_what_its_gates_are_together() -> None:
    text = Reader(render(comparing())).words().replace(fmt.THIN, " ")
    for wanted in (
        "harm-control : headroom none proved yet; then severity-shape .",
        "Mending it would gain 30 %.",
        "All that may pause 50 %",
        "harm-control , severity-control",
        "paused wrongly at most once in 12 releases",
    ):
        assert wanted in text


def test_a_gate_says_what_its_verdict_rests_on_and_how_long_a_proof_takes() -> None:
    text = Reader(render(comparing())).words().replace(fmt.THIN, " ")
    for wanted in (
        "Right if the arms are filled at random.",
        "By gate harm-control a healthy release is paused wrongly at most once in 50 releases.",
        "About 1 200 more sessions at the present rate, some 30 hours.",
    ):
        assert wanted in text
