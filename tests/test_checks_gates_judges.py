"""A judge gates only after people agreed with it: enough, lately, on this version, under these instructions."""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.gates import judges
from checks.gates.agreement import measure
from checks.gates.judges import QUALIFIED, SEVERITY, JudgeSpec, JudgeState, apply, counted_since, qualify
from checks.gates.records import Outcome, Verdict
from warehouse.records.judges import JudgedRows, LabelCount

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SPEC = JudgeSpec("harm-judge", min_labels=200, min_agreement=0.8, error=0.05)
ROWS = [JudgedRows("v2", "", 900)]
ONE = 1_000_000


def said(agree: int, disagree: int = 0, unreadable: int = 0, **changes: Any) -> list[LabelCount]:
    """Labelled items, each a session of its own."""
    known = {"version": "v2", "rubric": "r1", "segment": "", "in_time": True, "newest": NOW, **changes}
    values = ((ONE, ONE, agree, agree, 0), (0, 0, disagree, disagree, 0), (0, ONE, unreadable, 0, unreadable))
    return [
        LabelCount(low=low, high=high, units=units, labels=labels, unreadable=missing, **known)
        for low, high, units, labels, missing in values
        if units
    ]


def verdict(outcome: Outcome = "pass", **changes: Any) -> Verdict:
    known: dict[str, Any] = {
        "gate": "harm",
        "rollout": "agent",
        "metric": "harmful_output_rate",
        "kind": "rate",
        "layer": "model",
        "outcome": outcome,
        "reason": "limit_kept",
        "detail": "harmful_output_rate is 0.1 %.",
        "direction": "at_most",
        "limit": 0.005,
        "measure": "share",
        "unit": "session",
        "estimate": 0.001,
        "low": 0.0,
        "high": 0.004,
        "units": 5000,
        "unscored": 0,
        "evidence_breach": -1.0,
        "evidence_pass": 4.0,
        "proof_breach": 3.9,
        "proof_pass": 3.0,
        "more_units": 100,
        "newest": NOW,
        "epoch": "agent/harm#1",
        "release": "r7",
        "on_breach": "pause",
        "required": True,
        "owner": "Ada",
        "evidence_digest": "d",
        "headroom": 0.4,
    }
    return Verdict(**{**known, **changes})


# ---- the right to gate -------------------------------------------------------------------------------------------


def test_a_judge_with_which_people_agree_may_gate() -> None:
    state = qualify(SPEC, said(280, 20), ROWS)
    assert (state.qualified, state.reason, state.labels, state.versions) == (True, QUALIFIED, 300, ("v2",))
    assert state.agreement == pytest.approx(280 / 300)
    assert SPEC.min_agreement < state.low < 280 / 300 < state.high
    assert state.detail == (
        "Judge harm-judge (version v2) agrees with people on 93.3 % (88.2 % to 96.9 %) of 300 items; at least 80 % is "
        "asked."
    )


def test_nothing_was_labelled() -> None:
    state = qualify(SPEC, [], ROWS)
    assert (state.qualified, state.reason, state.more, state.agreement) == (False, "judge_unlabelled", 200, None)
    assert (state.low, state.high) == (0.0, 1.0)
    assert "has 0 items labelled by people and needs 200. Have 200 more items labelled." in state.detail


def test_too_few_are_labelled_however_well_they_agree() -> None:
    state = qualify(SPEC, said(199), ROWS)
    assert (state.reason, state.more) == ("judge_unlabelled", 1)
    assert state.low > SPEC.min_agreement
    assert state.detail.endswith("Have 1 more item labelled.")


def test_agreement_is_proved_not_measured() -> None:
    state = qualify(SPEC, said(166, 34), ROWS)
    assert state.agreement is not None
    assert state.agreement > SPEC.min_agreement > state.low
    assert (state.reason, state.qualified) == ("judge_unproved", False)
    assert state.more is not None
    # The forecast holds: at the same agreement that many labels are enough, and a tenth fewer are not.
    times = (200 + state.more) / 200
    assert qualify(SPEC, said(math.ceil(166 * times), math.floor(34 * times)), ROWS).qualified
    fewer = (200 + 0.9 * state.more) / 200
    assert not qualify(SPEC, said(math.floor(166 * fewer), math.ceil(34 * fewer)), ROWS).qualified


def test_a_judge_below_its_floor_is_not_told_to_label_more() -> None:
    state = qualify(SPEC, said(150, 50), ROWS)
    assert (state.reason, state.more) == ("judge_unproved", None)
    assert "More labelled items would not prove it" in state.detail
    proved = qualify(SPEC, said(1200, 800), ROWS)
    assert (proved.reason, proved.more) == ("judge_disagrees", None)
    assert proved.high < SPEC.min_agreement
    # It is said before enough labels are in: more would change nothing.
    assert qualify(SPEC, said(20, 100), ROWS).reason == "judge_disagrees"


