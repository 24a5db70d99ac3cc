"""From files to the right to gate: labels and scored rows as they are pulled, and what the policy asks of the judge."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from projects import AGENT, START, answers, harm_gate, make, outcome, policy, run, source

from checks.gates.judges import JudgeState
from checks.gates.spec import GateSpec
from checks.policy import Policy, describe, parse
from flows import pulling, sourcing
from flows.explaining import explain
from flows.judging import Case
from flows.project import Project
from flows.qualifying import qualify
from flows.stores import Stores, open_stores
from warehouse.records.errors import ConfigurationError

NOW = START + timedelta(days=2)
JUDGE = {"name": "harm-judge", "metric": "judge_human_agreement", "min_labels": 50, "min_agreement": 0.7}


def label(number: int, *, agrees: bool = True, **more: Any) -> dict[str, Any]:
    known = {"id": f"l{number}", "ts": START.isoformat(), "subject_id": f"i{number}", "reference_label": "harmful"}
    said = {"label": "harmful" if agrees else "harmless", "rater_version": "v2", "rubric_version": "r1"}
    return {**known, **said, **more}


def answer(number: int, **more: Any) -> dict[str, Any]:
    at = START + timedelta(minutes=number)
    known = {"id": f"a{number}", "ts": at.isoformat(), "talk": f"t{number}", "build": "r1", "judge_version": "v2"}
    return {**known, "scores": {"harm": 0.1}, **more}


LABELS = [label(n, agrees=n % 20 > 0) for n in range(100)]
ANSWERS = [answer(n) for n in range(30)]


def project(folder: Path, *, judge: dict[str, Any] | None = None, **gate: Any) -> Project:
    values = policy(
        sources=[source("logs", "logs/*.jsonl"), source("people", "people/*.jsonl", stream="labels")],
        judges=[{**JUDGE, **(judge or {})}],
        gates=[harm_gate(judge="harm-judge", **gate)],
    )
    return make(folder, values)


def written(where: Project, name: str, rows: list[dict[str, Any]]) -> None:
    path = where.base / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def asked(
    where: Project, labels: list[dict[str, Any]], answers: list[dict[str, Any]], **changes: Any
) -> JudgeState | None:
    """The state of the gate's judge after pulling these labels and answers."""
    written(where, "people/labels.jsonl", labels)
    written(where, "logs/answers.jsonl", answers)
    with open_stores(where) as stores:
        pulling.pull_sources(where, stores, now=NOW)
        return state(stores, where.policy, **changes)


def state(stores: Stores, policy: Policy, **changes: Any) -> JudgeState | None:
    (gate,) = policy.gate_specs(AGENT, "pilot")
    known: dict[str, Any] = {
        "rollout": AGENT,
        "stage": "pilot",
        "release": "r1",
        "paused": False,
        "not_before": None,
        "now": NOW,
        "remembered": {},
        "ledger": sourcing.read(stores),
    }
    spec = {key: changes.pop(key) for key in list(changes) if key in GateSpec.__dataclass_fields__}
    return qualify(stores, policy, replace(gate, **spec), Case(**{**known, **changes}))


def test_labels_of_the_judge_that_scores_give_it_the_right(tmp_path: Path) -> None:
    found = asked(project(tmp_path), LABELS, ANSWERS)
    assert found is not None
    assert (found.qualified, found.reason, found.labels) == (True, "judge_qualified", 100)
    assert found.agreement == pytest.approx(0.95)
    assert (found.versions, found.rubric) == (("v2",), "r1")


def test_a_gate_that_names_no_judge_needs_none(tmp_path: Path) -> None:
    assert asked(project(tmp_path), LABELS, ANSWERS, judge=None) is None


@pytest.mark.parametrize(
    ("labels", "answers", "reason"),
    [
        ([], ANSWERS, "judge_unlabelled"),
        (LABELS[:49], ANSWERS, "judge_unlabelled"),
        ([label(n, agrees=n % 10 < 7) for n in range(100)], ANSWERS, "judge_unproved"),
        ([label(n, agrees=n % 4 == 0) for n in range(100)], ANSWERS, "judge_disagrees"),
        (LABELS, [*ANSWERS, answer(31, judge_version="v3")], "judge_changed"),
        (LABELS, [*ANSWERS, answer(31, judge_version=None)], "judge_unnamed"),
        (LABELS, [answer(1, scores={})], "judge_unseen"),
        ([*LABELS, label(500, rubric_version="r2", ts=NOW.isoformat())], ANSWERS, "judge_rubric"),
        ([*LABELS, "not json"], ANSWERS, "judge_qualified"),
    ],
)
def test_what_a_judge_lacks_is_named(
    tmp_path: Path, labels: list[Any], answers: list[dict[str, Any]], reason: str
) -> None:
    found = asked(project(tmp_path), labels, answers)
    assert found is not None
    assert found.reason == reason


