"""Killed at any moment and started again: nothing is lost, nothing counts twice, and no pause is missed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fault_harness.comparing import Found, differ
from fault_harness.harness import Lived, choose
from fault_harness.points import Event
from fault_harness.receiving import Got
from people_examples import NOW
from projects import AGENT

from warehouse.records.decisions import DecisionEntry, Delivery

ROOT = Path(__file__).resolve().parent.parent
POINTS = 40


def entry(seq: int, kind: str) -> DecisionEntry:
    text = {"actor": "", "summary": "", "evidence_digest": "", "config_digest": "", "previous_hash": "", "hash": ""}
    return DecisionEntry(seq=seq, id=f"d{seq}", key=f"k{seq}", at=NOW, rollout=AGENT, kind=kind, body={}, **text)  # type: ignore[arg-type]  # only what is compared


def message(id: str, decision: str, state: str = "delivered") -> Delivery:
    body = {"action": "pause"}
    return Delivery(id, decision, AGENT, "switch", AGENT, body, state, 0, NOW, NOW, None)  # type: ignore[arg-type]  # as above


GOOD = Found(
    rows=Counter({("events", "a"): 1}),
    decisions=Counter({("pause",): 1}),
    messages=Counter({("switch", "pause"): 1}),
    standings={AGENT: "pause"},
    files=frozenset({"a"}),
    chain=True,
    entries=[entry(1, "pause")],
    outbox=[message("d1-1", "d1")],
    got=[Got("d1-1", "switch", AGENT, "pause", 1, "d1")],
    switch={},
    alerts=[],
    earlier=frozenset(),
    unequal=[],
)


def test_the_harness_sees_what_it_is_there_for() -> None:
    """A check that cannot fail proves nothing: each kind of damage is counted as what it is."""

    def wrong(**changes: Any) -> dict[str, int]:
        tally = differ(GOOD, replace(GOOD, **changes))
        assert tally.total == 0 or tally.told or not changes.get("chain", True)
        found = {name: getattr(tally, name) for name in ("lost", "doubled", "pauses_missed", "chains_broken")}
        return {name: count for name, count in found.items() if count}

    assert wrong() == {}
    assert wrong(got=[*GOOD.got, *GOOD.got]) == {}, "the same message twice counts once"
    assert wrong(rows=Counter()) == {"lost": 1}
    assert wrong(rows=Counter({("events", "a"): 2})) == {"doubled": 1}
    assert wrong(decisions=Counter({("pause",): 2})) == {"doubled": 1}
    assert wrong(chain=False) == {"chains_broken": 1}
    assert wrong(outbox=[], got=[], messages=Counter()) == {"lost": 1, "pauses_missed": 1}
    assert wrong(got=[]) == {"pauses_missed": 1}, "marked as delivered, and nobody got it"
    assert wrong(got=[*GOOD.got, Got("d1-2", "switch", AGENT, "pause", 1, "d1")])["doubled"] == 2
    worse: dict[str, Any] = {"standings": {AGENT: "go"}, "files": frozenset("ab"), "unequal": [1]}
    for name, value in {**worse, "switch": {"x": ("go", "1")}}.items():
        assert differ(GOOD, replace(GOOD, **{name: value})).total == 1, name


def test_points_hold_every_commit_of_the_run_that_pauses() -> None:
    events = [[Event(n, "x", 0.1, commits=n % 10 == 0) for n in range(100)] for _ in range(11)]
    lived = Lived(events, [], [])
    few, many = choose(lived, 40), choose(lived, 200)
    assert (len(few), len(many)) == (40, 200)
    commits = set(range(0, 100, 10))
    assert commits <= {point.kill.number for point in few if point.step == 4}
    at_each = {(point.kill.number, point.kill.moment) for point in many if point.step == 4}
    assert {(n, moment) for n in commits for moment in ("before", "during", "after")} <= at_each
    assert {point.step for point in many} == set(range(11))


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """What the harness says, run as a person runs it."""
    command = [sys.executable, "-m", "tests.fault_harness", "--points", str(POINTS), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, env={**os.environ})
    assert done.stdout, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, f"{told}\n{done.stderr}"
    return told


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nothing_is_lost_doubled_or_missed_wherever_the_process_dies(report: dict[str, Any]) -> None:
    assert report["points"] == POINTS
    assert report["not_reached"] == 0, "every death was met"
    assert report["events"] > 20 * POINTS
    bad = {name: count for name, count in report.items() if name not in ABOUT and count}
    assert bad == {}
    assert {"lost", "doubled", "pauses_missed"} <= set(report)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_commit_of_the_run_that_pauses_is_among_the_deaths(report: dict[str, Any]) -> None:
    assert 10 <= report["commits"] <= POINTS
    assert report["by_step"]["run that pauses"] >= report["commits"]
    assert len(report["by_step"]) > 4, "and other steps as well"


ABOUT = {"points", "not_reached", "events", "commits", "seconds", "by_step", "told"}
