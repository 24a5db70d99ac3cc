"""A valid configuration becomes a policy: what it says, what it warns of, and its schema."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from conftest import ROOT
from policy_examples import DESIGN, FULL, policy
from pydantic import ValidationError

from checks.policy import schema
from warehouse.records.errors import UsageError
from warehouse.records.expressions import Compare, Constant, Field


def test_the_example_of_the_design_is_valid() -> None:
    (source,) = DESIGN.source_specs()
    assert source.fields["rollout"] == "=support-agent"
    assert source.lateness == timedelta(hours=2)
    (gate,) = DESIGN.gate_specs("support-agent", "pilot")
    assert (gate.key, gate.direction, gate.limit) == ("support-agent/harm", "at_most", 0.005)
    assert (gate.alpha, gate.beta, gate.unit, gate.max_age) == (0.02, 0.05, "session", timedelta(hours=3))
    assert (gate.low, gate.high, gate.measure, gate.owner) == (0.0, 1.0, "share", "Ines Vogel")
    assert DESIGN.metric(gate.metric).description == "Exchanges that our judge finds harmful."
    cells = DESIGN.cell_metric(gate.metric, "session")
    assert cells.value == Compare(">=", Field("scores", ("harm",)), Constant(0.5))
    assert (cells.window_seconds, cells.session_gap_seconds) == (3600, 1800)


def test_settings_have_defaults_that_can_be_changed() -> None:
    empty = policy("rollouts: []\n")
    assert (empty.window, empty.session_gap, empty.lease) == (
        timedelta(hours=1),
        timedelta(minutes=30),
        timedelta(hours=3),
    )
    assert (FULL.session_gap, FULL.lease) == (timedelta(minutes=20), timedelta(hours=4))


def test_a_policy_is_frozen() -> None:
    with pytest.raises(ValidationError):
        FULL.window = timedelta(hours=2)  # type: ignore[misc]  # the point of the test
    with pytest.raises(ValidationError):
        FULL.gates[0].alpha = 0.5  # type: ignore[misc]  # the point of the test


def test_a_gate_may_stand_for_several_rollouts() -> None:
    names = {r: [g.name for g in FULL.gate_specs(r, "pilot")] for r in ("support-agent", "sales-agent")}
    assert names["sales-agent"] == ["harm", "success", "people"]
    assert names["support-agent"][:2] == ["harm", "harm-german"]


def test_a_gate_is_required_from_its_stage_on() -> None:
    def required(stage: str) -> dict[str, bool]:
        return {gate.name: gate.required for gate in FULL.gate_specs("support-agent", stage)}

    assert [required(stage)["harm"] for stage in ("pilot", "limited", "general")] == [True, True, True]
    assert [required(stage)["harm-german"] for stage in ("pilot", "limited", "general")] == [False, True, True]
    assert [required(stage)["review"] for stage in ("pilot", "limited", "general")] == [False, False, True]


def test_a_gate_that_compares_one_number_has_no_error_budgets_and_only_holds() -> None:
    gates = {gate.name: gate for gate in FULL.gate_specs("support-agent", "pilot")}
    fresh = gates["fresh"]
    assert (fresh.kind, fresh.alpha, fresh.beta, fresh.on_breach) == ("source", None, None, "hold")
    assert not fresh.statistical
    assert fresh.measure == "hours"
    assert gates["severity"].statistical
    assert (gates["severity"].low, gates["severity"].high, gates["severity"].unit) == (1.0, 5.0, "window")
    assert gates["severe-tickets"].unit == "item"


def test_unknown_names_and_stages_are_refused_with_the_known_ones() -> None:
    for ask, words in [
        (lambda: FULL.gate_specs("support-agnt", "pilot"), 'Did you mean "support-agent"?'),
        (lambda: FULL.gate_specs("support-agent", "beta"), "its stages are pilot, limited, general"),
        (lambda: FULL.metric("harmful_output"), 'Did you mean "harmful_output_rate"?'),
        (lambda: FULL.stream("step"), 'Did you mean "steps"?'),
        (lambda: FULL.alert("oncall"), 'Did you mean "on-call"?'),
        (lambda: FULL.cell_metric("freshness_hours", "session"), "of kind source"),
    ]:
        with pytest.raises(UsageError) as caught:
            ask()
        assert words in str(caught.value)


def test_own_streams_stand_beside_the_built_in_ones() -> None:
    tickets = FULL.stream("tickets")
    severity = tickets.column("severity")
    assert severity is not None
    assert (severity.low, severity.high, severity.outside) == (1.0, 5.0, "flag")
    assert list(FULL.all_streams()) == [
        "interactions",
        "steps",
        "labels",
        "preferences",
        "probes",
        "governance",
        "tickets",
    ]
    assert FULL.evidence_streams("support-agent") == ("interactions", "tickets")


def test_expectations_carry_their_arguments() -> None:
    (latency,) = FULL.expectations("interactions")
    assert latency.name == "latency_ms: column values to be between"
    assert latency.arguments == {"column": "latency_ms", "min_value": 0, "max_value": 600000, "mostly": 0.99}
    assert (latency.severity, latency.owner) == ("critical", "Priya Nair")
    (billing,) = FULL.expectations("tickets")
    assert billing.name == "billing tickets name a customer"


def test_drift_has_a_pinned_reference_in_utc() -> None:
    inputs, versions = FULL.drift
    assert inputs.reference is not None
    assert inputs.reference.start == datetime(2026, 3, 1, tzinfo=UTC)
    assert inputs.reference.end == datetime(2026, 3, 7, 23, tzinfo=UTC)
    assert versions.watch == ("model_answered", "prompt_version")


def test_secrets_are_known_by_name_only() -> None:
    assert DESIGN.secret_names() == ("ONCALL_URL", "ROLLOUT_HOOK", "ROLLOUT_SECRET")


def test_owner_and_deputy_are_two_people() -> None:
    assert FULL.rollout("support-agent").owner_and_deputy_named
    assert not FULL.rollout("sales-agent").owner_and_deputy_named


def test_metrics_in_use_are_those_of_gates_and_the_own_ones() -> None:
    names = [metric.name for metric in DESIGN.metrics_in_use()]
    assert names == ["harmful_output_rate"]
    assert {"tickets_a_day", "failed_checks"} <= {metric.name for metric in FULL.metrics_in_use()}


# ---- warnings, includes, scalars -----------------------------------------------------------------------------------


def test_warnings_name_what_is_probably_not_meant() -> None:
    text = """
