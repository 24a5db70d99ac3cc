"""Self-tests: planted traffic goes the whole path to each kind of gate; what a gate must come to is a rule apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import projects as p
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from checks.gates import deterministic
from checks.gates.spec import GateSpec
from checks.policy import Policy, parse
from flows import epochs, folding_units, self_testing
from flows.folding_units import WindowUnits
from flows.self_test import candidates, deriving, driving, expecting, measuring, mixing, plain, planning, trying
from flows.self_test.records import Candidate, GateResult, Mix, NotTestableError, Seen, Story
from warehouse import self_tests
from warehouse.records.errors import CheckError, UsageError
from warehouse.records.expressions import Field
from warehouse.records.streams import BUILT_IN, Column, Stream

NOW = datetime(2026, 9, 1, tzinfo=UTC)
PAST = {"start": "2026-01-01", "end": "2026-02-01"}
ARMS = {"against": "control", "candidate_share": 0.3}
METRICS: list[dict[str, Any]] = [
    {
        "name": "harm_by_people",
        "layer": "model",
        "kind": "assisted",
        "stream": "labels",
        "better": "lower",
        "description": "Answers that people find harmful.",
        "value": "reference_label == 'harmful'",
        "predicted": "label == 'harmful'",
        "chosen": "inclusion_probability is not None",
        "chance": "inclusion_probability",
        "calibration": [0.05, 0.6],
        "least_chance": 0.2,
    },
    {
        "name": "proxy",
        "layer": "model",
        "kind": "rate",
        "stream": "interactions",
        "better": "lower",
        "description": "What a judge takes for harm.",
        "value": "scores.harm >= 0.5",
        "judged": "proxy",
    },
]
METRICS += [
    {"layer": "model", "kind": "rate", "stream": "interactions", "better": "lower", "description": "A fault.", **more}
    for more in (
        {"name": "constant", "value": "confidence >= 0"},
        {"name": "scored_when_bad", "value": "scores.harm >= 0.5", "scored": "scores.harm >= 0.5"},
        {"name": "contradiction", "value": "refused", "where": "confidence > 0.8 and confidence < 0.2"},
        {"name": "by_the_clock", "value": "occurred_at > '2026-01-01'"},
        {"name": "own_names", "value": "attributes.session_id == 'x'", "where": "attributes.deep.kind in ('a', 'b')"},
    )
]
METRICS.append(
    {
        "name": "answers",
        "layer": "data",
        "kind": "count",
        "stream": "interactions",
        "better": "lower",
        "description": "Answers of a day.",
    }
)


def one(metric: str, **keys: Any) -> dict[str, Any]:
    return {"name": "g", "rollout": "shop", "metric": metric, "alpha": 0.02, "beta": 0.05, "max_age": "6h", **keys}


def plainly(metric: str, **keys: Any) -> dict[str, Any]:
    return {"name": "g", "rollout": "shop", "metric": metric, **keys}


def policy(*gates: dict[str, Any], **more: Any) -> Policy:
    person = {"name": "Ada", "contact": "ada@example.org"}
    shop = {"name": "shop", "owner": person, "stages": ["pilot", "general"]}
    whole = {"session_gap": "10m", "metrics": METRICS, "rollouts": [shop], "gates": list(gates), **more}
    return parse("gatehold.yaml", lambda _: yaml.safe_dump(whole))


def spec(made: Policy) -> GateSpec:
    return made.gate_specs("shop", "general")[0]


def tried(gate: dict[str, Any], **more: Any) -> GateResult:
    made = policy(gate, **more)
    return trying.try_gate(made, made.gates[0], "shop", now=NOW)


GATES = {
    "rate, less is better": one("harmful_output_rate", at_most=0.02),
    "rate, more is better": one("task_success_rate", at_least=0.8, required_from="general", on_breach="hold"),
    "rate of one segment": one("low_confidence_escalation_share", at_least=0.9, segment="returns"),
    "rate of the control": one("benign_refusal_rate", at_most=0.1, arm="control"),
    "mean": one("escalation_delay", at_most=3600),
    "mean per window": one("minutes_saved", at_least=4, unit="window"),
    "rows of a checked reference": one("tool_error_rate", at_most=0.05, unit="item", reference=PAST),
    "odds ratio": one("harmful_output_rate", **ARMS, compare="odds_ratio", at_most=1.5),
    "odds ratio without tolerance": one("task_success_rate", **ARMS, compare="odds_ratio", at_least=1.0),
    "difference of rates": one("task_success_rate", **ARMS, compare="difference", at_least=-0.05, typical=0.8),
    "difference of scores": one("minutes_saved", **ARMS, compare="difference", at_least=-10, typical=6),
    "value against its past": one("harmful_output_rate", against="reference", tolerance=0.5, reference=PAST),
    "distribution against its past": one(
        "minutes_saved", against="reference", compare="distribution", reference=PAST, at_most=0.15
    ),
    "judge corrected by people": one("harm_by_people", at_most=0.05),
    "fields that no column reads": one("own_names", at_most=0.1),
    "age": plainly("independent_review_age", at_most=720),
    "overdue": plainly("overdue_actions", at_most=1),
    "count": plainly("answers", at_most=50, max_age="2d"),
}
BY_DECISION = {
    "source": plainly("received_share", at_least=0.9),
    "drift": plainly("input_drift_share", at_most=0.3),
    "quality": plainly("failed_checks", at_most=0),
    "policy": plainly("owner_and_deputy_named", at_least=1),
}


# ---- the rule, apart from any run ----


def seen(outcome: str, standing: str = "hold") -> Seen:
    return Seen(outcome, "a_reason", "A sentence.", standing, 100)


@pytest.mark.parametrize(
    ("story", "outcome", "standing", "right"),
    [
        ("healthy", "pass", "go", True),
        ("healthy", "pass", "hold", False),
        ("healthy", "insufficient", "hold", False),
        ("healthy", "breach", "pause", False),
        ("healthy", "error", "hold", False),
        ("declined", "breach", "pause", True),
        ("declined", "breach", "hold", False),
        ("declined", "pass", "go", False),
        ("declined", "insufficient", "hold", False),
        ("control_declined", "pass", "go", True),
        ("control_declined", "insufficient", "hold", True),
        ("control_declined", "insufficient", "pause", False),
        ("control_declined", "breach", "pause", False),
        ("control_declined", "error", "hold", False),
        ("equal_arms", "insufficient", "hold", True),
        ("equal_arms", "breach", "pause", False),
    ],
)
def test_what_a_story_must_come_to(story: Story, outcome: str, standing: str, right: bool) -> None:
    gate = spec(policy(GATES["odds ratio"]))
    found = expecting.trouble(gate, story, seen(outcome, standing), rows=100)
    assert (found is None) == right
    assert found is None or found.endswith(".")


def test_a_gate_that_only_holds_must_hold_on_a_breach() -> None:
    gate = replace(spec(policy(GATES["odds ratio"])), on_breach="hold")
    assert expecting.trouble(gate, "declined", seen("breach", "hold"), rows=1) is None
    assert "pause instead of hold" in str(expecting.trouble(gate, "declined", seen("breach", "pause"), rows=1))


@pytest.mark.parametrize("story", ["healthy", "declined"])
def test_a_word_that_stands_for_peoples_must_never_speak(story: Story) -> None:
    gate = spec(policy(one("proxy", at_most=0.1)))
    assert expecting.trouble(gate, story, seen("insufficient"), rows=1) is None
    for outcome in ("pass", "breach"):
        assert "only stands for people's" in str(expecting.trouble(gate, story, seen(outcome), rows=1))


def test_more_traffic_is_sent_only_where_it_can_help() -> None:
    gate = spec(policy(GATES["odds ratio"]))
    assert expecting.goes_on(gate, "healthy", seen("insufficient"))
    assert expecting.goes_on(gate, "declined", seen("pass"))
    assert not expecting.goes_on(gate, "healthy", seen("breach"))
    assert not expecting.goes_on(gate, "declined", seen("error"))
    assert not expecting.goes_on(gate, "control_declined", seen("insufficient"))


# ---- rows, mixes and plans ----


def read(text: str, stream: str = "interactions") -> dict[candidates.Place, set[Any]]:
    from checks.metrics import expression

    return candidates.places([expression.parse(text, BUILT_IN[stream])])


def test_a_place_is_tried_on_the_constants_it_is_held_against_and_beside_them() -> None:
    made = candidates.choices(BUILT_IN["interactions"], read("scores.harm >= 0.5 and confidence < 0.9"))
    assert {0.5, 0.51, 0.49, None} <= set(made[("scores", ("harm",))])
    assert {0.9, 0.91, 0.89, 0.0, 1.0, None} <= set(made[("confidence", ())])
    assert 0.5 not in {v for v in made[("confidence", ())] if v == 0.51}


def test_what_is_compared_with_each_other_shares_its_values() -> None:
    made = candidates.choices(BUILT_IN["labels"], read("label == reference_label", "labels"))
    assert made[("label", ())] == made[("reference_label", ())] == ("a", "b", None)


def test_values_stay_inside_what_a_column_allows() -> None:
    stream = Stream(
        "s",
        "Rows.",
        (
            Column("grade", "integer", "A grade.", low=1, high=5, nullable=False),
            Column("colour", "text", "A colour.", choices=("red", "blue")),
        ),
    )
    from checks.metrics import expression

    found = candidates.places([expression.parse("grade > 4.5 and colour != 'green'", stream)])
    made = candidates.choices(stream, found, numbers=(-3.0, 2.5, 9.0))
    assert set(made[("grade", ())]) == {1, 2, 3, 4, 5}
    assert made[("colour", ())] == ("red", "blue", None)
    assert candidates.least_row(stream)["grade"] in range(1, 6)


def test_places_become_nested_values_and_a_missing_column_has_none() -> None:
    made = {("scores", ()): (None, {}), ("scores", ("a", "b")): (1, None), ("refused", ()): (True,)}
    rows = list(candidates.table(made))
    assert rows == [
        {"scores": None, "refused": True},
        {"scores": None, "refused": True},
        {"scores": {"a": {"b": 1}}, "refused": True},
        {"scores": {"a": {}}, "refused": True},
    ]


def test_a_table_that_is_too_large_is_drawn_and_is_the_same_each_time() -> None:
    made = {(f"c{i}", ()): tuple(range(10)) for i in range(6)}
    drawn = list(candidates.table(made, most=50))
    assert len(drawn) == 50
    assert drawn == list(candidates.table(made, most=50))


def test_fields_are_found_wherever_they_stand() -> None:
    assert set(read("not (refused or -(input_tokens / output_tokens) < 2) and error is None")) == {
        (f.column, f.path) for f in map(Field, ("refused", "input_tokens", "output_tokens", "error"))
    }


def candidate(badness: float) -> Candidate:
    return Candidate({"x": badness}, badness, badness)


@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 1.0]), min_size=2, max_size=6).map(sorted),
    st.floats(0.0, 1.0),
)
def test_a_mix_comes_to_the_badness_asked_for_where_rows_lie_on_both_sides(found: list[float], wanted: float) -> None:
    mix = mixing.reaching([candidate(b) for b in found], wanted)
    assert math.isclose(sum(share for _, share in mix.parts), 1.0)
    assert mix.badness == pytest.approx(min(max(wanted, found[0]), found[-1]), abs=1e-9)


@given(st.floats(0.001, 0.999), st.integers(1, 3000))
def test_traffic_is_laid_out_evenly_and_not_drawn(share: float, units: int) -> None:
    mix = Mix(((candidate(0.0), 1.0 - share), (candidate(1.0), share)))
    bad = sum(c.badness for c in islice(mixing.in_turn(mix), units))
    assert abs(bad - units * share) <= 4.0
    assert abs(sum(islice(mixing.arms(share), units)) - units * share) <= 1.0


@given(st.floats(0.01, 0.9), st.floats(0.01, 0.99))
def test_growth_of_a_share_is_its_divergence_from_the_limit(limit: float, rate: float) -> None:
    values = [(0.0, 1.0 - rate), (1.0, rate)]
    divergence = rate * math.log(rate / limit) + (1.0 - rate) * math.log((1.0 - rate) / (1.0 - limit))
    over, under = (planning.mean_growth(values, limit, over=side) for side in (True, False))
    assert max(over, under) == pytest.approx(divergence, rel=1e-3, abs=1e-9)
    assert min(over, under) == 0.0


def test_more_units_than_a_self_test_may_send_are_refused_with_the_number() -> None:
    assert planning.units(10.0, 0.1, what="Proof") == 200
    with pytest.raises(NotTestableError, match="Proof would take about 2,000,000 units"):
        planning.units(10.0, 1e-5, what="Proof")
    with pytest.raises(NotTestableError, match="any number of units"):
        planning.units(10.0, 0.0, what="Proof")


# ---- the project that a gate is tried in ----


def test_the_gate_under_test_is_the_same_test_and_alone(tmp_path: Path) -> None:
    made = policy(
        one("harmful_output_rate", at_most=0.1, required_from="general"),
        plainly("overdue_actions", at_most=0) | {"name": "h"},
    )
    project = deriving.derive(made, made.gates[0], "shop", tmp_path)
    (alone,) = project.policy.gate_specs("shop", "general")
    assert alone.digest == made.gate_specs("shop", "pilot")[0].digest
    assert alone.required
    assert project.policy.rollouts[0].switch is None
    assert project.data.is_relative_to(tmp_path)


def test_a_derived_gate_that_is_another_test_is_refused(tmp_path: Path) -> None:
    made = policy(one("harmful_output_rate", at_most=0.1))
    changed = made.gates[0].model_copy(update={"at_most": 0.2})
    with pytest.raises(CheckError, match="another test"):
        deriving.derive(made, changed, "shop", tmp_path)


def test_rows_wait_as_long_as_the_slowest_source(tmp_path: Path) -> None:
    logs = {"kind": "jsonl", "path": "x", "stream": "interactions"}
    sources = [{"name": name, "lateness": late, **logs} for name, late in (("a", "2h"), ("b", "5h"))]
    made = policy(one("harmful_output_rate", at_most=0.1), sources=sources)
    assert deriving.lateness(made, "interactions") == timedelta(hours=5)
    assert deriving.lateness(made, "steps") == deriving.LATENESS


def test_names_choose_gates_and_a_wrong_one_is_told_with_the_nearest() -> None:
    made = policy(one("harmful_output_rate", at_most=0.1) | {"name": "harm"}, plainly("overdue_actions", at_most=0))
    assert [g.name for g, _ in trying.chosen(made, ["shop/harm"])] == ["harm"]
    assert [g.name for g, _ in trying.chosen(made, [])] == ["harm", "g"]
    with pytest.raises(UsageError, match="Did you mean harm"):
        trying.chosen(made, ["harn"])


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


# ---- sabotage ----


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ("constant", "has the value 1, so no traffic can be told from another"),
        ("scored_when_bad", "has the value 1, so no traffic can be told from another"),
        ("contradiction", "is inside it and has a value"),
        ("by_the_clock", "reads occurred_at"),
    ],
)
def test_a_metric_that_cannot_tell_traffic_apart_is_not_testable_and_says_why(metric: str, told: str) -> None:
    result = tried(one(metric, at_most=0.1))
    assert (result.result, result.rows) == ("not_testable", 0)
    assert told in result.detail


@pytest.mark.slow
def test_a_limit_that_takes_too_many_rows_to_prove_is_not_testable() -> None:
    result = tried(one("harmful_output_rate", at_most=0.00001))
    assert result.result == "not_testable"
    assert "would take about" in result.detail


def exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the arms of every window the wrong way round."""
    right = folding_units.windows

    def turned(*given: Any) -> list[WindowUnits]:
        return [WindowUnits(w.start, w.control, w.units) for w in right(*given)]

    monkeypatch.setattr(folding_units, "windows", turned)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["odds ratio", "difference of rates"])
