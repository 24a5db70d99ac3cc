"""Gates of every kind, the policy that holds one of them, and its self-test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import yaml

from checks.gates.spec import GateSpec
from checks.policy import Policy, parse
from flows.self_test import trying
from flows.self_test.records import GateResult

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