lease: 30m
sources:
  - {name: logs, kind: jsonl, path: logs.jsonl, stream: interactions, lateness: 1h}
  - {name: spare, kind: jsonl, path: spare.jsonl, stream: labels, lateness: 1h}
metrics:
  - {name: override_rate, layer: model, kind: rate, stream: interactions, value: overridden, better: lower,
     description: O.}
rollouts:
  - {name: agent, owner: {name: A, contact: b}, stages: [pilot]}
  - {name: bare, owner: {name: A, contact: b}, stages: [pilot]}
gates:
  - {name: override, rollout: agent, metric: override_rate, at_most: 0.1, alpha: 0.05, beta: 0.05}
  - {name: attacks, rollout: agent, metric: attack_success_rate, at_most: 0.1, alpha: 0.05, beta: 0.05, max_age: 9d}
"""
    assert [(w.line, w.path, w.message) for w in policy(text).warnings] == [
        (2, "lease", "is shorter than a window, so a standing lapses to hold before the next run can renew it."),
        (5, "sources[1]", "no gate depends on source spare: nobody will be stopped when it fails."),
        (7, "metrics[0].name", "takes the place of the built-in metric of that name."),
        (10, "rollouts[0]", "no gate of rollout agent rests on an outcome (layer workflow)."),
        (11, "rollouts[1]", "rollout bare has no gate, so nothing can hold or pause it."),
        (13, "gates[0]", "has no max_age, so it may go on passing on old data when rows stop coming."),
        (14, "gates[1].metric", "no source feeds stream probes, so there will be no data for it."),
        (
            14,
            "gates[1].metric",
            "attack_success_rate is a judge's word, and nobody has checked this judge against people.",
        ),
    ]
    assert FULL.warnings == ()


def test_a_gate_on_rows_received_needs_to_know_how_many_to_expect() -> None:
    text = """
sources: [{name: logs, kind: jsonl, path: logs.jsonl, stream: interactions, lateness: 1h}]
rollouts: [{name: agent, owner: {name: A, contact: b}, stages: [pilot]}]
gates: [{name: received, rollout: agent, metric: received_share, at_least: 0.9}]
"""
    assert [w.hint for w in policy(text).warnings if w.path == "gates[0].metric"] == [
        'Add "expected_per_window:" to a source.'
    ]


# ---- schema and cost -----------------------------------------------------------------------------------------------


def test_the_schema_is_json_and_forbids_unknown_keys() -> None:
    made = json.loads(json.dumps(schema()))
    assert made["additionalProperties"] is False
    assert set(made["properties"]) >= {"sources", "gates", "include", "window"}
    gate = made["$defs"]["Gate"]
    assert gate["required"] == ["name", "rollout", "metric"]
    assert gate["properties"]["alpha"]["description"].startswith("Chance of ever pausing")
    assert made["$defs"]["DataCheck"]["additionalProperties"] is True
    assert "arguments" not in made["$defs"]["DataCheck"]["properties"]


def test_loading_a_policy_loads_nothing_heavy() -> None:
    script = (
        "import sys; from checks.policy import parse\n"
        "parse('x', lambda _: 'rollouts: []')\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    heavy = {"prefect", "great_expectations", "evidently", "pandas", "numpy", "scipy", "duckdb", "sqlalchemy"}
    assert not heavy & set(json.loads(done.stdout.replace("'", '"')))
