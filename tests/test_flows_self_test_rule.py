"""What a gate must come to is a rule apart, and so is the project that a gate is tried in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from self_test_gates import GATES, one, plainly, policy, spec

from flows.self_test import deriving, expecting, trying
from flows.self_test.records import Seen, Story
from warehouse.records.errors import CheckError, UsageError

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
