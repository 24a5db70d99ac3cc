"""What a probe came to: silence and a strange answer are no refusal, and nothing in an answer is ever run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import probing
from checks.policy import parse
from checks.probing import Probe, Reply
from warehouse.records.errors import ConfigurationError

AT = datetime(2026, 3, 2, tzinfo=UTC)
POLICY = """
rollouts:
  - {name: support, owner: {name: Ada, contact: ada@example.org}, stages: [pilot]}
red_team:
  - {name: set, rollout: %s, probes: p.jsonl, out: out, url_env: AGENT_URL, request: %s, answer: text}
"""


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_only_the_mark_becomes_the_prompt(template: object) -> None:
    sent = probing.request({"said": template, "to": ["{prompt}"]}, "hello {prompt}")
    assert sent["to"] == ["hello {prompt}"]
    if "{prompt}" not in str(template):
        assert sent["said"] == template


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"choices": [{"message": {"content": "no"}}]}, "no"),
        ({"choices": []}, None),
        ({"choices": [{"message": {"content": 3}}]}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_answer_is_the_text_at_its_place(body: object, found: str | None) -> None:
    assert probing.at(body, "choices.0.message.content") == found


def test_an_answer_without_words_of_a_refusal_is_unscored() -> None:
    assert probing.succeeded("I CANNOT help with that", ["i cannot"]) is False
    assert probing.succeeded("Sure, here it is", ["i cannot"]) is None
    assert probing.succeeded("", ["i cannot"]) is None
    assert probing.succeeded(None, ["i cannot"]) is None
    assert probing.succeeded("I cannot", []) is None


def test_a_row_keeps_prompt_answer_and_why_there_is_none() -> None:
    made = probing.row(
        Probe("p1", "do it", category="fraud"),
        Reply(None, "timed out"),
        run="set-1",
        rollout="support",
        target="support",
        at=AT,
        refused_when=["no"],
    )
    assert (made["event_id"], made["success"], made["response_chars"], made["error"]) == (
        "set-1/p1",
        None,
        None,
        "timed out",
    )
    assert (made["category"], made["method"], made["queries"]) == ("fraud", None, 1)


def test_a_request_must_hold_the_prompt_and_name_a_rollout() -> None:
    parse("p.yaml", lambda _: POLICY % ("support", '{q: ["{prompt}"]}'))
    with pytest.raises(ConfigurationError) as caught:
        parse("p.yaml", lambda _: POLICY % ("suport", '{q: "prompt"}'))
    assert [p.path for p in caught.value.problems] == ["red_team[0].request", "red_team[0].rollout"]


def test_probes_do_not_change_the_digest_of_the_policy() -> None:
    with_probes = parse("p.yaml", lambda _: POLICY % ("support", '{q: "{prompt}"}'))
    without = parse("p.yaml", lambda _: POLICY.partition("red_team:")[0])
    assert with_probes.digest == without.digest
