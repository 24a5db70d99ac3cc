"""What runs said over a year, thinned for plots: nothing that a reader would see is left out."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from warehouse import history
from warehouse.history import StandingThen, VerdictThen
from warehouse.store import Warehouse

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path) as opened:
        yield opened


def _ran(warehouse: Warehouse, rollout: str, seed: int, runs: int = 120) -> None:
    chance, at = random.Random(seed), START
    standing, stage = "go", "pilot"
    for number in range(runs):
        at += HOUR * (5 if chance.random() < 0.05 else 1)
        standing = chance.choice(("go", "hold", "pause")) if chance.random() < 0.1 else standing
        stage = "all" if number > runs // 2 else "pilot"
        release = f"v{number // 50}"
        said = [
            VerdictThen("fresh", at, "pass", chance.random() if chance.random() < 0.9 else None, number, release),
            VerdictThen("steady", at, "pass", 0.5, number, release),
        ]
        history.add(warehouse, rollout, StandingThen(at, at + 3 * HOUR, standing, stage, f"r{number}", "fresh"), said)


def _by_hand(runs: list[StandingThen]) -> list[StandingThen]:
    found: list[StandingThen] = []
    for run in runs:
        last = found[-1] if found else None
        gap = last is not None and last.valid_until < run.at and run.standing != "pause"
        if last is None or gap or (last.standing, last.stage) != (run.standing, run.stage):
            found.append(run)
        else:
            found[-1] = StandingThen(last.at, run.valid_until, run.standing, run.stage, run.reason, run.binding)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_runs_that_said_the_same_are_one_and_no_silence_is_bridged(warehouse: Warehouse, seed: int) -> None:
    assert history.course(warehouse) == {}
    _ran(warehouse, "one", seed)
    _ran(warehouse, "other", seed + 100, runs=7)
    found = history.course(warehouse)
    assert set(found) == {"one", "other"}
    for rollout, course in found.items():
        assert course == _by_hand(history.standings(warehouse, rollout))
        for before, after in pairwise(course):
            assert (before.standing, before.stage) != (after.standing, after.stage) or before.valid_until < after.at


@pytest.mark.parametrize("most", [1, 7, 40, 1000])
def test_a_curve_keeps_its_ends_extremes_and_changes_of_release(warehouse: Warehouse, most: int) -> None:
    _ran(warehouse, "one", 3)
    every = history.verdicts(warehouse, "one", "fresh")
    found = history.curves(warehouse, "one", ["fresh", "steady", "unknown"], most=most)
    assert set(found) == {"fresh", "steady"}
    curve = found["fresh"]
    assert curve == [run for run in every if run in curve], "runs as they were, in order of time"
    assert len(curve) <= 3 * most + 2 * 3 + 2
    assert (curve[0], curve[-1]) == (every[0], every[-1])
    known = [run.estimate for run in every if run.estimate is not None]
    assert {min(known), max(known)} <= {run.estimate for run in curve}
    assert any(run.estimate is None for run in curve)
    for before, after in pairwise(every):
        if before.release != after.release:
            assert {before.at, after.at} <= {run.at for run in curve}
    if most == 1000:
        assert curve == every
