"""The distribution of a stream against its past, from files to the standing: graded sessions, and counted windows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kind_projects as k
import projects as p
import pytest
from projects import HOUR, START

from flows import publishing
from flows.project import Project

pytestmark = pytest.mark.slow

DAY, LONG = 24, 120
SHAPE: dict[str, Any] = {
    "metric": "answer_quality",
    "against": "reference",
    "compare": "distribution",
    "at_most": 0.1,
    "reference": {"start": START.isoformat(), "end": (START + DAY * HOUR).isoformat()},
}
SPREAD = [{"quality": value / 2} for value in range(20)]
"""Scores from 0 to 9.5, all alike often."""
HIGH = [{"quality": 4.0 + value * 0.3} for value in range(20)]


def scored(scores: Any, *, unscored: int = 0, count: int = 200) -> Callable[[int], list[Any]]:
    return lambda at: k.hour(at, count=count, scores=scores, unscored=unscored)


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A day of 200 graded sessions an hour, and one hour after it."""
    project = k.make(tmp_path_factory.mktemp("sessions"), k.gate(**SHAPE))
    k.feed(project, range(DAY + 1), scored(SPREAD))
    return project


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """120 windows that each have a fifth of their rows in each of five bins, and one hour after them."""
    past = {"start": START.isoformat(), "end": (START + LONG * HOUR).isoformat()}
    gate = k.gate(**(SHAPE | {"metric": "pace", "unit": "window", "at_most": 0.3, "reference": past}))
    project = k.make(tmp_path_factory.mktemp("windows"), gate)
    p.write(project, "past.jsonl", [row for at in range(LONG) for row in scored(SPREAD, count=20)(at)])
    k.feed(project, [LONG], scored(SPREAD, count=20))
    return project


def copy(project: Project, folder: Path) -> Project:
    shutil.copytree(project.base, folder)
    return p.open_project(folder)


def go_on(project: Project, rows: Callable[[int], list[Any]], hours: int, *, after: int = DAY) -> Any:
    p.write(project, "more.jsonl", [row for at in range(after + 1, after + hours) for row in rows(at)])
    done = k.feed(project, [after + hours], rows)
    assert k.unequal(project) == []
    return done


def test_a_stream_like_its_past_passes_when_the_reference_is_large(sessions: Project, tmp_path: Path) -> None:
    project = copy(sessions, tmp_path / "p")
    found = k.verdict(go_on(project, scored(SPREAD), 16))
    assert (found.outcome, found.units) == ("pass", 17 * 200)
    assert found.estimate == pytest.approx(0.0, abs=0.01)
    assert found.low == 0.0
    assert found.high is not None
    assert found.high < 0.1
    assert "the distance of answer_quality from its reference" in found.detail
    with p.opened(project) as stores:
        assert "answer_quality" in publishing.write_page(project, stores, now=START + 50 * HOUR).read_text()


def test_a_shifted_stream_breaches(sessions: Project, tmp_path: Path) -> None:
    project = copy(sessions, tmp_path / "p")
    done = go_on(project, scored(HIGH), 6)
    found = k.verdict(done)
    assert (found.outcome, p.standing(done)) == ("breach", "pause")
    assert found.estimate is not None
    assert found.estimate > 0.2


def test_what_nobody_scored_holds_the_pass_back(sessions: Project, tmp_path: Path) -> None:
    project = copy(sessions, tmp_path / "p")
    found = k.verdict(go_on(project, scored(SPREAD, unscored=60), 16))
    assert found.outcome == "insufficient"
    assert found.unscored == 16 * 60
    assert found.evidence_breach is not None
    assert found.evidence_breach < 1.0


def test_a_small_reference_can_breach_and_never_pass(tmp_path: Path) -> None:
    project = k.make(tmp_path, k.gate(**(SHAPE | {"at_most": 0.05})))
    k.feed(project, range(DAY + 1), scored(SPREAD, count=20))
    done = k.feed(project, range(DAY + 1, DAY + 17), scored(SPREAD))
    assert k.verdict(done).outcome == "insufficient"
    done = k.feed(project, range(DAY + 17, DAY + 25), scored(HIGH))
    assert k.verdict(done).outcome == "breach"


def test_windows_of_a_histogram_are_units_with_a_share_in_each_bin(windows: Project, tmp_path: Path) -> None:
    project = copy(windows, tmp_path / "same")
    done = go_on(project, scored(SPREAD, count=20), 90, after=LONG)
    found = k.verdict(done)
    assert (found.outcome, found.units, found.unit) == ("pass", 91, "window")
    project = copy(windows, tmp_path / "shifted")
    done = go_on(project, scored([{"quality": 9.0}], count=20), 60, after=LONG)
    found = k.verdict(done)
    assert (found.outcome, p.standing(done)) == ("breach", "pause")
    # The bins lie below the metric's cuts: four fifths of all rows moved into the last one.
    assert found.estimate == pytest.approx(0.8 * 60 / 61, abs=0.01)
    with p.opened(project) as stores:
        assert "pace" in publishing.write_page(project, stores, now=done.now).read_text()


def test_rows_of_a_histogram_that_nobody_scored_hold_the_pass_back(windows: Project, tmp_path: Path) -> None:
    project = copy(windows, tmp_path / "some")
    found = k.verdict(go_on(project, scored(SPREAD, count=20, unscored=8), 90, after=LONG))
    assert (found.outcome, found.units, found.unscored) == ("insufficient", 91, 0)
    assert found.evidence_pass is not None
    assert found.evidence_pass < 1.0
    # A window in which no row has a value is a unit without one.
    project = copy(windows, tmp_path / "all")
    found = k.verdict(go_on(project, lambda at: k.hour(at, count=20, unscored=20), 4, after=LONG))
    assert (found.units, found.unscored, found.reason) == (5, 4, "unscored")
