"""What a broken configuration is told: every problem at once, with place, what was given, what is allowed.

The files `tests/policies/*.txt` are the specification of the messages; each belongs to the broken file beside it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT

from checks.policy import describe, parse
from warehouse.records.errors import ConfigurationError, Problem

POLICIES = ROOT / "tests" / "policies"
BROKEN = sorted(path.stem for path in POLICIES.glob("*.txt"))


def read(path: str) -> str:
    with (POLICIES / path).open(encoding="utf-8", newline="") as file:
        return file.read()


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse("gatehold.yaml", lambda _: text)
    return caught.value.problems


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_told_every_problem_at_once(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(f"{name}.yaml", read)
    assert describe(caught.value.problems) + "\n" == (POLICIES / f"{name}.txt").read_text(encoding="utf-8")


def test_there_are_at_least_fifteen_broken_files_and_each_has_its_messages() -> None:
    files = {path.stem for path in POLICIES.glob("*.yaml")}
    assert len(BROKEN) >= 15
    assert files - set(BROKEN) == {"design", "full"}


def test_a_file_that_cannot_be_read_is_one_problem_without_a_line() -> None:
    def denied(path: str) -> str:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(ConfigurationError) as caught:
        parse("gatehold.yaml", denied)
    assert str(caught.value) == "gatehold.yaml: cannot be read: Permission denied."
    assert describe(caught.value.problems) == (
        "gatehold.yaml: 1 problem\n  whole file: cannot be read: Permission denied."
    )


def test_a_file_that_is_not_text_is_one_problem() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse("gatehold.yaml", lambda _: b"\xff\xfe".decode("utf-8"))
    assert str(caught.value) == "gatehold.yaml: is not UTF-8 text (byte 0). Save it as UTF-8."


def test_the_reader_may_raise_problems_of_its_own() -> None:
    own = Problem("gatehold.yaml", None, "", "there is no such file.", hint="`gatehold init DIR` makes one.")

    def absent(path: str) -> str:
        raise ConfigurationError([own])

    with pytest.raises(ConfigurationError) as caught:
        parse("gatehold.yaml", absent)
    assert caught.value.problems == (own,)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ('gates: []\nx: "\\x01"\n', "a text holds a control character.", 2),
        ("gates: []\nx: \x07\n", "a character stands here that YAML does not allow.", 2),
        ('gates: []\nx: "\\UFFFFFFFF"\n', "the file is not valid YAML.", 1),
        ("x: " + "[" * 60 + "]" * 60, "values are nested more than 40 deep.", 1),
        ("x: &a [*a]\n", "an alias stands inside the value that it names.", 1),
        ("x: *nobody\n", "this is not valid YAML: found undefined alias 'nobody'.", 1),
        ("{[1, 2]: x}\n", "a key must be plain text.", 1),
        ("just text\n", "the file is not a mapping.", 1),
    ],
)
def test_what_is_not_plain_yaml_is_one_clear_problem(text: str, message: str, line: int) -> None:
    (problem,) = problems(text)
    assert (problem.message, problem.line) == (message, line)


def test_lines_are_right_inside_flow_mappings_and_after_blocks() -> None:
    text = (
        "rollouts:\n  - name: agent\n    owner: {name: A,\n            contact: 5}\n    stages: [pilot,\n"
        "      Pilot Two]\ngates:\n  - {name: g, rollout: agent,\n     metric: harmful_output_rate,\n"
        "     at_most: much}\n"
    )
    found = {problem.path: problem.line for problem in problems(text)}
    assert found["rollouts[0].owner.contact"] == 4
    assert found["rollouts[0].stages[1]"] == 6
    assert found["gates[0].at_most"] == 10
    assert found["gates[0].alpha"] == 8, "what is missing is reported where its mapping begins"


def test_no_message_shows_a_secret() -> None:
    text = """
rollouts:
  - name: agent
    owner: {name: A, contact: b}
    stages: [pilot]
    switch: https://hooks.example.com/s3cr3t
  - name: other
    owner: {name: A, contact: b}
    stages: [pilot]
    switch: {kind: webhook, url_env: "s3cr3t token", secret_env: 5, password: s3cr3t}
alerts:
  - {name: a, kind: webhook, url_env: [s3cr3t], api_key: s3cr3t, when: [pause]}
  - {name: b, kind: https://hooks.example.com/s3cr3t, url_env: A}
"""
    assert "s3cr3t" not in describe(problems(text))
    assert "s3cr3t" not in "\n".join(map(repr, problems(text)))


def test_hostile_text_reaches_no_terminal_unescaped() -> None:
    report = describe(
        problems('gates:\n  - {name: "\\u202e<b>evil", metric: "a\\u009b31m"}\n'.replace("\\u009b", "\\u2028"))
    )
    assert "\u202e" not in report
    assert "\u2028" not in report


def test_a_broken_declaration_does_not_make_its_users_wrong() -> None:
    text = """
metrics:
  - {name: slow, layer: workflow, kind: rate, stream: interactions, value: "latency_ms >", better: lower,
     description: S.}
rollouts:
  - {name: agent, owner: {name: A}, stages: [pilot]}
gates:
  - {name: slow, rollout: agent, metric: slow, at_most: 0.1, alpha: 0.05, beta: 0.05, required_from: pilot}
"""
    assert [problem.path for problem in problems(text)] == ["metrics[0].value", "rollouts[0].owner.contact"]


def test_a_file_that_cannot_be_read_does_not_make_its_users_wrong() -> None:
    files = {
        "a.yaml": "include: [b.yaml]\ngates:\n  - {name: g, rollout: agent, metric: mine, at_most: 1, at_least: 2}\n",
        "b.yaml": "rollouts: [\n",
    }
    with pytest.raises(ConfigurationError) as caught:
        parse("a.yaml", files.__getitem__)
    assert [(p.file, p.message) for p in caught.value.problems] == [
        ("a.yaml", "the gate has two limits."),
        ("b.yaml", "this is not valid YAML: expected the node content, but found '<stream end>'."),
    ]


def test_every_broken_file_is_text_with_a_place() -> None:
    for name in BROKEN:
        with pytest.raises(ConfigurationError) as caught:
            parse(f"{name}.yaml", read)
        for problem in caught.value.problems:
            assert problem.line is not None
            assert problem.line <= read(problem.file).count("\n") + 1
            assert problem.message.endswith("."), problem
            assert Path(problem.file).suffix == ".yaml"