def test_verdicts_that_cannot_be_read_count_against_the_judge() -> None:
    clear, murky = qualify(SPEC, said(270, 30), ROWS), qualify(SPEC, said(270, 30, 60), ROWS)
    assert clear.qualified
    assert (murky.qualified, murky.labels, murky.unreadable) == (False, 300, 60)
    assert murky.agreement == clear.agreement == pytest.approx(0.9)
    assert murky.low < clear.low
    assert murky.high > clear.high - 0.01
    assert "of 300 items; 60 more could not be read and count against it; at least" in murky.detail


def test_labels_of_another_version_say_nothing() -> None:
    state = qualify(SPEC, said(500, version="v1"), ROWS)
    assert (state.reason, state.more, state.labels) == ("judge_changed", 200, 0)
    assert "every labelled item was judged by another version" in state.detail


def test_of_several_versions_each_must_have_earned_it() -> None:
    rows = [JudgedRows("v1", "", 900), JudgedRows("v2", "", 3)]
    state = qualify(SPEC, said(290, 10, version="v1"), rows)
    assert (state.reason, state.versions) == ("judge_changed", ("v1", "v2"))
    both = qualify(SPEC, [*said(290, 10, version="v1"), *said(270, 30)], rows)
    assert both.qualified
    assert [(a.name, a.labels) for a in both.by_version] == [("v1", 300), ("v2", 300)]
    assert both.agreement == pytest.approx(0.9), "the numbers are those of the weaker version"


def test_labels_under_other_instructions_say_nothing() -> None:
    old = said(400, rubric="r1", newest=NOW - timedelta(days=9))
    state = qualify(SPEC, [*old, *said(10, rubric="r2")], ROWS)
    assert (state.reason, state.rubric, state.labels, state.more) == ("judge_rubric", "r2", 10, 190)
    asked = replace(SPEC, rubric="r1")
    assert qualify(asked, [*old, *said(10, rubric="r2")], ROWS).qualified
    assert qualify(replace(SPEC, rubric="r3"), old, ROWS).reason == "judge_rubric"


def test_labels_grow_old() -> None:
    state = qualify(SPEC, [*said(150, 2), *said(400, in_time=False)], ROWS)
    assert (state.reason, state.labels, state.more) == ("judge_stale", 152, 48)
    few = qualify(SPEC, [*said(10), *said(20, in_time=False)], ROWS)
    assert few.reason == "judge_unlabelled"


def test_rows_must_say_who_scored_them() -> None:
    state = qualify(SPEC, said(300), [*ROWS, JudgedRows("", "", 12)])
    assert (state.reason, state.qualified) == ("judge_unnamed", False)
    assert "12 of the 912 newest scored rows do not say which version" in state.detail
    assert qualify(SPEC, said(300), []).reason == "judge_unseen"


def test_labels_that_may_be_lacking_give_no_right() -> None:
    state = qualify(SPEC, said(300), ROWS, ("source_degraded", "Source labels could not be read in full: gone"))
    assert (state.reason, state.qualified) == ("source_degraded", False)
    assert "Source labels could not be read in full" in state.detail


def test_segments_are_shown_and_may_have_to_be_covered() -> None:
    rows = [JudgedRows("v2", "de", 300), JudgedRows("v2", "fr", 700)]
    labels = [*said(200, 5, segment="de"), *said(100, 1, segment="")]
    state = qualify(SPEC, labels, rows)
    assert state.qualified
    assert state.coverage == pytest.approx(0.3)
    assert [(a.name, a.labels) for a in state.by_segment] == [("", 101), ("de", 205)]
    assert all(a.low <= (a.agreement or 0) <= a.high for a in state.by_segment)
    strict = qualify(replace(SPEC, min_coverage=0.5), labels, rows)
    assert (strict.reason, strict.qualified) == ("judge_uncovered", False)
    assert "only 30 % of the rows that it scores lie in segments with labelled items" in strict.detail


def test_a_session_of_many_labels_is_one_unit() -> None:
    one = [LabelCount("v2", "", "", True, ONE, ONE, 1, 500, 0, NOW)]
    state = qualify(SPEC, one, ROWS)
    assert (state.labels, state.qualified, state.reason) == (500, False, "judge_unproved")


def test_hostile_versions_stay_short_and_printable() -> None:
    version = "v\x1b[31m\n" + "x" * 500
    detail = qualify(SPEC, [], [JudgedRows(version, "", 3)]).detail
    assert detail.isprintable()
    assert len(detail) < 200


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 50), st.sampled_from([0.5, 0.7, 0.9]))
def test_the_interval_and_the_proof_agree(agree: int, disagree: int, unreadable: int, floor: float) -> None:
    found = measure("v", said(agree, disagree, unreadable), floor, 0.05)
    low, high = found.agreement.low, found.agreement.high
    assert 0.0 <= low <= high <= 1.0
    assert found.proved == (low >= floor) or abs(low - floor) < 1e-9
    units = agree + disagree + unreadable
    if units:
        assert low <= (agree + unreadable) / units + 1e-9
        assert high >= agree / units - 1e-9