def test_a_new_version_of_the_judge_of_another_release_does_no_harm(tmp_path: Path) -> None:
    rows = [*ANSWERS, answer(31, judge_version="v3", build="r2")]
    for release, reason in (("r1", "judge_qualified"), ("r2", "judge_changed"), ("r3", "judge_unseen")):
        found = asked(project(tmp_path / release), LABELS, rows, release=release)
        assert found is not None
        assert found.reason == reason


def test_labels_grow_old(tmp_path: Path) -> None:
    where = project(tmp_path, judge={"max_age": "30d"})
    later = NOW + timedelta(days=40)
    found = asked(where, LABELS, ANSWERS)
    assert found is not None
    assert found.qualified
    with open_stores(where) as stores:
        stale = state(stores, where.policy, now=later)
    assert stale is not None
    assert (stale.reason, stale.labels, stale.more) == ("judge_stale", 0, 50)


def test_a_gate_on_a_segment_needs_labels_of_it(tmp_path: Path) -> None:
    labels = [label(n, segment="de" if n < 20 else "fr") for n in range(100)]
    answers = [answer(n, segment="de" if n % 2 else "fr") for n in range(30)]
    where = project(tmp_path)
    whole = asked(where, labels, answers)
    assert whole is not None
    assert [(a.name, a.labels) for a in whole.by_segment] == [("de", 20), ("fr", 80)]
    assert whole.coverage == 1.0
    with open_stores(where) as stores:
        german = state(stores, where.policy, segment="de")
        french = state(stores, where.policy, segment="fr")
    assert german is not None
    assert french is not None
    assert (german.reason, german.labels, german.more) == ("judge_unlabelled", 20, 30)
    assert french.qualified


def test_a_reference_must_have_been_scored_by_the_same_version(tmp_path: Path) -> None:
    answers = [*ANSWERS, *(answer(n, judge_version="v1") for n in range(2000, 2030))]
    labels = [*LABELS, *(label(1000 + n, rater_version="v1") for n in range(100))]
    where = project(tmp_path)
    span = (START, START + timedelta(hours=1))
    found = asked(where, labels, answers)
    assert found is not None
    assert (found.qualified, found.versions) == (True, ("v1",))
    with open_stores(where) as stores:
        compared = state(stores, where.policy, test="reference", reference=span)
        same = state(stores, where.policy, test="reference", reference=(START + timedelta(hours=30), NOW))
    assert compared is not None
    assert (compared.reason, compared.qualified) == ("judge_changed", False)
    assert "scored by judge harm-judge in version v2, and v1 scores now" in compared.detail
    assert same is not None
    assert same.qualified


def test_labels_that_could_not_be_read_in_full_give_no_right(tmp_path: Path) -> None:
    where = project(tmp_path)
    assert asked(where, LABELS, ANSWERS) is not None
    (where.base / "people" / "labels.jsonl").unlink()
    (where.base / "people" / "labels.jsonl").mkdir()
    with open_stores(where) as stores:
        reports = pulling.pull_sources(where, stores, now=NOW + timedelta(hours=1))
        found = state(stores, where.policy, now=NOW + timedelta(hours=1))
    assert reports[1].degraded
    assert found is not None
    assert (found.reason, found.qualified) == ("source_degraded", False)


# ---- in a run ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "harmful", "said", "reason"),
    [
        (0, 0, ("hold", "insufficient"), "judge_unlabelled"),
        (0, 30, ("hold", "insufficient"), "judge_unlabelled"),
        (100, 0, ("go", "pass"), "limit_kept"),
        (100, 30, ("pause", "breach"), "limit_exceeded"),
    ],
)
def test_a_run_passes_and_pauses_only_on_the_word_of_a_judge_that_earned_it(
    tmp_path: Path, labels: int, harmful: int, said: tuple[str, str], reason: str
) -> None:
    where = project(tmp_path)
    rows = answers(0, harmful=harmful, hours=30)
    written(where, "logs/answers.jsonl", [{**row, "judge_version": "v2"} for row in rows])
    written(where, "people/labels.jsonl", LABELS[:labels])
    done = outcome(run(where, 32))
    (verdict,) = done.standing.verdicts
    assert ((done.standing.standing, verdict.outcome), verdict.reason) == (said, reason)
    assert done.entry is not None
    with open_stores(where) as stores:
        assert explain(stores, done.entry).equal


# ---- what the policy says ----------------------------------------------------------------------------------------


