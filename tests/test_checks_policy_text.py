"""However a configuration is written, it is a policy or a configuration error: includes, anchors, tangles."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_examples import policy, read

from checks.policy import parse
from checks.policy.base import compact, duration
from warehouse.records.errors import ConfigurationError

# ---- warnings, includes, scalars -----------------------------------------------------------------------------------


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
