"""The odds of harm in the candidate against the control arm, from files to the standing and back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kind_projects as k
import projects as p
import pytest

from flows import publishing
from flows.project import Project

pytestmark = pytest.mark.slow

ODDS: dict[str, Any] = {"against": "control", "compare": "odds_ratio", "at_most": 1.5}


@pytest.fixture(scope="module")
def equal(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Eight hours in which both arms harm in 10 of 100 sessions."""
    project = k.make(tmp_path_factory.mktemp("equal"), k.gate(**ODDS))
    k.feed(project, range(8), lambda at: k.arms(at, candidate=10, control=10))
    return project


def copy(project: Project, folder: Path) -> Project:
    shutil.copytree(project.base, folder)
    return p.open_project(folder)


def go_on(project: Project, rows: Callable[[int], list[Any]], hours: range = range(8, 14)) -> Any:
    done = k.feed(project, hours, rows)
    assert k.unequal(project) == []
    return done


def test_equal_arms_are_no_breach_and_pass_when_there_is_enough(equal: Project, tmp_path: Path) -> None:
    project = copy(equal, tmp_path / "p")
    found = k.verdict(p.run(project, 9.5))
    assert (found.outcome, found.reason) == ("insufficient", "more_units_needed")
    assert found.estimate == pytest.approx(1.0)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 1.0 < found.high
    assert (found.units, found.unscored) == (1600, 0)
    done = go_on(project, lambda at: k.arms(at, candidate=10, control=10), range(8, 40))
    assert k.said(done) == ("pass", "limit_kept")
    assert p.standing(done) == "go"


def test_a_doubled_candidate_breaches_and_pauses(equal: Project, tmp_path: Path) -> None:
    project = copy(equal, tmp_path / "p")
    done = go_on(project, lambda at: k.arms(at, candidate=30, control=10))
    assert k.said(done) == ("breach", "limit_exceeded")
    assert p.standing(done) == "pause"
    assert p.switched(project)["action"] == "pause"
    found = k.verdict(done)
    assert found.estimate is not None
    assert found.estimate > 1.5
    assert "odds ratio of harmful_output_rate (candidate to control)" in found.detail
    with p.opened(project) as stores:
        page = publishing.write_page(project, stores, now=done.now).read_text(encoding="utf-8")
    assert "odds ratio" in page


@pytest.mark.parametrize(("candidate", "control"), [(30, 30), (10, 30), (60, 60)])
def test_what_both_arms_or_the_control_alone_do_worse_is_no_breach(
    equal: Project, tmp_path: Path, candidate: int, control: int
) -> None:
    project = copy(equal, tmp_path / "p")
    done = go_on(project, lambda at: k.arms(at, candidate=candidate, control=control))
    assert k.verdict(done).outcome in ("pass", "insufficient")
    assert p.standing(done) != "pause"


def test_what_nobody_scored_helps_neither_claim(equal: Project, tmp_path: Path) -> None:
    """Half of one arm unscored: were they taken as good or bad as it suits, a claim would be proved."""

    def holes(candidate: int, control: int, *, of: str) -> Callable[[int], list[Any]]:
        def rows(at: int) -> list[Any]:
            return [
                *k.hour(at, bad=candidate, unscored=50 * (of == "candidate")),
                *k.hour(at, bad=control, unscored=50 * (of == "control"), arm="control", release="r0"),
            ]

        return rows

    # 30 against 10 of 100 would be a breach; with half of the control unknown it may have been worse.
    project = copy(equal, tmp_path / "control")
    found = k.verdict(go_on(project, holes(30, 10, of="control")))
    assert found.outcome == "insufficient"
    assert found.unscored == 300
    # No harm at all would soon be a pass; with half of the candidate unknown it may all be harm.
    project = copy(equal, tmp_path / "candidate")
    found = k.verdict(go_on(project, holes(0, 10, of="candidate"), range(8, 40)))
    assert found.outcome == "insufficient"
    assert found.reason == "unscored"
    # Enough harm among those that are scored is a breach all the same.
    project = copy(equal, tmp_path / "both")
    assert k.verdict(go_on(project, holes(45, 2, of="candidate"))).outcome == "breach"


def test_the_estimate_speaks_of_what_is_scored(tmp_path: Path) -> None:
    project = k.make(tmp_path, k.gate(**ODDS))

    def rows(at: int) -> list[Any]:
        return [*k.hour(at, bad=10, unscored=20), *k.hour(at, bad=5, unscored=20, arm="control", release="r0")]

    found = k.verdict(k.feed(project, range(3), rows))
    # Odds 10/70 to 5/75 of the scored ones.
    assert found.estimate == pytest.approx(10 / 70 * 75 / 5)
    assert found.all_low is not None
    assert found.all_high is not None
    assert found.all_low < found.estimate < found.all_high


def test_a_silent_candidate_is_stale_although_the_control_goes_on(equal: Project, tmp_path: Path) -> None:
    project = copy(equal, tmp_path / "p")
    done = go_on(project, lambda at: k.hour(at, bad=10, arm="control", release="r0"), range(8, 15))
    assert k.said(done) == ("stale", "too_old")
    assert p.standing(done) == "hold"
    # A day of silence is no rollback to the release of the control arm either: still nothing passes.
    done = go_on(project, lambda at: k.hour(at, bad=10, arm="control", release="r0"), range(15, 36))
    assert k.verdict(done).outcome in ("stale", "no_data")
    assert k.standing(done).release == "r1"


def test_a_control_arm_that_is_renewed_is_not_the_release_that_is_judged(equal: Project, tmp_path: Path) -> None:
    project = copy(equal, tmp_path / "p")

    def rows(at: int) -> list[Any]:
        return [*k.hour(at, bad=10), *k.hour(at, bad=10, arm="control", release="r0-again")]

    done = go_on(project, rows)
    assert k.standing(done).release == "r1"
    assert k.verdict(done).units == 2800


def test_a_gate_on_the_control_arm_watches_whatever_release_answers_there(tmp_path: Path) -> None:
    def rows(at: int) -> list[Any]:
        control = k.hour(at, bad=0 if at < 4 else 30, arm="control", release=f"r0-{at // 3}")
        # Before the candidate was there, nothing counts.
        return control if at < 2 else [*k.hour(at), *control]

    project = k.make(tmp_path, k.gate(at_most=0.1, arm="control"))
    found = k.verdict(k.feed(project, range(4), rows))
    assert (found.units, found.estimate) == (200, 0.0)
    assert k.said(k.feed(project, range(4, 8), rows))[0] == "breach"


def test_arms_that_are_not_filled_as_configured_are_an_error_even_when_a_breach_would_be_proved(tmp_path: Path) -> None:
    def rows(at: int) -> list[Any]:
        return k.arms(at, candidate=64, control=2, count=160, controls=40)

    told = k.make(tmp_path / "told", k.gate(**ODDS, candidate_share=0.8))
    assert k.said(k.feed(told, range(6), rows))[0] == "breach"
    project = k.make(tmp_path / "wrong", k.gate(**ODDS, candidate_share=0.5), k.gate("other", at_most=0.9))
    done = k.feed(project, range(6), rows)
    assert k.said(done) == ("error", "sample_ratio")
    assert "80 % of 1,200 sessions" in k.verdict(done).detail
    # Nor does its evidence pause together with that of another gate.
    assert (p.standing(done), k.codes(done)[0]) == ("hold", "sample_ratio")
    assert "gate" not in k.standing(done).triage
    assert k.unequal(project) == []