def test_arms_that_are_exchanged_fail(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exchanged(monkeypatch)
    # Equal shares: at others the guard of the sample ratio stops the comparison before.
    result = tried(GATES[kind] | {"candidate_share": 0.5})
    assert result.result == "failed"
    assert "the arms are exchanged" in result.detail


@pytest.mark.slow
def test_a_decline_that_is_not_seen_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = folding_units.windows

    def blind(*given: Any) -> Sequence[WindowUnits]:
        return [
            WindowUnits(w.start, tuple(replace(u, low=0, high=0) for u in w.units), w.control) for w in right(*given)
        ]

    monkeypatch.setattr(folding_units, "windows", blind)
    result = tried(GATES["rate, less is better"])
    assert result.result == "failed"
    assert "was missed" in result.detail


@pytest.mark.slow
def test_a_gate_that_breaches_on_healthy_traffic_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = folding_units.windows

    def gloomy(*given: Any) -> Sequence[WindowUnits]:
        return [
            WindowUnits(w.start, tuple(replace(u, low=10**6, high=10**6) for u in w.units), w.control)
            for w in right(*given)
        ]

    monkeypatch.setattr(folding_units, "windows", gloomy)
    result = tried(GATES["rate, less is better"])
    assert result.result == "failed"
    assert result.detail.startswith("It breached on healthy traffic.")


@pytest.mark.slow
def test_a_gate_that_has_not_spoken_within_the_rows_allowed_is_not_testable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "MOST_ROWS", 1000)
    monkeypatch.setattr(expecting, "goes_on", lambda *_: True)
    result = tried(GATES["rate, less is better"])
    assert result.result == "not_testable"
    assert "a self-test sends at most 1,000" in result.detail


@pytest.mark.slow
def test_a_gate_whose_data_are_always_older_than_it_allows_fails() -> None:
    slow = {"name": "a", "kind": "jsonl", "path": "x", "stream": "interactions", "lateness": "1d"}
    result = tried(one("harmful_output_rate", at_most=0.1), sources=[slow])
    assert result.result == "failed"
    assert "came to stale" in result.detail


@pytest.mark.slow
def test_a_release_that_only_bad_rows_lack_cannot_be_gated() -> None:
    """A row without a release is the unnamed release, which is judged by itself: one such row and all of it is bad."""
    result = tried(one("release_null_share", at_most=0.1))
    assert result.result == "failed"
    assert "breached on healthy traffic" in result.detail


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
