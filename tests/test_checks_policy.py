"""A valid configuration becomes a policy: what it says, what its digests cover, what it warns of."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.policy import Policy, parse, schema
from checks.policy.base import compact, duration
from warehouse.records.errors import ConfigurationError, UsageError
from warehouse.records.expressions import Compare, Constant, Field

POLICIES = ROOT / "tests" / "policies"


def read(path: str) -> str:
    return (POLICIES / path).read_text(encoding="utf-8")


def policy(text: str) -> Policy:
    return parse("gatehold.yaml", lambda _: text)


FULL = parse("full.yaml", read)
DESIGN = parse("design.yaml", read)


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


# ---- digests -----------------------------------------------------------------------------------------------------


def changed(path: list[str | int], value: Any) -> Policy:
    """The full policy with one value changed."""
    data = yaml.load(read("full.yaml"), yaml.BaseLoader)
    inner = data
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return policy(_plain(data))


def _plain(data: Any) -> str:
    """The data as YAML in one line; numbers and plain words stay bare."""
    if isinstance(data, dict):
        return "{" + ", ".join(f"{key}: {_plain(value)}" for key, value in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(_plain, data)) + "]"
    text = str(data)
    bare = text.replace(".", "").replace("-", "").replace("_", "").isalnum()
    return text if bare else json.dumps(text)


def shuffled(data: Any, rng: random.Random) -> Any:
    """The data with the keys of every mapping in another order."""
    if isinstance(data, dict):
        keys = list(data)
        rng.shuffle(keys)
        return {key: shuffled(data[key], rng) for key in keys}
    return [shuffled(value, rng) for value in data] if isinstance(data, list) else data


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_the_digest_ignores_order_of_keys_and_items_comments_and_formatting(rng: random.Random) -> None:
    data = yaml.load(read("full.yaml"), yaml.BaseLoader)
    for entries in data.values():
        if isinstance(entries, list):
            rng.shuffle(entries)
    text = "# another comment\n" + _plain(shuffled(data, rng)) + "\n\n"
    assert policy(text).digest == FULL.digest


def test_the_digest_does_not_depend_on_how_a_value_is_written() -> None:
    assert changed(["window"], "60m").digest == FULL.digest
    assert changed(["gates", 0, "alpha"], "2e-2").digest == FULL.digest
    assert changed(["gates", 0, "on_breach"], "pause").digest == FULL.digest, "a default that is written out"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["window"], "2h"),
        (["session_gap"], "21m"),
        (["lease"], "5h"),
        (["sources", 0, "path"], "logs/*.jsonl"),
        (["sources", 0, "lateness"], "3h"),
        (["sources", 0, "fields", "event_id"], "id"),
        (["sources", 0, "expected_per_window"], "51"),
        (["streams", 0, "columns", 0, "max"], "6"),
        (["metrics", 0, "value"], "severity >= 5"),
        (["metrics", 0, "where"], "topic == 'billing'"),
        (["metrics", 1, "range"], ["1", "6"]),
        (["rollouts", 0, "stages"], ["limited", "pilot", "general"]),
        (["rollouts", 0, "owner", "contact"], "other@example.com"),
        (["gates", 0, "at_most"], "0.006"),
        (["gates", 0, "alpha"], "0.03"),
        (["gates", 0, "max_age"], "4h"),
        (["gates", 1, "segment"], "french"),
        (["gates", 0, "rollout"], ["support-agent"]),
        (["alerts", 1, "when"], ["pause", "hold"]),
        (["checks", 0, "mostly"], "0.98"),
        (["drift", 0, "reference", "start"], "2026-03-02"),
        (["drift", 0, "tolerance"], "0.2"),
    ],
)
def test_the_digest_changes_with_any_value_that_matters(path: list[str | int], value: Any) -> None:
    assert changed(path, value).digest != FULL.digest


def gate_digest(candidate: Policy, name: str) -> str:
    return next(gate.digest for gate in candidate.gate_specs("support-agent", "pilot") if gate.name == name)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["gates", 0, "at_most"], "0.006"),
        (["gates", 0, "alpha"], "0.03"),
        (["gates", 0, "beta"], "0.03"),
        (["gates", 0, "unit"], "window"),
        (["gates", 0, "segment"], "german"),
        (["gates", 0, "arm"], "control"),
        (["window"], "2h"),
        (["session_gap"], "21m"),
    ],
)
def test_a_gates_digest_changes_with_what_makes_its_evidence_another_test(path: list[str | int], value: Any) -> None:
    assert gate_digest(changed(path, value), "harm") != gate_digest(FULL, "harm")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["gates", 0, "max_age"], "4h"),
        (["gates", 0, "on_breach"], "hold"),
        (["gates", 0, "required_from"], "general"),
        (["gates", 0, "min_units"], "50"),
        (["gates", 0, "min_scored"], "0.6"),
        (["gates", 0, "owner"], "Someone Else"),
        (["lease"], "5h"),
        (["metrics", 0, "value"], "severity >= 5"),
    ],
)
def test_a_gates_digest_does_not_change_with_anything_else(path: list[str | int], value: Any) -> None:
    try:
        candidate = changed(path, value)
    except ConfigurationError:
        # The first gate stands for two rollouts with different stages.
        candidate = changed(path, "pilot")
    assert gate_digest(candidate, "harm") == gate_digest(FULL, "harm")


def cells_digest(candidate: Policy) -> str:
    return candidate.cell_metric("severe_ticket_rate", "item").digest


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["metrics", 0, "value"], "severity >= 5"),
        (["metrics", 0, "where"], "topic == 'billing'"),
        (["metrics", 0, "scored"], "severity is not None and topic is not None"),
        (["streams", 0, "columns", 0, "max"], "6"),
        (["streams", 0, "columns", 1, "choices"], ["billing", "delivery", "other"]),
        (["window"], "2h"),
        (["session_gap"], "21m"),
    ],
)
def test_a_cell_digest_covers_all_that_changes_a_number(path: list[str | int], value: Any) -> None:
    assert cells_digest(changed(path, value)) != cells_digest(FULL)


def test_a_cell_digest_covers_the_unit_and_nothing_that_changes_no_number() -> None:
    assert FULL.cell_metric("severe_ticket_rate", "session").digest != cells_digest(FULL)
    spaced = changed(["metrics", 0, "value"], "(severity>=4)  or  details['blocks customer']")
    assert cells_digest(spaced) == cells_digest(FULL)
    assert cells_digest(changed(["metrics", 0, "description"], "Other words")) == cells_digest(FULL)


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


def test_includes_are_relative_to_the_file_that_names_them_and_read_once() -> None:
    parts = {
        "team/gatehold.yaml": "include: [parts/gates.yaml, parts/people.yaml]\n",
        "team/parts/gates.yaml": "include: [../parts/people.yaml, ../gatehold.yaml]\n"
        "gates:\n  - {name: fresh, rollout: agent, metric: freshness_hours, at_most: 6}\n",
        "team/parts/people.yaml": "rollouts: [{name: agent, owner: {name: A, contact: b}, stages: [pilot]}]\n",
    }
    found = parse("team/gatehold.yaml", lambda path: parts[path])
    assert [gate.name for gate in found.gate_specs("agent", "pilot")] == ["fresh"]
    whole = policy(parts["team/parts/people.yaml"] + parts["team/parts/gates.yaml"].split("\n", 1)[1])
    assert found.digest == whole.digest


def test_words_that_yaml_likes_to_change_stay_words() -> None:
    text = "rollouts: [{name: no, owner: {name: on, contact: 12:30}, stages: [off, yes, y]}]\n"
    rollout = policy(text).rollout("no")
    assert (rollout.owner.name, rollout.owner.contact, rollout.stages) == ("on", "12:30", ("off", "yes", "y"))


def test_anchors_and_windows_line_endings_are_fine() -> None:
    text = "rollouts:\r\n  - {name: a, owner: &p {name: A, contact: b}, stages: &s [pilot]}\r\n"
    text += "  - {name: b, owner: *p, stages: *s}\r\n"
    assert policy(text).rollout("b").owner.contact == "b"


@given(st.integers(1, 999_999), st.sampled_from("smhdw"))
def test_durations_mean_the_same_however_they_are_written(number: int, unit: str) -> None:
    length = duration(f"{number}{unit}")
    assert duration(compact(length)) == length if len(compact(length)) <= 7 else True


# ---- robustness ----------------------------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["agent", "harm", "rate", "interactions", "1h", "=agent", "webhook", "scores.harm >= 0.5", "{a}-{b"]
    ),
)
WORDS = """name kind stream metric rollout at_most alpha stages owner switch when columns reference start range cuts of
fields value unit expect column url include"""
KEYS = st.sampled_from(WORDS.split())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=8),
    max_leaves=20,
)
SECTIONS = st.sampled_from(
    ["sources", "streams", "metrics", "rollouts", "gates", "alerts", "checks", "drift", "window", "include"]
)


def only_configuration_errors(text: str) -> None:
    try:
        policy(text)
    except ConfigurationError as error:
        problems = error.problems
    else:
        return
    assert problems
    assert all(problem.message for problem in problems)


@pytest.mark.slow
@given(st.dictionaries(SECTIONS, VALUES | st.lists(st.dictionaries(KEYS, VALUES, max_size=10), max_size=4), max_size=6))
@settings(max_examples=100, deadline=None)
def test_any_configuration_is_a_policy_or_a_configuration_error(data: Any) -> None:
    only_configuration_errors(yaml.safe_dump(data, allow_unicode=True))


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_policy_or_a_configuration_error(text: str) -> None:
    only_configuration_errors(text)


@given(st.text(alphabet="{}[]:,-&*!|>'\"#%@` \n\tab0", max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_tangle_of_yaml_is_a_policy_or_a_configuration_error(text: str) -> None:
    only_configuration_errors(text)


@given(st.integers(0, 4000), st.integers(1, 40), st.text(max_size=5))
@settings(max_examples=50, deadline=None)
def test_a_valid_file_with_a_hole_is_a_policy_or_a_configuration_error(start: int, length: int, put: str) -> None:
    text = read("full.yaml")
    only_configuration_errors(text[:start] + put + text[start + length :])


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
