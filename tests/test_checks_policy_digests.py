"""What a policy's digests cover, those of its gates and of its cells, and what changes none of them."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_examples import FULL, policy, read

from checks.policy import Policy
from warehouse.records.errors import ConfigurationError


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