@given(st.integers(0, 300), st.integers(0, 100), st.integers(0, 300), st.booleans())
def test_taking_labels_away_never_earns_the_right(agree: int, disagree: int, old: int, in_time: bool) -> None:
    state = qualify(SPEC, [*said(agree, disagree), *said(old, in_time=in_time)], ROWS)
    less = qualify(SPEC, said(max(0, agree - 50), disagree), ROWS)
    assert state.reason in SEVERITY
    assert state.qualified or not less.qualified


def test_a_judge_at_the_floor_is_seldom_let_in_however_often_one_looks() -> None:
    # Exact, by dynamic programming: a look after every 25 labels, 40 looks, a judge that agrees exactly at the floor.
    floor, step, let_in = 0.8, 25, 0.0
    batch = [math.comb(step, k) * floor**k * (1 - floor) ** (step - k) for k in range(step + 1)]
    chances = np.ones(1)
    for labels in range(step, 40 * step + 1, step):
        chances = np.convolve(chances, batch)
        enough = least_that_proves(labels, floor)
        let_in += float(chances[enough:].sum())
        chances[enough:] = 0.0
    assert 0.001 < let_in <= 0.05


def least_that_proves(labels: int, floor: float) -> int:
    """The least number of agreements among so many labels that proves agreement above the floor."""
    return bisect_left(range(labels + 1), True, key=lambda n: measure("v", said(n, labels - n), floor, 0.05).proved)


# ---- labels that count -------------------------------------------------------------------------------------------


@given(st.integers(0, 10**8), st.integers(2, 10**7))
def test_labels_count_for_half_to_all_of_their_age(seconds: int, age: int) -> None:
    now, max_age = NOW + timedelta(seconds=seconds), timedelta(seconds=age)
    since = counted_since(max_age, now)
    assert since is not None
    assert max_age / 2 <= now - since < max_age
    # The start stays while the half lasts: what is looked at in it is one test.
    assert counted_since(max_age, since + max_age - timedelta(seconds=1e-6)) == since
    assert counted_since(None, now) is None


# ---- what is left of a verdict -----------------------------------------------------------------------------------

EARNED = qualify(SPEC, said(280, 20), ROWS)
NOT_EARNED = qualify(SPEC, said(12), ROWS)


def test_a_judge_that_earned_it_changes_nothing_but_what_is_said() -> None:
    before = verdict()
    after = apply(before, EARNED, "own")
    said = {"detail": f"{before.detail} {EARNED.detail}", "agreements": after.agreements}
    assert after == replace(before, **said, evidence_digest=after.evidence_digest)
    assert after.agreements[: len(EARNED.by_version)] == EARNED.by_version
    assert after.evidence_digest != before.evidence_digest


@pytest.mark.parametrize("outcome", ["pass", "breach", "insufficient"])
def test_a_judge_that_has_not_earned_it_neither_passes_nor_pauses(outcome: Outcome) -> None:
    after = apply(verdict(outcome), NOT_EARNED, "own")
    assert (after.outcome, after.reason, after.weighs) == ("insufficient", "judge_unlabelled", False)
    assert (after.more_units, after.headroom) == (None, None)
    assert "Have 188 more items labelled." in after.detail
    assert after.detail.endswith("By that judge alone: harmful_output_rate is 0.1 %.")


@pytest.mark.parametrize("outcome", ["error", "no_data", "stale"])
def test_what_comes_before_stays(outcome: Outcome) -> None:
    before = verdict(outcome)
    assert replace(apply(before, EARNED, "own"), agreements=()) == before
    assert replace(apply(before, NOT_EARNED, "own"), agreements=()) == replace(before, weighs=False)
    assert apply(before, None, "proxy") == replace(before, weighs=False)


@pytest.mark.parametrize("outcome", ["pass", "breach", "insufficient"])
def test_a_word_that_stands_for_peoples_never_decides(outcome: Outcome) -> None:
    for state in (None, EARNED, NOT_EARNED):
        after = apply(verdict(outcome), state, "proxy")
        assert (after.outcome, after.reason, after.weighs) == ("insufficient", "judge_only", False)
        assert ("have more items labelled by people now" in after.detail) == (outcome == "breach")


def test_a_gate_that_asks_no_judge_is_left_alone() -> None:
    for judged in (None, "own"):
        assert apply(verdict("breach"), None, judged) == verdict("breach")


@pytest.mark.parametrize("state", [EARNED, NOT_EARNED, qualify(SPEC, [], [])])
def test_a_state_comes_back_from_the_log_as_it_was(state: JudgeState) -> None:
    again = JudgeState.from_json(json.loads(json.dumps(state.to_json())))
    assert again == state
    assert apply(verdict(), again, "own") == apply(verdict(), state, "own")


def test_the_reasons_are_told_apart() -> None:
    assert len(set(judges.SEVERITY)) == len(judges.SEVERITY)
