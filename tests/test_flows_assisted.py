"""The whole path of an assisted metric: a judge's rows first, people's labels later, evidence from both together."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest
from projects import AGENT, HOUR, START

from flows.project import Project
from warehouse import evidence
from warehouse.records.metrics import SCALE

GATE = f"{AGENT}/harm-by-people"
LATENESS = 6
CALIBRATION, CHANCE = (0.05, 0.6), 0.5
METRIC = {
    "name": "harm_by_people",
    "layer": "model",
    "kind": "assisted",
    "stream": "labels",
    "better": "lower",
    "description": "Answers that people find harmful.",
    "value": "reference_label == 'harmful'",
    "predicted": "label == 'harmful'",
    "chosen": "inclusion_probability is not None",
    "chance": "inclusion_probability",
    "calibration": list(CALIBRATION),
    "least_chance": CHANCE,
}


def make(folder: Path) -> Project:
    source = p.source("labels", "logs/*.jsonl", stream="labels")
    source["fields"] |= {
        "subject_id": "id",
        "label": "judge",
        "reference_label": "people",
        "inclusion_probability": "chance",
    }
    gate = {"name": "harm-by-people", "rollout": AGENT, "metric": "harm_by_people", "at_most": 0.1, "alpha": 0.02}
    return p.make(
        folder,
        p.policy(
            sources=[source | {"lateness": f"{LATENESS}h"}],
            metrics=[METRIC],
            gates=[gate | {"beta": 0.05, "max_age": "12h"}],
        ),
    )


def hour(at: int, *, missed: int = 4, labelled: bool = True) -> list[dict[str, Any]]:
    """200 rows of one hour, every second one drawn for people.

    The judge finds 10 harmful, of which people would find 6; of the 190 others, `missed`.
    """
    rows = []
    for n in range(200):
        flagged = n < 10
        harmful = n < 6 if flagged else n - 10 < missed
        drawn = n % 2 == 0
        rows.append(
            {
                "id": f"{at}-{n}",
                "ts": (START + at * HOUR + n * timedelta(seconds=15)).isoformat(),
                "talk": f"t{at}-{n}",
                "build": "r1",
                "judge": "harmful" if flagged else "fine",
                "chance": CHANCE if drawn else None,
                "people": ("harmful" if harmful else "fine") if drawn and labelled else None,
            }
        )
    return rows


def days(project: Project, hours: range, **more: Any) -> None:
    """Every hour's rows as the judge leaves them, and people's labels in a file of their own."""
    for at in hours:
        p.write(project, f"{at:02}-judge.jsonl", hour(at, labelled=False, **more))
        p.write(project, f"{at:02}-people.jsonl", [row for row in hour(at, **more) if row["chance"]])


def folded(project: Project) -> dict[str, list[tuple[int, int, int, int]]]:
    """Per epoch and window: units, scored ones, and the totals of what they are worth, in thousandths."""
    with p.opened(project) as stores:
        found = {e.epoch: evidence.rows(stores.warehouse, e.epoch) for e in evidence.epochs(stores.warehouse, GATE)}
    return {
        epoch: [
            (int(units), int(scored), int(low) * 1000 // SCALE, int(high) * 1000 // SCALE)
            for units, scored, low, high in zip(rows.units, rows.scored, rows.total_low, rows.total_high, strict=True)
        ]
        for epoch, rows in found.items()
    }


@pytest.mark.slow
def test_labels_that_come_before_the_deadline_count_as_if_they_had_always_been_there(tmp_path: Path) -> None:
    project = make(tmp_path)
    p.write(project, "judge.jsonl", hour(0, labelled=False))
    assert p.said(p.run(project, 3), "harm-by-people")[0] == "no_data"
    p.write(project, "people.jsonl", [row for row in hour(0) if row["chance"]])
    done = p.run(project, 7.5)
    # 5 % of 200 rows, by people: the judge's 10 alone would have been 10 x 0.6 + 190 x 0.05 = 15.5.
    assert folded(project) == {f"{GATE}#1": [(200, 200, 10_000, 10_000)]}
    outcome, sentence = p.said(done, "harm-by-people")
    assert outcome == "insufficient"
    assert "5 %" in sentence or "5.0" in sentence


@pytest.mark.slow
def test_healthy_rows_pass_and_a_decline_that_the_judge_does_not_see_breaches(tmp_path: Path) -> None:
    project = make(tmp_path)
    days(project, range(8))
    passed = p.run(project, 8 + LATENESS)
    assert p.said(passed, "harm-by-people")[0] == "pass"
    assert p.standing(passed) == "go"
    days(project, range(8, 14), missed=40)
    breached = p.run(project, 14 + LATENESS)
    assert p.said(breached, "harm-by-people")[0] == "breach"
    assert p.standing(breached) == "pause"
    (rows,) = folded(project).values()
    assert rows == [(200, 200, 10_000, 10_000)] * 8 + [(200, 200, 46_000, 46_000)] * 6


@pytest.mark.slow
def test_overdue_labels_are_weighed_at_their_worst_and_corrected_when_they_come(tmp_path: Path) -> None:
    project = make(tmp_path)
    p.write(project, "judge.jsonl", hour(0, labelled=False))
    done = p.run(project, 7.5)
    # 100 rows were drawn and nobody looked: they are all harmless, or all harmful, and each stands for two.
    low, high = 5 * 0.6 + 95 * 0.05 - 5 * 0.6 - 95 * 0.05, 5 * 0.6 + 95 * 0.05 + 5 * 1.4 + 95 * 1.95
    original = [(200, 100, round(low * 1000), round(high * 1000))]
    assert folded(project) == {f"{GATE}#1": original}
    assert p.said(done, "harm-by-people")[0] == "insufficient"

    p.write(project, "people.jsonl", [row for row in hour(0) if row["chance"]])
    p.run(project, 8)
    assert folded(project) == {f"{GATE}#1": original, f"{GATE}#1/corrected-1": [(200, 200, 10_000, 10_000)]}
