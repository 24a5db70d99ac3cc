"""Harm is known at once, harmlessness a day later: who folds on arrival pauses every healthy system.

Many streams are simulated through the monitor; one goes through the whole product, from log files to the standing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import projects
import pytest
from evidence_runs import Integers, first_breach, growth_of_counts, share

from flows.project import Project

LIMIT, ALPHA = 0.005, 0.05
RUNS, LOOKS, ITEMS, DELAY = 300, 720, 500, 24


def on_arrival(bad: Integers) -> tuple[Integers, Integers]:
    """What arrives in each hour: the bad rows of this hour and the good ones of a day before."""
    good = np.zeros_like(bad)
    good[:, DELAY:] = ITEMS - bad[:, :-DELAY]
    return bad, good + bad


@pytest.mark.slow
def test_folding_on_arrival_pauses_every_healthy_system_and_waiting_almost_none() -> None:
    bad = np.random.default_rng(51).binomial(ITEMS, LIMIT, size=(RUNS, LOOKS))
    assert share(first_breach(growth_of_counts(*on_arrival(bad), LIMIT), LIMIT, ALPHA)) == 1.0
    assert share(first_breach(growth_of_counts(bad, ITEMS, LIMIT), LIMIT, ALPHA)) <= ALPHA


def harm_before_its_innocence(folder: Path, lateness: str, hours: int) -> Project:
    """A project whose system harms in 1 of 30 sessions, limit 1 of 10; harmless rows are written a day later."""
    source = {**projects.source("logs", "logs/*.jsonl"), "lateness": lateness}
    gate = projects.harm_gate(max_age="48h")
    project = projects.make(folder, projects.policy(sources=[source], gates=[gate]))
    for hour in range(hours):
        rows = projects.answers(hour, harmful=2)
        known = [row for row in rows if row["scores"]["harm"] > 0.5 or hour + DELAY < hours]
        projects.write(project, f"{hour:02}.jsonl", known)
    return project


@pytest.mark.slow
def test_the_product_pauses_if_it_is_told_not_to_wait(tmp_path: Path) -> None:
    done = projects.run(harm_before_its_innocence(tmp_path, "1h", hours=6), 6)
    assert projects.said(done)[0] == "breach"
    assert projects.standing(done) == "pause"


@pytest.mark.slow
def test_the_product_waits_for_the_watermark_and_passes(tmp_path: Path) -> None:
    project = harm_before_its_innocence(tmp_path, "25h", hours=40)
    done = projects.run(project, 40)
    outcome, detail = projects.said(done)
    assert outcome == "pass", detail
    assert projects.standing(done) != "pause"
