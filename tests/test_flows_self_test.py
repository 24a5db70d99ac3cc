"""Self-tests: planted traffic goes the whole path to each kind of gate, and the monitor hears what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest
from self_test_gates import BY_DECISION, GATES, NOW, PAST, one, policy, spec, tried

from checks.gates import deterministic
from checks.gates.spec import GateSpec
from flows import epochs, self_testing
from flows.self_test import measuring, plain, trying
from flows.self_test.records import GateResult
from warehouse import self_tests

# ---- gates on one number ----


@pytest.mark.parametrize("gate", [*BY_DECISION.values(), GATES["age"], GATES["overdue"], GATES["count"]])
def test_the_decision_on_one_number_is_right_in_every_case(gate: dict[str, Any]) -> None:
    assert plain.decision(plain.without_age(spec(policy(gate))), now=NOW) is None


@pytest.mark.parametrize("kind", BY_DECISION)
def test_a_gate_without_rows_of_its_own_is_held_by_its_decision_and_says_so(kind: str) -> None:
    result = tried(BY_DECISION[kind])
    assert (result.result, result.rows) == ("held", 0)
    assert any("decision only" in remark for remark in result.remarks)


def test_a_decision_that_lets_everything_pass_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = deterministic.evaluate

    def careless(gate: GateSpec, **given: Any) -> Any:
        return replace(right(gate, **given), outcome="pass")

    monkeypatch.setattr(deterministic, "evaluate", careless)
    result = tried(BY_DECISION["policy"])
    assert result.result == "failed"
    assert "a value outside the limit" in result.detail


# ---- every kind of gate, all the way ----


@pytest.mark.slow
@pytest.mark.parametrize("kind", GATES)
def test_every_kind_of_gate_sees_what_is_planted(kind: str) -> None:
    result = tried(GATES[kind])
    assert result.result == "held", result.detail
    assert 0 < result.rows < 100_000
    assert "decision only" not in " ".join(result.remarks)


@pytest.mark.slow
def test_a_histogram_is_compared_with_a_past_of_enough_windows() -> None:
    shape = {"against": "reference", "compare": "distribution", "unit": "window", "at_most": 0.3}
    quarter = {"start": "2026-01-01", "end": "2026-03-01"}
    assert tried(one("answer_latency", **shape, reference=quarter)).result == "held"
    short = tried(one("answer_latency", **shape | {"at_most": 0.05}, reference=PAST))
    assert (short.result, "longer reference" in short.detail) == ("not_testable", True)


@pytest.mark.slow
def test_a_word_that_stands_for_peoples_neither_passes_nor_breaches() -> None:
    result = tried(one("proxy", at_most=0.1))
    assert result.result == "held", result.detail
    assert "breach" not in result.detail


@pytest.mark.slow
def test_a_judge_is_not_asked_and_that_is_said() -> None:
    judges = [{"name": "j", "metric": "judge_human_agreement", "min_labels": 50, "min_agreement": 0.7}]
    result = tried(one("harmful_output_rate", at_most=0.1, judge="j"), judges=judges)
    assert (result.result, result.remarks) == ("held", (trying.JUDGE,))


# ---- what the monitor makes of it ----


@pytest.mark.slow
def test_a_failed_self_test_is_an_error_until_one_of_the_same_configuration_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = p.make(tmp_path)
    p.write(project, "a.jsonl", p.answers(0, hours=6))
    assert p.said(p.run(project, 8))[0] == "pass"
    harm = next(g for g in project.policy.gates if g.name == "harm")

    def test_it() -> GateResult:
        return trying.try_gate(project.policy, harm, p.AGENT, now=NOW)

    with monkeypatch.context() as broken:
        broken.setattr(epochs, "scope", lambda gate, release: epochs.control(gate))
        failed = test_it()
    assert failed.result == "failed"
    assert self_testing.keep(project, [failed], now=NOW) == 1
    outcome, sentence = p.said(p.run(project, 8.1))
    assert outcome == "error"
    assert failed.detail in sentence
    assert p.standing(p.run(project, 8.2)) == "hold"
    assert self_testing.keep(project, [test_it()], now=NOW + timedelta(hours=1)) == 1
    assert p.said(p.run(project, 8.3))[0] == "pass"


@pytest.mark.slow
def test_a_gate_on_one_number_that_failed_is_an_error_too(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    p.write(project, "a.jsonl", p.answers(0, hours=2))
    named = next(g for g in project.policy.gate_specs(p.AGENT, "pilot") if g.name == "people-named")
    assert p.said(p.run(project, 3), "people-named")[0] == "pass"
    failed = GateResult(named.key, named.digest, "failed", "For no value it said pass.")
    self_testing.keep(project, [failed], now=NOW)
    outcome, sentence = p.said(p.run(project, 3.1), "people-named")
    assert (outcome, "For no value it said pass." in sentence) == ("error", True)


def test_what_was_shown_is_stored_and_what_could_not_be_tested_is_not(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    results = [GateResult("r/a", "d1", "held", "Well."), GateResult("r/b", "d2", "not_testable", "No rows.")]
    assert self_testing.keep(project, results, now=NOW) == 1
    assert self_testing.keep(project, results[1:], now=NOW) == 0
    with p.opened(project) as stores:
        found = self_tests.latest(stores.warehouse)
    assert {key: test.outcome for key, test in found.items()} == {("r/a", "d1"): "held"}


def test_a_failure_of_another_configuration_says_nothing() -> None:
    gate = spec(policy(one("harmful_output_rate", at_most=0.1)))
    from warehouse.records.evidence import SelfTest

    test = SelfTest(gate.key, "another", NOW, "failed", "It breached.")
    assert self_testing.trouble({(gate.key, "another"): test}, gate) is None
    assert self_testing.trouble({(gate.key, gate.digest): test}, gate) is not None


def test_candidate_rows_are_marked_as_simulated_and_of_the_gates_own_traffic() -> None:
    made = policy(one("harmful_output_rate", at_most=0.1, segment="returns", arm="control"))
    rows, taken = measuring.candidate_rows(made, made.metric("harmful_output_rate"), spec(made))
    assert taken == []
    for row in rows:
        assert (row["rollout"], row["segment"], row["arm"], row["simulated"]) == ("shop", "returns", "control", True)
