"""A rollout's state is what its decision log says, and it expands only on a valid go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making_evidence import HOUR, START

from checks import rollout
from checks.gates.standing import Waiver
from checks.rollout import RolloutState, breaches, state, waivers
from warehouse.records.decisions import DecisionEntry, DecisionKind
from warehouse.records.errors import LedgerError
from warehouse.records.facts import ReleaseSeen

STAGES = ("pilot", "limited", "general")


def entry(kind: DecisionKind, hours: int = 0, rollout: str = "support-agent", **body: Any) -> DecisionEntry:
    at = START + hours * HOUR
    return DecisionEntry(hours, f"id{hours}", f"key{hours}", at, rollout, kind, "Ada", "", "", "", body, "", "")


ACTIVE = RolloutState("support-agent", "pilot", "active", START, 1)


def test_nothing_decided_is_not_started() -> None:
    assert state([]) == RolloutState("", "", "not_started", None, 1)
    assert state([entry("hold")]).status == "not_started"


def test_the_story_of_a_rollout() -> None:
    log = [entry("start", 0, stage="pilot"), entry("go", 1), entry("expand", 2, stage="limited"), entry("pause", 5)]
    assert state(log[:2]) == RolloutState("support-agent", "pilot", "active", START, 1)
    assert state(log[:3]) == RolloutState("support-agent", "limited", "active", START, 1)
    paused = RolloutState("support-agent", "limited", "paused", START + 5 * HOUR, 2)
    assert state(log) == paused
    assert state([*log, entry("pause", 6), entry("hold", 7), entry("go", 8)]) == paused
    resumed = state([*log, entry("resume", 9)])
    assert (resumed.status, resumed.since, resumed.epoch_ordinal) == ("active", START + 9 * HOUR, 2)
    assert resumed.resumed_at == START + 9 * HOUR
    again = state([*log, entry("resume", 9), entry("pause", 12)])
    assert (again.status, again.epoch_ordinal) == ("paused", 3)


def test_starting_twice_and_resuming_what_runs_change_nothing() -> None:
    log = [entry("start", 0, stage="pilot"), entry("start", 3, stage="general"), entry("resume", 4)]
    assert state(log) == ACTIVE


kinds = st.lists(st.sampled_from(["go", "hold", "pause", "restate", "waive", "start", "expand"]), max_size=12)


@given(kinds)
def test_only_a_resume_ends_a_pause(after: list[DecisionKind]) -> None:
    log = [entry("start", stage="pilot"), entry("pause", 1)]
    log += [entry(kind, 2 + i, stage="limited") for i, kind in enumerate(after)]
    assert state(log).status == "paused"


def test_nothing_follows_on_a_retirement() -> None:
    log = [entry("start", stage="pilot"), entry("pause", 1), entry("retire", 2)]
    retired = state(log)
    assert (retired.status, retired.stage, retired.since) == ("retired", "pilot", START + 2 * HOUR)
    after = [entry("start", 3, stage="pilot"), entry("resume", 4, stage="pilot"), entry("expand", 5, stage="limited")]
    assert state([*log, *after, entry("pause", 6)]) == retired


def test_a_log_that_disagrees_is_refused() -> None:
    with pytest.raises(LedgerError, match="names no stage"):
        state([entry("start")])
    with pytest.raises(LedgerError, match="of rollout other"):
        state([entry("start", stage="pilot"), entry("pause", 1, rollout="other")])


def test_waivers_come_from_the_log_with_the_person_who_signed() -> None:
    until = (START + HOUR).isoformat()
    log = [entry("start", stage="pilot"), entry("waive", 1, gate="harm", reason="false alarm", until=until)]
    assert waivers(log) == (Waiver("harm", "Ada", "false alarm", START + HOUR),)
    for body in (
        {},
        {"gate": "g", "reason": "r", "until": "soon"},
        {"gate": "g", "reason": "r", "until": "2026-03-01"},
    ):
        with pytest.raises(LedgerError):
            waivers([entry("waive", **body)])


def test_a_breach_is_on_record_until_a_pass_a_resume_or_another_release() -> None:
    def said(kind: DecisionKind, hours: int, release: str = "r1", **outcomes: str) -> DecisionEntry:
        verdicts = [{"gate": gate, "outcome": outcome} for gate, outcome in outcomes.items()]
        return entry(kind, hours, standing={"release": release, "verdicts": verdicts})

    log = [entry("start", stage="pilot"), said("hold", 1, harm="breach", other="pass")]
    assert breaches(log) == ("harm",)
    for silent in ("no_data", "stale", "error", "insufficient", "blocked"):
        assert breaches([*log, said("hold", 2, harm=silent)]) == ("harm",)
    assert breaches([*log, said("go", 2, harm="pass")]) == ()
    assert breaches([*log, said("hold", 2, release="r2", harm="no_data")]) == ()
    nothing_seen = entry("hold", 2, standing={"release": None, "verdicts": []})
    assert breaches([*log, nothing_seen]) == ("harm",), "lost rows name no release, and mend nothing"
    assert breaches([*log, nothing_seen, said("hold", 3, harm="stale")]) == ("harm",)
    assert breaches([*log, said("pause", 2, harm="breach"), entry("resume", 3)]) == ()
    assert breaches([*log, entry("resume", 3), said("pause", 4, harm="breach")]) == ("harm",)
    assert breaches([]) == ()


def seen(name: str, first: int, last: int) -> ReleaseSeen:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    return ReleaseSeen(name, start + timedelta(hours=first), start + timedelta(hours=last), 10)


def test_a_new_release_is_judged_while_the_old_one_still_answers() -> None:
    assert rollout.judged_release([]) is None
    assert rollout.judged_release([seen("r1", 0, 100), seen("r2", 90, 99)]) == "r2"


def test_a_rollback_is_judged_once_the_withdrawn_release_is_silent_for_a_day() -> None:
    withdrawn = seen("r2", 90, 120)
    assert rollout.judged_release([seen("r1", 0, 143), withdrawn]) == "r2"
    assert rollout.judged_release([seen("r1", 0, 144), withdrawn]) == "r1"
