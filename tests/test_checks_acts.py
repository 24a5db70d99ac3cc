"""Each act is allowed to whom and when it should be, and a refusal names everything that is missing at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from making_evidence import HOUR, START
from people_who_act import ACTIVE, ADA, AGENT, BO, NOTHING, PAUSED, RETIRED, REVIEWER, STAGES, VIEWER, entry, hold
from people_who_act import said as decided
from people_who_act import standing as go
from test_checks_gates_standing import say

from checks.acts import acknowledging, agreeing, asking, sign_offs
from checks.acts.advancing import may_advance
from checks.acts.pausing import may_pause
from checks.acts.refusal import Refusal
from checks.acts.resuming import Broken, Mend, may_resume
from checks.acts.retiring import may_retire
from checks.acts.sign_offs import Needed
from checks.acts.starting import may_start
from checks.acts.waiving import Allowance, may_waive
from checks.gates.records import Standing
from checks.rollout import RolloutState
from warehouse.records.errors import LedgerError
from warehouse.records.people import Person, Role


def codes(refusal: Refusal | None) -> list[str]:
    if refusal is None:
        return []
    assert refusal.code == refusal.missing[0].code
    assert all(one.detail and one.detail in refusal.detail for one in refusal.missing)
    return [one.code for one in refusal.missing]


def test_roles_stand_above_each_other() -> None:
    assert [Person("A", ("approver",)).may(role) for role in ("viewer", "reviewer", "approver", "admin")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert Person("A", ("viewer", "admin")).role == "admin"
    assert not Person("A", ()).may("viewer")


def test_every_act_needs_a_reason_and_a_role() -> None:
    assert codes(may_pause(ACTIVE, VIEWER, " ", rollout=AGENT)) == ["role_missing", "reason_missing"]
    assert codes(may_pause(ACTIVE, REVIEWER, "x" * (asking.LONGEST_REASON + 1), rollout=AGENT)) == ["reason_too_long"]
    assert codes(may_start(NOTHING, REVIEWER, "so", rollout=AGENT)) == ["role_missing"]
    assert codes(may_retire(ACTIVE, REVIEWER, "so", rollout=AGENT)) == ["role_missing"]


def test_start_pause_and_retire_fit_the_state() -> None:
    def of(state: RolloutState) -> list[list[str]]:
        return [codes(act(state, ADA, "so", rollout=AGENT)) for act in (may_start, may_pause, may_retire)]

    assert of(NOTHING) == [[], [], []]
    assert of(ACTIVE) == [["started_before"], [], []]
    assert of(PAUSED) == [["started_before"], ["paused_before"], []]
    assert of(RETIRED) == [["retired"], ["retired"], ["retired"]]


def advance(
    state: RolloutState = ACTIVE,
    found: Standing | None = None,
    missing: tuple[str, ...] = (),
    *,
    hours: float = 1,
    person: Person = ADA,
) -> list[str]:
    now = START + hours * HOUR
    return codes(may_advance(state, found or go(), STAGES, missing, person, "so", rollout=AGENT, now=now))


def test_a_valid_go_may_advance() -> None:
    assert advance(hours=0) == []
    assert advance(hours=2 - 1e-6) == []


def test_whatever_stands_against_an_advance_is_named_at_once() -> None:
    assert codes(may_advance(NOTHING, None, STAGES, (), ADA, "so", rollout=AGENT, now=START)) == [
        "never_run", "not_started",
    ]  # fmt: skip
    assert advance(PAUSED, go(standing="pause", stage="limited")) == ["paused"]
    assert advance(RETIRED) == ["retired"]
    assert advance(found=go(stage="limited")) == ["other_stage"]
    assert advance(found=go(rollout="other")) == ["other_stage"]
    assert advance(hours=2) == ["lease_lapsed"]
    assert advance(hours=-1) == ["lease_lapsed"]
    assert advance(found=go(standing="pause")) == ["not_go"]
    assert advance(replace(ACTIVE, stage="general"), go(stage="general")) == ["last_stage"]
    assert advance(replace(ACTIVE, stage="beta"), go(stage="beta")) == ["unknown_stage"]
    lapsed = hold(("more_units_needed", "harm"), ("too_old", "success"), ("waived", "cost"))
    assert advance(found=lapsed, missing=("approver", "admin"), hours=5, person=REVIEWER) == [
        "role_missing", "lease_lapsed", "not_go", "not_go", "sign_off_missing", "sign_off_missing",
    ]  # fmt: skip


def test_a_hold_for_nothing_but_sign_offs_given_since_counts_as_go() -> None:
    found = hold(("sign_off_missing", ""), ("waived", "cost"))
    assert advance(found=found) == []
    assert advance(found=found, missing=("approver",)) == ["sign_off_missing"]
    assert advance(found=hold(("sign_off_missing", ""), ("no_gates", ""))) == ["not_go"]


MEND = Mend("https://example.org/changes/7", START)
BROKEN = Broken("r1", frozenset({"harm"}), frozenset(), (), ())


def resume(
    state: RolloutState = PAUSED,
    found: Standing | None = None,
    *,
    stage: str = "limited",
    stages: tuple[str, ...] = STAGES,
    broken: Broken = BROKEN,
    mend: Mend = MEND,
    person: Person = ADA,
    hours: float = 1,
) -> list[str]:
    found = found or go(standing="pause", stage="limited", release="r2")
    now = START + hours * HOUR
    return codes(may_resume(state, found, stages, stage, broken, mend, person, "so", rollout=AGENT, now=now))


def test_another_release_may_resume_at_the_stage_or_an_earlier_one() -> None:
    assert resume() == []
    assert resume(stage="pilot") == []
    assert resume(stage="general") == ["stage_not_allowed"]
    assert resume(stage="beta") == ["stage_not_allowed"]
    # The stage it was paused at is in the policy no more: a refusal, whatever stage is asked for.
    assert resume(stages=("first", "second"), stage="first") == ["unknown_stage"]
    assert resume(stages=(), stage="limited") == ["unknown_stage"]


def test_a_resume_names_all_that_it_lacks() -> None:
    assert resume(ACTIVE) == ["not_paused"]
    assert resume(NOTHING) == ["not_paused"]
    assert resume(RETIRED) == ["not_paused"]
    assert resume(replace(PAUSED, stage=""), stage="pilot") == ["not_started"]
    bare = resume(person=REVIEWER, mend=Mend(" ", None), hours=2)
    assert bare == ["role_missing", "mended_missing", "mended_at_missing", "lease_lapsed"]
    assert resume(mend=replace(MEND, at=START + 2 * HOUR)) == ["mended_later", "not_looked_since"]
    assert codes(may_resume(PAUSED, None, STAGES, "pilot", BROKEN, MEND, ADA, "so", rollout=AGENT, now=START)) == [
        "lease_lapsed"
    ]


def test_a_breach_is_overcome_by_nothing_but_evidence_or_a_waiver() -> None:
    breach = go(standing="pause", stage="limited", release="r2", verdicts=(say("harm", "breach"),))
    assert resume(found=breach) == ["still_in_breach"]
    assert resume(broken=replace(BROKEN, on_record=("harm",))) == ["still_in_breach"]
    assert resume(found=breach, broken=replace(BROKEN, waived=frozenset({"harm"}))) == []
    together = go(standing="pause", stage="limited", release="r2", combined=4.0, combined_proof=3.9)
    assert resume(found=together) == ["still_in_breach"]
    loosened = replace(BROKEN, on_record=("harm", "cost"), loosened=("harm",))
    assert resume(broken=loosened) == ["still_in_breach", "loosened_in_breach"]


def test_evidence_of_the_same_release_has_to_be_from_after_the_mend() -> None:
    def rests(newest: datetime | None, **changes: Any) -> list[str]:
        verdict = replace(say("harm", "pass"), newest=newest)
        found = go(
            standing="pause", stage="limited", at=START + HOUR, valid_until=START + 9 * HOUR, verdicts=(verdict,)
        )
        return resume(found=found, mend=replace(MEND, at=START + HOUR), hours=2, **changes)

    assert rests(START + HOUR + timedelta(seconds=1)) == []
    assert rests(START + HOUR) == ["evidence_before_mend"]
    assert rests(None) == ["evidence_before_mend"]
    assert rests(None, broken=replace(BROKEN, waived=frozenset({"harm"}))) == []
    assert rests(None, broken=replace(BROKEN, gates=frozenset())) == [], "no gate broke: a person paused it"
    assert rests(None, broken=replace(BROKEN, release="r0")) == [], "another release than the one that was paused"


def test_a_run_has_to_look_after_the_pause_and_after_the_mend() -> None:
    later = replace(PAUSED, since=START + HOUR / 2)
    assert resume(later) == ["not_looked_since"]
    assert resume(mend=replace(MEND, at=START + HOUR / 2)) == ["not_looked_since"]


def proposed(seq: int = 5, person: Person = ADA, **changes: Any) -> Any:
    body = {
        "purpose": "resume", "stage": "limited", "reason": "mended", "mended": "t/1", "mended_at": START.isoformat(),
        "release": "r2", "until": (START + 24 * HOUR).isoformat(), **changes,
    }  # fmt: skip
    return entry("sign_off", seq, person, **body)


def test_two_people_agree_on_a_resume() -> None:
    log = [decided("pause", 3, harm="breach"), proposed()]
    found = agreeing.proposal(log)

    def lacks(person: Person = BO, release: str = "r2", hours: int = 6) -> list[str]:
        now = START + hours * HOUR
        return [m.code for m in agreeing.may_confirm(found, person, release, rollout=AGENT, now=now)]

    assert found is not None
    assert (found.person, found.stage, found.mend) == ("Ada", "limited", Mend("t/1", START))
    assert lacks() == []
    assert lacks(ADA) == ["same_person"]
    assert lacks(hours=24) == ["proposal_ended"]
    assert lacks(release="r3") == ["release_changed"]
    found = None
    assert lacks() == ["no_proposal"]


def test_a_proposal_is_for_the_present_pause() -> None:
    first = [decided("pause", 3, harm="breach"), proposed()]
    again = replace(decided("pause", 6), body={**decided("pause", 6).body, "before": {"paused": True}})
    assert agreeing.proposal([*first, again]) is not None, "a run that says the pause anew"
    assert agreeing.proposal([*first, entry("resume", 6)]) is None
    assert agreeing.proposal([*first, entry("resume", 6), entry("pause", 7)]) is None
    assert agreeing.proposal([]) is None
    with pytest.raises(LedgerError, match="no whole proposal"):
        agreeing.proposal([proposed(until="soon")])


def signature(seq: int, person: Person, stage: str = "limited", release: str = "r1") -> Any:
    return entry("sign_off", seq, person, purpose="stage", stage=stage, release=release)


def test_sign_offs_count_for_one_stage_and_release_until_a_pause() -> None:
    log = [entry("start", 0, stage="pilot"), signature(1, ADA), signature(2, BO)]

    def names(*after: Any, stage: str = "limited", release: str | None = "r1") -> list[str]:
        return sorted(sign_offs.signed([*log, *after], stage, release))

    assert names() == ["Ada", "Bo"]
    assert names(stage="general") == []
    assert names(release="r2") == []
    assert names(release=None) == []
    assert names(decided("go", 3)) == ["Ada", "Bo"]
    assert names(entry("pause", 3), entry("resume", 4)) == []
    assert names(entry("pause", 3), signature(4, ADA)) == ["Ada"]
    assert names(entry("expand", 3, stage="limited")) == []


def test_each_person_counts_once_and_a_higher_role_stands_for_a_lower() -> None:
    needed = (Needed("limited", "reviewer", 2), Needed("limited", "approver", 1), Needed("general", "admin", 1))

    def short(*roles: Role, stage: str | None = "limited") -> tuple[str, ...]:
        return sign_offs.missing(needed, stage, [(role,) for role in roles])

    assert short() == ("approver", "reviewer", "reviewer")
    assert short("approver") == ("reviewer", "reviewer")
    assert short("reviewer", "reviewer") == ("approver",)
    assert short("reviewer", "reviewer", "reviewer") == ("approver",)
    assert short("approver", "reviewer", "admin") == ()
    assert short(stage="pilot") == ()
    assert short(stage=None) == ()


def test_who_may_sign_off() -> None:
    needed = (Needed("limited", "reviewer", 1),)

    def lacks(
        state: RolloutState = ACTIVE, stage: str | None = "limited", release: str | None = "r1",
        signers: tuple[str, ...] = (), person: Person = REVIEWER, asked: tuple[Needed, ...] = needed,
    ) -> list[str]:  # fmt: skip
        return codes(sign_offs.may_sign_off(state, STAGES, stage, release, asked, signers, person, "so", rollout=AGENT))

    assert lacks() == []
    assert lacks(person=VIEWER) == ["role_missing"]
    assert lacks(stage="general", person=ADA) == ["stage_not_allowed"]
    assert lacks(replace(ACTIVE, stage="general"), stage=None, person=ADA) == ["stage_not_allowed"]
    assert lacks(asked=(), person=ADA) == ["not_asked"]
    assert lacks(release=None) == ["never_run"]
    assert lacks(signers=("Rita",)) == ["signed_before"]
    assert lacks(replace(ACTIVE, status="paused")) == ["paused"]


ALLOWED = Allowance(timedelta(days=7), "approver")


def waive(
    allowed: Allowance | None = ALLOWED, gate: str = "harm", hours: float | None = 12, person: Person = ADA,
    state: RolloutState = ACTIVE,
) -> list[str]:  # fmt: skip
    until = None if hours is None else START + hours * HOUR
    return codes(may_waive(state, allowed, {"harm"}, gate, until, person, "so", rollout=AGENT, now=START))


def test_a_waiver_is_for_one_gate_and_no_longer_than_the_policy_allows() -> None:
    assert waive() == []
    assert waive(hours=7 * 24) == []
    assert waive(hours=7 * 24 + 0.01) == ["too_long"]
    assert waive(hours=0) == ["until_past"]
    assert waive(hours=None) == ["until_missing"]
    assert waive(None) == ["no_waivers"]
    assert waive(person=REVIEWER) == ["role_missing"]
    assert waive(Allowance(timedelta(days=1), "admin")) == ["role_missing"]
    assert waive(gate="harms", state=RETIRED) == ["retired", "no_such_gate"]


def test_a_decision_is_acknowledged_once() -> None:
    log = [decided("pause", 1), decided("go", 2)]

    def lacks(about: Any, person: Person = REVIEWER) -> list[str]:
        return codes(acknowledging.may_acknowledge(log, about, person, "on it", rollout=AGENT))

    assert acknowledging.newest(log) is log[0]
    assert lacks(log[0]) == []
    assert lacks(log[0], VIEWER) == ["role_missing"]
    assert lacks(log[1]) == ["not_acknowledged"]
    assert lacks(None) == ["no_such_decision"]
    log.append(entry("acknowledge", 3, decision="id1"))
    assert lacks(log[0]) == ["acknowledged_before"]
