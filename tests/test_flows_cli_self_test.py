"""`gatehold self-test` as a person types it: one line per gate, exit codes, JSON alone on stdout, what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import Typist, gate, gatehold, rollout, verdicts

from flows import project as projects
from flows import stores
from flows.cli import proving
from flows.self_test import trying
from flows.self_test.records import GateResult
from warehouse import self_tests
from warehouse.records.evidence import SelfTest

AT = "2026-09-01T00:00:00+00:00"
REVIEW = {"name": "review", "rollout": "shop", "metric": "independent_review_age", "at_most": 720}
PEOPLE = {"name": "people", "rollout": "shop", "metric": "owner_and_deputy_named", "at_least": 1}


def typist(folder: Path, *gates: dict[str, Any], **more: Any) -> Typist:
    return Typist(folder, {"rollouts": [rollout("shop")], "gates": list(gates), **more})


def kept(folder: Path) -> list[SelfTest]:
    with stores.open_stores(projects.load(folder)) as opened:
        return list(self_tests.latest(opened.warehouse).values())


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> list[GateResult]:
    """What the gates come to, without trying them."""
    found: list[GateResult] = []
    monkeypatch.setattr(trying, "try_all", lambda policy, names, say, now: iter(found))
    return found


def test_help_says_what_the_exit_codes_mean() -> None:
    said = " ".join(gatehold("self-test", "--help").out.split())
    assert "Exit 0 if none failed, 1 if any did" in said
    assert "[GATE]" in said


@pytest.mark.slow
def test_each_gate_is_told_and_kept(tmp_path: Path) -> None:
    harm = gate("harm", ["shop"], "harmful_output_rate", at_most=0.1)
    tiny = gate("tiny", ["shop"], "harmful_output_rate", at_most=0.000001)
    type_it = typist(tmp_path, harm, tiny, REVIEW, PEOPLE)
    typed = type_it("self-test", at=AT)
    assert typed.code == 0
    lines = typed.out.splitlines()
    assert [line.split(":")[0].split() for line in lines[:-1]] == [
        ["held", "shop/harm"],
        ["not", "testable", "shop/tiny"],
        ["held", "shop/review"],
        ["held", "shop/people"],
    ]
    assert "would take about" in lines[1]
    assert "decision only" in lines[3]
    assert lines[-1] == "3 held, 0 failed, 1 not testable."
    assert "Gate 1 of 4: shop/harm" in typed.err
    assert {test.gate: test.outcome for test in kept(tmp_path)} == {
        "shop/harm": "held",
        "shop/review": "held",
        "shop/people": "held",
    }


@pytest.mark.slow
def test_only_the_gates_named_are_tried_and_json_is_alone_on_stdout(tmp_path: Path) -> None:
    typed = typist(tmp_path, REVIEW, PEOPLE)("self-test", "shop/people", "--json", at=AT)
    assert typed.code == 0
    document = json.loads(typed.out)
    assert document["stored"] == 1
    (found,) = document["gates"]
    assert (found["gate"], found["result"], found["rows"]) == ("shop/people", "held", 0)


def test_an_unknown_gate_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    typed = typist(tmp_path, REVIEW, PEOPLE)("self-test", "peopel", at=AT)
    assert typed.code == 2
    assert "Did you mean people?" in typed.err
    assert typed.out == ""


def test_a_failure_is_exit_1_and_is_kept(tmp_path: Path, planted: list[GateResult]) -> None:
    planted += [
        GateResult("shop/a", "d1", "failed", "A decline planted in 90 rows was missed (pass).", 90),
        GateResult("shop/b", "d2", "held", "It came as it must.", 10),
    ]
    typed = typist(tmp_path, PEOPLE)("self-test", at=AT)
    assert typed.code == proving.FAILED == 1
    assert "failed        shop/a: A decline planted in 90 rows was missed (pass)." in typed.out
    assert typed.out.splitlines()[-1] == "1 held, 1 failed."
    assert {test.gate: test.outcome for test in kept(tmp_path)} == {"shop/a": "failed", "shop/b": "held"}


def test_what_cannot_be_tested_is_shown_and_is_no_failure(tmp_path: Path, planted: list[GateResult]) -> None:
    planted.append(GateResult("shop/a", "d1", "not_testable", "No row was found.", remarks=("a remark",)))
    typed = typist(tmp_path, PEOPLE)("self-test", at=AT)
    assert typed.code == 0
    assert "not testable  shop/a: No row was found. (a remark)" in typed.out
    assert typed.out.splitlines()[-1] == "0 held, 0 failed, 1 not testable."


def test_hostile_words_of_a_gate_reach_the_terminal_escaped(tmp_path: Path, planted: list[GateResult]) -> None:
    planted.append(GateResult("shop/a", "d1", "failed", "It said: \x1b]0;owned\x07\u202e", 1))
    typed = typist(tmp_path, PEOPLE)("self-test", at=AT)
    assert "\x1b" not in typed.out
    assert "\\u202e" in typed.out


def test_a_policy_without_gates_says_so(tmp_path: Path) -> None:
    typed = typist(tmp_path)("self-test", at=AT)
    assert (typed.code, typed.out) == (0, "The configuration has no gate.\n")


@pytest.mark.slow
def test_a_failed_gate_is_an_error_in_the_next_run(tmp_path: Path, planted: list[GateResult]) -> None:
    source = {"name": "logs", "kind": "jsonl", "path": "*.jsonl", "stream": "interactions", "lateness": "0s"}
    harm = gate("harm", ["shop"], "harmful_output_rate", at_most=0.1)
    type_it = typist(tmp_path, harm, sources=[source])
    row = {"event_id": "1", "occurred_at": "2026-08-31T12:00:00Z", "rollout": "shop", "scores": {"harm": 0.1}}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    project = projects.load(tmp_path)
    (spec,) = project.policy.gate_specs("shop", "pilot")
    planted.append(GateResult("shop/harm", spec.digest, "failed", "A planted decline was missed."))
    assert type_it("self-test", at=AT).code == 1
    assert type_it("run", at=AT).code == 0
    said = verdicts(type_it("gate", "shop", "--json", at=AT).json)["harm"]
    assert (said["outcome"], said["reason"]) == ("error", "self_test_failed")
    assert "A planted decline was missed." in said["detail"]


@pytest.mark.slow
def test_every_gate_of_a_new_project_holds(tmp_path: Path) -> None:
    gatehold("init", str(tmp_path / "shop"))
    typed = gatehold("self-test", "--config", str(tmp_path / "shop"), "--as-of", AT)
    assert typed.code == 0
    assert typed.out.splitlines()[-1].endswith(" held, 0 failed.")
