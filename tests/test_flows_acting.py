"""People's acts on a real project: pause at once, resume with evidence, sign off, waive, approve, retire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import projects as p
import pytest
from acting_tools import ADA, BO, REVIEWER, act, codes, done, entries, feed, policy
from projects import AGENT, HOUR, START

from flows import deciding, explaining, knowing
from flows.cli.look import standings as shown
from flows.project import Project
from warehouse.people import log, outbox, standings
from warehouse.people.store import People
from warehouse.records.decisions import DecisionEntry
from warehouse.store import Warehouse

pytestmark = pytest.mark.slow


def unequal(project: Project) -> list[int]:
    with p.opened(project) as stores:
        told = [explaining.explain(stores, e) for e in log.entries(stores.people) if "standing" in e.body]
    return [t.seq for t in told if not t.equal]


def says(project: Project, hour: float) -> tuple[str, str]:
    """What `gatehold gate` says: the standing and the code of its first reason."""
    found = shown(project, START + hour * HOUR)[AGENT]
    return found["standing"], found["reasons"][0]["code"]


def sent(project: Project) -> list[tuple[str, str]]:
    with People.open(project.data) as people:
        return [(d.kind, str(d.body.get("action") or d.body.get("event"))) for d in outbox.all(people)]


def test_a_persons_pause_waits_for_no_run_and_is_seen_at_once(tmp_path: Path) -> None:
    project = p.make(tmp_path, policy())
    assert p.standing(feed(project, range(2))) == "go"
    assert says(project, 3.1) == ("go", "all_pass")
    # Somebody else holds the writer slot, as a run of the monitor does.
    with Warehouse.open(project.data):
        assert act(project, "pause", 3.2, REVIEWER, "complaints on the telephone") == "pause"
        assert says(project, 3.3) == ("pause", "paused")
    assert says(project, 300) == ("pause", "paused"), "it lapses to nothing better"
    assert sent(project)[-2:] == [("switch", "pause"), ("alert", "pause")]
    run = p.run(project, 3.5)
    assert p.standing(run) == "pause"
    assert p.switched(project)["action"] == "pause"
    assert len(p.alerts(project)) == 1, "nobody is paged twice"
    assert [e.kind for e in entries(project)][-2:] == ["pause", "pause"]
    assert act(project, "pause", 3.6) == "paused_before"
    assert act(project, "advance", 3.6) == "paused"
    # The pause closed the evidence; a run has looked since, so a named person may end it.
    assert act(project, "resume", 3.7, REVIEWER) == "role_missing"
    assert act(project, "resume", 3.7, mended_at=START + 3.6 * HOUR) == "not_looked_since"
    assert act(project, "resume", 3.7, mended="") == "mended_missing"
    assert act(project, "resume", 3.7) == "resume"
    assert says(project, 3.75) == ("hold", "resumed")
    assert act(project, "advance", 3.8) == "not_go"
    run = feed(project, range(3, 8))
    assert p.standing(run) == "go"
    assert p.switched(project)["action"] == "go"
    assert unequal(project) == []


def test_a_pause_before_the_first_run_stands(tmp_path: Path) -> None:
    project = p.make(tmp_path, policy())
    assert act(project, "pause", 0) == "pause"
    assert says(project, 0.1)[0] == "pause"
    assert act(project, "resume", 0.1) == "not_started"
    assert p.standing(feed(project, range(2))) == "pause"
    assert act(project, "resume", 3.1) == "resume"
    assert p.standing(p.run(project, 3.2)) in ("hold", "go")


def test_a_start_by_a_person_is_the_one_that_counts(tmp_path: Path) -> None:
    project = p.make(tmp_path, policy())
    assert act(project, "start", 0) == "start"
    assert act(project, "start", 0.1) == "started_before"
    p.run(project, 1)
    assert [(e.kind, e.actor) for e in entries(project)][:2] == [
        ("start", "Ada (approver)"),
        ("hold", "gatehold monitor"),
    ]


def test_a_run_that_knew_nothing_of_a_pause_never_overrules_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = p.make(tmp_path, policy())
    p.write(project, "000.jsonl", p.answers(0))
    judge, judged = deciding.judge, []

    def judge_while_a_person_pauses(*args: Any) -> Any:
        judged.append(len(judged))
        if len(judged) == 1:
            assert act(project, "pause", 2.5) == "pause"
        return judge(*args)

    monkeypatch.setattr(deciding, "judge", judge_while_a_person_pauses)
    run = p.run(project, 2)
    assert judged == [0, 1], "it is judged again with the pause known"
    assert p.standing(run) == "pause"
    assert "go" not in [e.kind for e in entries(project)]
    assert ("switch", "go") not in sent(project)
    assert says(project, 2.6)[0] == "pause"


def test_sign_offs_are_asked_for_before_a_stage_and_end_with_a_pause(tmp_path: Path) -> None:
    asked = [{"stage": "limited", "role": "approver", "people": 1}, {"stage": "limited", "role": "reviewer"}]
    project = p.make(tmp_path, policy(sign_offs=asked))
    run = feed(project, range(2))
    assert (p.standing(run), codes(run)) == ("hold", ["sign_off_missing", "sign_off_missing"])
    assert "for stage limited" in p.outcome(run).standing.reasons[0].detail
    refusal = done(project, "advance", 3.1, REVIEWER)
    assert not isinstance(refusal, DecisionEntry)
    assert [m.code for m in refusal.missing] == ["role_missing", "sign_off_missing", "sign_off_missing"]
    assert act(project, "sign_off", 3.1, BO) == "sign_off"
    assert act(project, "sign_off", 3.1, BO) == "signed_before"
    assert act(project, "advance", 3.2) == "sign_off_missing"
    assert act(project, "sign_off", 3.2, REVIEWER) == "sign_off"
    # The last run held for nothing else, so nobody waits for the next one.
    assert act(project, "pause", 3.3) == "pause"
    p.run(project, 3.35)
    assert act(project, "resume", 3.4) == "resume"
    run = feed(project, range(3, 8))
    assert codes(run)[:2] == ["sign_off_missing", "sign_off_missing"], "signed before the pause"
    assert act(project, "sign_off", 9.1, BO) == "sign_off"
    assert act(project, "sign_off", 9.1, REVIEWER) == "sign_off"
    entry = done(project, "advance", 9.2)
    assert isinstance(entry, DecisionEntry)
    assert (entry.kind, entry.body["stage"], entry.body["signed"]) == ("expand", "limited", ["Bo", "Rita"])
    assert says(project, 9.3) == ("hold", "advanced")
    assert act(project, "advance", 9.3) == "other_stage"
    assert p.outcome(p.run(project, 9.5)).standing.stage == "limited"
    assert unequal(project) == []


def test_a_new_release_is_signed_off_anew(tmp_path: Path) -> None:
    project = p.make(tmp_path, policy(sign_offs=[{"stage": "limited", "role": "approver"}]))
    feed(project, range(2))
    assert act(project, "sign_off", 3.1) == "sign_off"
    assert p.standing(p.run(project, 3.2)) == "go"
    run = feed(project, range(3, 5), release="r2", mark="b")
    assert p.outcome(run).standing.release == "r2"
    assert codes(run) == ["sign_off_missing"]
    assert act(project, "advance", 6.1) == "sign_off_missing"


def broken(folder: Path, **rollout: Any) -> Project:
    """A project that was paused at hour 3 by a breach of its harm gate."""
    project = p.make(folder, policy(**rollout))
    feed(project, range(1))
    assert p.standing(feed(project, range(1, 2), harmful=40)) == "pause"
    return project


def test_a_waiver_ends_by_itself_and_the_next_run_pauses_again(tmp_path: Path) -> None:
    project = broken(tmp_path, waivers={"longest": "7d", "role": "approver"})
    assert act(project, "waive", 3.1, REVIEWER, gate="harm", until=START + 6 * HOUR) == "role_missing"
    assert act(project, "waive", 3.1, gate="harm", until=START + 300 * HOUR) == "too_long"
    assert act(project, "waive", 3.1, gate="harm", until=START + 7.5 * HOUR) == "waive"
    assert p.standing(p.run(project, 3.15)) == "pause", "a waiver ends no pause"
    assert act(project, "resume", 3.2) == "resume"
    run = feed(project, range(4, 6), harmful=40)
    assert p.standing(run) == "go", "both other gates pass"
    assert "waived" in codes(run)
    run = p.run(project, 7.4)
    assert p.standing(run) == "go"
    run = p.run(project, 7.5)
    assert p.standing(run) == "pause"
    assert p.switched(project)["action"] == "pause"
    assert [e.kind for e in entries(project)][-1] == "pause"
    assert act(project, "acknowledge", 7.6, REVIEWER) == "acknowledge"
    assert act(project, "acknowledge", 7.7, BO) == "acknowledged_before"
    assert unequal(project) == []


def test_without_a_word_in_the_policy_there_are_no_waivers(tmp_path: Path) -> None:
    project = p.make(tmp_path, policy())
    assert act(project, "waive", 1, gate="harm", until=START + 2 * HOUR) == "no_waivers"


def test_two_people_end_a_pause_where_the_policy_says_so(tmp_path: Path) -> None:
    project = broken(tmp_path, resumes={"people": 2, "within": "2h"})
    assert act(project, "resume", 3.1) == "still_in_breach"
    assert act(project, "confirm", 3.1, BO) == "no_proposal"
    feed(project, range(3, 5), release="r2", mark="m")
    assert act(project, "resume", 6.1) == "sign_off"
    assert says(project, 6.2)[0] == "pause"
    assert act(project, "confirm", 6.2) == "same_person"
    assert act(project, "confirm", 6.2, REVIEWER) == "role_missing"
    assert act(project, "confirm", 8.2, BO) == "proposal_ended"
    entry = done(project, "confirm", 6.3, BO, "I have looked at it too")
    assert isinstance(entry, DecisionEntry)
    assert (entry.kind, entry.actor) == ("resume", "Ada (approver) and Bo (approver)")
    assert entry.body["mended"] == "https://example.org/changes/7"
    assert p.standing(p.run(project, 6.5)) == "go"
    assert unequal(project) == []


def test_a_limit_loosened_in_a_breach_needs_an_approval_of_its_own(tmp_path: Path) -> None:
    project = broken(tmp_path)
    gates = [{**gate, "at_most": 0.9} if gate["name"] == "harm" else gate for gate in p.policy()["gates"]]
    project = p.make(project.base, {**policy(), "gates": gates})
    run = feed(project, range(3, 5), harmful=3)
    assert p.said(run)[0] == "blocked", "it passes only in its looser form"
    assert "loosened_in_breach" in codes(run)
    refusal = done(project, "resume", 6.1, mended_at=START + 3 * HOUR)
    assert not isinstance(refusal, DecisionEntry)
    assert [m.code for m in refusal.missing] == ["loosened_in_breach"]
    # Another release makes it no better.
    run = feed(project, range(5, 7), harmful=3, release="r2", mark="b")
    assert p.outcome(run).standing.release == "r2"
    assert act(project, "resume", 8.1) == "loosened_in_breach"
    assert act(project, "approve", 8.1, REVIEWER, gate="harm") == "role_missing"
    assert act(project, "approve", 8.1, gate="readable") == "no_breach_on_record"
    entry = done(project, "approve", 8.2, BO, "agreed in ticket 9", gate="harm")
    assert isinstance(entry, DecisionEntry)
    assert (entry.kind, entry.body["how"]) == ("approve", ["the limit went from 0.1 to 0.9"])
    assert act(project, "approve", 8.3, gate="harm") == "no_breach_on_record"
    assert act(project, "resume", 8.4) == "resume"
    assert p.standing(p.run(project, 8.5)) == "go"
    assert unequal(project) == []


def test_a_retired_rollout_is_judged_no_more(tmp_path: Path) -> None:
    project = broken(tmp_path)
    assert act(project, "retire", 3.5, reason="replaced by another agent") == "retire"
    assert says(project, 3.6)[0] == "hold"
    run = feed(project, range(3, 5))
    assert (p.standing(run), codes(run)) == ("hold", ["retired"])
    assert p.outcome(run).entry is None
    for name in ("start", "pause", "retire"):
        assert act(project, name, 7) == "retired"
    assert act(project, "advance", 7) == "retired"
    assert act(project, "resume", 7) == "not_paused"
    assert [e.kind for e in entries(project)][-1] == "retire"
    assert p.switched(project)["action"] == "retire"
    assert says(project, 7)[0] == "hold"
    assert unequal(project) == []


def test_a_refusal_is_in_the_log_once_a_minute(tmp_path: Path) -> None:
    project = p.make(tmp_path, policy())
    for second in range(0, 180, 5):
        assert act(project, "retire", second / 3600, REVIEWER) == "role_missing"
    noted = [e for e in entries(project, "") if e.kind == "access"]
    assert len(noted) == 3
    assert all(e.actor == "Rita (reviewer)" and e.body["code"] == "role_missing" for e in noted)
    with People.open(project.data) as people:
        assert knowing.known(people, project.policy, AGENT).seen == 0, "a refusal is no decision about the rollout"
        assert standings.latest(people) == {}


def test_two_people_who_advance_at_once_advance_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = p.make(tmp_path, policy())
    feed(project, range(2))
    known, first = knowing.known, []

    def known_before_somebody_else_advances(*args: Any) -> Any:
        found = known(*args)
        if not first:
            first.append(True)
            assert act(project, "advance", 3.1, BO) == "expand"
        return found

    monkeypatch.setattr(knowing, "known", known_before_somebody_else_advances)
    assert act(project, "advance", 3.1, ADA) == "other_stage"
    assert [e.kind for e in entries(project)].count("expand") == 1
