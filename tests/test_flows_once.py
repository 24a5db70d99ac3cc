"""What one pass of the monitor promises, on real files, stores, switches and channels."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import projects as p
import pytest
from once_tools import HARM, code, copy, epochs, expand, feed, good, harmed, resume, unequal
from projects import HOUR, START

from flows import deciding
from flows.acting import Person
from flows.cli.look import standings as shown
from flows.project import Project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def going(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return good(tmp_path_factory.mktemp("going"))


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return harmed(tmp_path_factory.mktemp("paused"))


def test_a_run_without_news_changes_nothing(going: Project, tmp_path: Path) -> None:
    project = copy(going, tmp_path / "p")
    before = p.stored(project)
    again = p.run(project, 3)
    assert p.standing(again) == "go"
    assert p.outcome(again).entry is None
    assert not again.degraded
    assert p.stored(project) == before
    # A later run folds nothing either as long as no window has become complete; it only renews the lease.
    later = p.run(project, 3.5)
    assert p.stored(project) == before
    assert later.delivered is not None
    assert later.delivered.delivered == ()
    assert p.outcome(later).standing.valid_until == START + 6.5 * HOUR


def test_a_proved_breach_pauses_once_and_tells_once(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    assert p.kinds(project) == ["start", "go", "pause"]
    assert (p.switched(project)["action"], p.switched(project)["release"]) == ("pause", "r1")
    assert [alert["event"] for alert in p.alerts(project)] == ["pause"]
    before, switch = p.stored(project), p.switched(project)
    # Good hours afterwards do not end it, and the epoch that the pause closed takes nothing more.
    done = feed(project, range(3, 6))
    assert p.standing(done) == "pause"
    assert p.said(done)[0] == "breach"
    assert [r.code for r in p.outcome(done).standing.reasons][:2] == ["limit_exceeded", "paused"]
    after = p.stored(project)
    assert (after["log"], after["outbox"]) == (before["log"], before["outbox"])
    assert (after["evidence"], after["epochs"]) == (before["evidence"], before["epochs"])
    assert (p.switched(project), len(p.alerts(project))) == (switch, 1)
    (epoch,) = epochs(project)
    assert (epoch.closed_at, epoch.close_reason, epoch.windows) == (START + 4 * HOUR, "paused", 3)


def test_a_pause_ends_only_with_a_person_a_valid_standing_and_evidence_newer_than_the_mending(
    paused: Project, tmp_path: Path
) -> None:
    project = copy(paused, tmp_path / "p")
    assert code(resume(project, 4)) == "still_in_breach"
    assert code(resume(project, 4, person=Person("Bo", ("reviewer",)))) == "role_missing"
    assert code(resume(project, 4, stage="limited")) == "stage_not_allowed"
    assert code(resume(project, 4, stage="beta")) == "stage_not_allowed"
    assert code(resume(project, 7)) == "lease_lapsed"
    assert p.kinds(project)[-1] == "pause"
    # The mended release brings evidence of its own while the rollout is paused.
    done = feed(project, range(4, 6), release="r2", mark="m")
    assert p.standing(done) == "pause"
    assert p.said(done)[0] == "pass"
    assert p.outcome(done).standing.release == "r2"
    assert [(e.epoch, e.release, e.close_reason) for e in epochs(project)] == [
        (f"{HARM}#1", "r1", "paused"),
        (f"{HARM}#2", "r2", None),
    ]
    assert code(resume(project, 11)) == "lease_lapsed"
    assert code(resume(project, 7)) == "resume"
    assert code(resume(project, 7.1)) == "not_paused"
    done = p.run(project, 7.5)
    assert p.standing(done) == "go"
    assert p.switched(project)["action"] == "go"
    assert unequal(project) == []
    assert "pause" in [e.kind for e in p.decisions(project)]


def test_a_stage_that_is_configured_no_more_is_refused_by_name(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    renamed = p.policy(rollouts=[{**p.rollout(), "stages": ["first", "second"]}])
    project = p.make(project.base, renamed)
    assert code(resume(project, 4, stage="first")) == "unknown_stage"
    assert code(expand(project, 4)) == "paused"


def test_expansion_takes_a_go_that_is_still_valid(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    assert code(expand(project, 0)) == "never_run"
    p.write(project, "000.jsonl", p.answers(0, count=20))
    assert p.standing(p.run(project, 2)) == "hold"
    assert code(expand(project, 2)) == "not_go"
    assert p.standing(feed(project, range(1, 3))) == "go"
    assert code(expand(project, 7)) == "lease_lapsed"
    assert code(expand(project, 4.5)) == "expand"
    assert (p.switched(project)["action"], p.switched(project)["stage"]) != ("expand", "limited"), "not handed out yet"
    assert code(expand(project, 4.6)) == "other_stage"
    done = p.run(project, 5)
    assert p.outcome(done).standing.stage == "limited"
    assert (p.switched(project)["stage"], p.standing(done)) == ("limited", "go")
    assert unequal(project) == []


def test_a_lease_lapses_to_hold_and_a_pause_does_not(going: Project, paused: Project) -> None:
    def at(project: Project, hour: float) -> tuple[str, str]:
        found = shown(project, START + hour * HOUR)[p.AGENT]
        return found["standing"], found["reasons"][0]["code"]

    assert at(going, 3) == ("go", "all_pass")
    assert at(going, 6 - 1 / 3600) == ("go", "all_pass")
    assert at(going, 6) == ("hold", "lease_lapsed")
    assert at(paused, 4) == ("pause", "limit_exceeded")
    assert at(paused, 400)[0] == "pause"


def test_rollouts_are_judged_apart(tmp_path: Path) -> None:
    two = p.policy(
        sources=[p.source("logs", "logs/*.jsonl"), p.source("search", "search/*.jsonl", p.SEARCH)],
        rollouts=[p.rollout(), p.rollout(p.SEARCH)],
        gates=[p.harm_gate(rollout=[p.AGENT, p.SEARCH])],
    )
    project = p.make(tmp_path, two)
    p.write(project, "000.jsonl", p.answers(0))
    p.write(project, "000.jsonl", p.answers(0, harmful=40, mark="s"), folder="search")
    done = p.run(project, 2.5)
    assert (p.standing(done), p.standing(done, p.SEARCH)) == ("go", "pause")
    assert (p.switched(project)["action"], p.switched(project, p.SEARCH)["action"]) == ("go", "pause")
    assert timedelta(0) < p.outcome(done).standing.valid_until - done.now


def test_without_acting_nothing_is_handed_out(tmp_path: Path) -> None:
    from flows.once import run_once

    project = p.make(tmp_path)
    p.write(project, "000.jsonl", p.answers(0, harmful=40))
    done = run_once(project, now=START + 2 * HOUR)
    assert (p.standing(done), done.delivered) == ("pause", None)
    assert not (project.base / f"{p.AGENT}.switch.json").exists()
    # The next run that may act hands out first what was left.
    p.run(project, 2.1)
    assert p.switched(project)["action"] == "pause"
    assert deciding.MONITOR in {e.actor for e in p.decisions(project)}
