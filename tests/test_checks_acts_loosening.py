"""A gate that becomes looser in a breach does not take the breach off the record until an approver says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making_evidence import gate
from people_who_act import ADA, AGENT, REVIEWER, STAGES, entry
from people_who_act import said as decided
from test_checks_gates_standing import say, standing

from checks.acts.approving import may_approve
from checks.acts.breaches import Record, record
from checks.acts.loosening import REMOVED, Form, form, looser
from checks.gates import codec
from warehouse.records.decisions import DecisionEntry, DecisionKind

FORM = Form(
    gate="harm", basis="b1", direction="at_most", limit=0.01, tolerance=None, alpha=0.02, beta=0.05, unit="session",
    on_breach="pause", required_from="limited", max_age=3600.0, min_units=30, min_scored=0.5,
)  # fmt: skip
LOOSER = replace(FORM, limit=0.02)


@pytest.mark.parametrize(
    "change",
    [
        {"limit": 0.011}, {"direction": "at_least"}, {"alpha": 0.01}, {"alpha": None}, {"beta": 0.1},
        {"unit": "item"}, {"on_breach": "hold"}, {"required_from": "general"}, {"required_from": "beta"},
        {"max_age": 7200.0}, {"max_age": None}, {"min_units": 10}, {"min_scored": 0.1}, {"basis": "b2"},
        {"tolerance": 0.5}, {"limit": 0.005, "basis": "b2"},
    ],
)  # fmt: skip
def test_each_way_to_loosen_is_seen(change: dict[str, Any]) -> None:
    assert looser(FORM, replace(FORM, **change), STAGES)


@pytest.mark.parametrize(
    "change",
    [
        {}, {"limit": 0.009}, {"alpha": 0.03}, {"beta": 0.01}, {"required_from": "pilot"}, {"max_age": 60.0},
        {"min_units": 300}, {"min_scored": 0.9}, {"basis": ""},
    ],
)  # fmt: skip
def test_what_is_as_strict_or_stricter_is_none(change: dict[str, Any]) -> None:
    assert looser(FORM, replace(FORM, **change), STAGES) == ()


def test_less_is_looser_where_more_is_better() -> None:
    least = replace(FORM, direction="at_least", limit=0.8)
    assert looser(least, replace(least, limit=0.7))
    assert not looser(least, replace(least, limit=0.9))
    assert looser(least, None) == ("it left the policy",)


numbers = st.floats(0, 1)


@given(numbers, numbers, numbers, numbers)
def test_of_two_forms_that_differ_in_limit_or_alpha_one_way_is_looser(a: float, b: float, c: float, d: float) -> None:
    one, other = replace(FORM, limit=a, alpha=c), replace(FORM, limit=b, alpha=d)
    assert bool(looser(one, other) or looser(other, one)) == (one != other)


def test_a_form_is_read_back_and_known_by_its_digest() -> None:
    assert Form.from_json(FORM.to_json()) == FORM
    assert FORM.digest != LOOSER.digest
    spec = gate(name="harm", max_age=timedelta(hours=2), alpha=0.001, whole_alpha=0.02)
    assert (form(spec).alpha, form(spec).max_age) == (0.02, 7200.0), "the whole budget, whatever share an attempt has"
    made = decided("pause", 1, harm="breach")
    stored = replace(made, body={**made.body, "gates": [codec.gate_to_json(spec)]})
    (breach,) = record([stored]).breaches.values()
    assert breach.form == form(spec), "decisions of older versions say their forms in their gates"


def at(kind: DecisionKind, seq: int, now: Form | None, release: str = "r1", **outcomes: str) -> DecisionEntry:
    made = decided(kind, seq, release, **outcomes)
    forms = {"harm": now.to_json()} if now else {}
    return replace(made, body={**made.body, "forms": forms})


BREACH = at("pause", 1, FORM, harm="breach")


def approval(seq: int, now: Form | None) -> DecisionEntry:
    body = {"gate": "harm", "form": now.digest if now else REMOVED, "now": now.to_json() if now else None}
    return entry("approve", seq, **body)


def loose(log: list[DecisionEntry], now: Form | None) -> list[str]:
    found: Record = record(log, STAGES)
    return [one.gate for one in found.loosened({"harm": now} if now else {}, STAGES)]


def on_record(*after: DecisionEntry) -> list[str]:
    return sorted(record([BREACH, *after], STAGES).breaches)


def test_a_pass_in_the_same_or_a_stricter_form_overcomes_a_breach() -> None:
    assert on_record(at("go", 2, FORM, harm="pass")) == []
    assert on_record(at("go", 2, replace(FORM, limit=0.001), harm="pass")) == []
    assert loose([BREACH], FORM) == []


@pytest.mark.parametrize("now", [LOOSER, replace(FORM, on_breach="hold"), None])
def test_neither_pass_nor_release_in_a_looser_form_overcomes_it(now: Form | None) -> None:
    outcomes = {"harm": "pass"} if now else {}
    assert on_record(at("hold", 2, now, **outcomes)) == ["harm"]
    assert on_record(at("hold", 2, now, release="r2", **outcomes)) == ["harm"]
    assert loose([BREACH], now) == ["harm"]
    assert loose([BREACH, at("hold", 2, now, release="r2", **outcomes)], now) == ["harm"]


def test_an_approval_of_the_very_form_lets_the_pass_count() -> None:
    passed = at("hold", 2, LOOSER, harm="pass")
    assert on_record(passed, approval(3, LOOSER)) == []
    assert on_record(passed, approval(3, replace(LOOSER, limit=0.5))) == ["harm"]
    assert on_record(approval(2, LOOSER)) == ["harm"], "the approval is no pass"
    assert on_record(approval(2, LOOSER), at("go", 3, LOOSER, harm="pass")) == []
    assert loose([BREACH, approval(2, LOOSER)], LOOSER) == []
    assert loose([BREACH, approval(2, LOOSER)], replace(LOOSER, limit=0.03)) == ["harm"], "looser still"
    assert on_record(approval(2, None)) == []


def test_putting_the_limit_back_makes_evidence_count_again() -> None:
    there_and_back = [at("hold", 2, LOOSER, harm="pass"), at("pause", 3, FORM, harm="no_data")]
    assert on_record(*there_and_back) == ["harm"]
    assert loose([BREACH, *there_and_back], FORM) == []
    assert on_record(*there_and_back, at("go", 4, FORM, harm="pass")) == []


def test_what_breaks_the_looser_form_too_is_still_measured_by_the_first() -> None:
    assert on_record(at("pause", 2, LOOSER, harm="breach"), at("go", 3, LOOSER, harm="pass")) == ["harm"]


def test_a_loosened_gate_holds_and_says_why() -> None:
    found = standing([say("harm", "pass"), say("b", "pass")], loosened=["harm"], breached=["harm"])
    assert found.standing == "hold"
    assert found.reasons[0].code == "loosened_in_breach"
    assert (found.binding, found.if_mended) == ("harm", "go")
    assert standing([say("harm", "breach")], loosened=["harm"]).standing == "pause"
    gone = standing([say("b", "pass")], loosened=["harm"], breached=["harm"])
    assert (gone.standing, gone.reasons[0].code, gone.reasons[0].gate) == ("hold", "loosened_in_breach", "harm")
    assert (
        standing([say("harm", "pass")], loosened=[]).evidence_digest == standing([say("harm", "pass")]).evidence_digest
    )


def test_who_may_approve_what() -> None:
    found = record([BREACH], STAGES)

    def lacks(name: str = "harm", now: Form = LOOSER, person: Any = ADA) -> list[str]:
        loosened = found.loosened({"harm": now}, STAGES)
        refusal = may_approve(loosened, found.breaches, name, person, "so", rollout=AGENT)
        return [m.code for m in refusal.missing] if refusal else []

    assert lacks() == []
    assert lacks(person=REVIEWER) == ["role_missing"]
    assert lacks(now=FORM) == ["not_loosened"]
    assert lacks("cost") == ["no_breach_on_record"]