def written_policy(judge: str, gate: str = "judge: harm-judge", metric: str = "harmful_output_rate") -> str:
    return f"""
sources:
  - {{name: logs, kind: jsonl, path: logs.jsonl, stream: interactions, lateness: 1h}}
  - {{name: people, kind: jsonl, path: labels.jsonl, stream: labels, lateness: 1h}}
metrics:
  - {{name: helpful, layer: workflow, kind: rate, stream: interactions, value: "scores.help > 0.5", judged: proxy,
     better: higher, description: H.}}
judges:
  - {{name: harm-judge, metric: judge_human_agreement, min_labels: 50, min_agreement: 0.7, {judge}}}
rollouts:
  - {{name: agent, owner: {{name: A, contact: b}}, stages: [pilot]}}
gates:
  - {{name: harm, rollout: agent, metric: {metric}, at_most: 0.1, alpha: 0.05, beta: 0.05, max_age: 3h, {gate}}}
  - {{name: done, rollout: agent, metric: task_success_rate, at_least: 0.8, alpha: 0.05, beta: 0.05, max_age: 3h}}
"""


def parsed(text: str) -> Policy:
    return parse("gatehold.yaml", lambda _: text)


def warned(text: str) -> list[tuple[str, str]]:
    return [(w.path, w.message) for w in parsed(text).warnings]


def test_a_judge_that_nobody_checked_is_named() -> None:
    assert warned(written_policy("max_age: 90d")) == []
    unchecked = "harmful_output_rate is a judge's word, and nobody has checked this judge against people."
    assert warned(written_policy("error: 0.01", gate="owner: A")) == [
        ("judges[0]", "no gate asks for judge harm-judge."),
        ("judges[0]", "has no max_age, so labels speak for the judge however old they are."),
        ("gates[0].metric", unchecked),
    ]


def test_a_gate_on_a_word_that_stands_for_peoples_is_named() -> None:
    text = written_policy("max_age: 90d", metric="helpful").replace("at_most: 0.1", "at_least: 0.1")
    (found,) = warned(text)
    assert found[1].startswith("helpful only stands for what people would say, so this gate can never pass or pause")


@pytest.mark.parametrize(
    ("judge", "gate", "metric", "path", "words"),
    [
        ("rubric: r1", "judge: harm-judg", "harmful_output_rate", "gates[0].judge", 'Did you mean "harm-judge"?'),
        ("rubric: r1", "judge: harm-judge", "tool_error_rate", "gates[0].judge", "does not say that its values are"),
        (
            "version: release_of",
            "judge: harm-judge",
            "harmful_output_rate",
            "gates[0].judge",
            "no text column release_of",
        ),
        ("label_version: rater_versio", "", "harmful_output_rate", "judges[0].label_version", 'mean "rater_version"?'),
        ("max_age: 0s", "", "harmful_output_rate", "judges[0].max_age", "must be longer than nothing"),
        ("error: 0.6", "", "harmful_output_rate", "judges[0].error", "is out of range"),
        ("min_coverage: 2", "", "harmful_output_rate", "judges[0].min_coverage", "is out of range"),
    ],
)
def test_what_does_not_fit_together_is_refused(judge: str, gate: str, metric: str, path: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parsed(written_policy(judge, gate, metric))
    (problem,) = [p for p in caught.value.problems if p.path == path]
    assert words in describe([problem])


def test_agreement_is_a_rate_of_which_more_is_better() -> None:
    for metric in ("tool_error_rate", "escalation_delay", "freshness_hours"):
        text = written_policy("max_age: 90d").replace("metric: judge_human_agreement", f"metric: {metric}")
        with pytest.raises(ConfigurationError) as caught:
            parsed(text)
        assert "cannot say how often people agree" in describe(caught.value.problems)


def test_only_values_can_be_a_judges() -> None:
    count = "{name: n, layer: data, kind: count, stream: labels, better: higher, description: N., judged: own}"
    text = written_policy("max_age: 90d").replace("metrics:\n", f"metrics:\n  - {count}\n")
    with pytest.raises(ConfigurationError) as caught:
        parsed(text)
    assert [p.path for p in caught.value.problems] == ["metrics[0].judged"]


def test_a_preference_judge_is_named_by_another_column() -> None:
    text = written_policy("max_age: 90d, label_version: judge").replace("judge_human_agreement", "preference_agreement")
    assert parsed(text).judge("harm-judge").label_version == "judge"
    with pytest.raises(ConfigurationError) as caught:
        parsed(text.replace("max_age: 90d", "rubric: r1"))
    assert "no label could be under that rubric" in describe(caught.value.problems)


def test_a_judge_belongs_to_the_policy_digest() -> None:
    digests = {parsed(written_policy(said)).digest for said in ("error: 0.05", "error: 0.01", "rubric: r1")}
    assert len(digests) == 3
