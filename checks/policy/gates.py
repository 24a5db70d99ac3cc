"""`gates`: one metric, one limit, and what happens when it is not kept."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any
from typing import Literal as OneOf

from pydantic import BeforeValidator, Field
from pydantic.json_schema import WithJsonSchema

from checks.gates.spec import GateSpec, Meaning, TestKind
from checks.policy.base import Duration, Finite, Many, Name, Section, Words
from checks.policy.metric_kinds import is_statistical
from checks.policy.metrics import Metric
from checks.policy.reference import Reference
from checks.policy.releases import depends_on
from checks.policy.rollouts import Rollout
from warehouse.records.metrics import Unit


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_NAME_SCHEMA = {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,62}$"}
OneOrMany = Annotated[
    Many[Name],
    Field(min_length=1),
    BeforeValidator(_as_list),
    WithJsonSchema({"anyOf": [_NAME_SCHEMA, {"type": "array", "items": _NAME_SCHEMA, "minItems": 1}]}),
]
ErrorBudget = Annotated[Finite, Field(gt=0, le=0.5)]


class Gate(Section):
    """One condition that a rollout must keep."""

    name: Name
    """Name of the gate, once in its rollout."""
    rollout: OneOrMany
    """The rollout it belongs to, or a list of rollouts that each get this gate."""
    metric: Name
    """The metric it rests on."""
    at_most: Finite | None = None
    """Limit of a metric of which less is better."""
    at_least: Finite | None = None
    """Limit of a metric of which more is better."""
    alpha: ErrorBudget | None = None
    """Chance of ever pausing a healthy epoch; needed for rates and means."""
    beta: ErrorBudget | None = None
    """Chance of ever passing an epoch that breaks the limit; needed for rates and means."""
    against: OneOf["limit", "control", "reference"] = "limit"
    """What the metric is held against: the limit itself, the control arm, or its own past."""
    compare: OneOf["value", "odds_ratio", "difference", "distribution"] = "value"
    """How: odds_ratio or difference against the control arm, value or distribution against the past."""
    reference: Reference | None = None
    """The span of its past: pinned when it is first read; evidence begins after it."""
    tolerance: Annotated[Finite, Field(gt=0, le=100)] | None = None
    """Smallest relative rise of badness over the past that matters: 0.5 is half as much again."""
    typical: Finite | None = None
    """Value to expect of the control arm, fixed in advance; it decides how fast a difference shows, never whether."""
    candidate_share: Annotated[Finite, Field(gt=0, lt=1)] | None = None
    """Share of the traffic that is assigned to the candidate at random; arms filled otherwise are not compared."""
    unit: Unit | None = None
    """Unit of evidence; left out, the metric's own."""
    limit_means: Meaning | None = None
    """What the limit is for: every_window (a burst breaks it) or long_run (only the mean over many windows counts)."""
    target: Finite | None = None
    """Best value to hope for, from which headroom is counted; left out, the good end of the range."""
    judge: Name | None = None
    """The judge (section judges) that must have earned the right to gate."""
    alpha_covers: OneOf["release", "service", "epoch"] = "release"
    """What alpha and beta are spent on: one release with all its restarts, all releases ever, or each epoch anew."""
    max_age: Duration | None = None
    """How old the newest complete window with data may be before the gate is stale."""
    on_breach: OneOf["pause", "hold"] = "pause"
    """What a proved breach does."""
    required_from: Name | None = None
    """First stage that asks for it; left out, the first stage of the rollout."""
    segment: Words | None = None
    """Only rows of this segment."""
    arm: OneOf["candidate", "control"] | None = None
    """Only rows of this arm; left out, the candidate."""
    min_units: Annotated[int, Field(ge=1)] = 30
    """Units of evidence that a pass needs at least."""
    min_scored: Annotated[Finite, Field(ge=0, le=1)] = 0.5
    """Share of units that must have a value; below it nothing is said."""
    owner: Words | None = None
    """Who is asked when it does not pass; left out, the rollout's owner."""

    @property
    def direction(self) -> OneOf["at_most", "at_least"]:
        """Which side of the limit is right."""
        return "at_most" if self.at_most is not None else "at_least"

    @property
    def limit(self) -> float:
        """The limit in the metric's unit; 0 for a value against the past, whose limit is read from there."""
        limit = self.at_most if self.at_most is not None else self.at_least
        return 0.0 if limit is None else limit

    def test(self, metric: Metric) -> TestKind:
        """What the gate compares with what."""
        if self.against == "control":
            if self.compare == "odds_ratio":
                return "odds_ratio"
            return "rate_difference" if metric.kind == "rate" else "score_difference"
        if self.against == "reference":
            return "distribution" if self.compare == "distribution" else "reference"
        return "limit"


def spec(gate: Gate, rollout: Rollout, stage: str, metric: Metric, cell_digest: str) -> GateSpec:
    """The gate as the verdicts read it, for one rollout at one stage.

    Its digest covers all that would make its evidence another test: the metric (`cell_digest`), the limit, what it is
    compared with, the error budgets, the unit and the traffic. It does not cover who owns it, how old data may be, or
    what a breach does.
    """
    test = gate.test(metric)
    statistical = is_statistical(metric.kind) or test == "distribution"
    stages = list(rollout.stages)
    required_from = gate.required_from or stages[0]
    unit = gate.unit or metric.unit
    facts = [1, cell_digest, metric.kind, gate.direction, gate.limit, gate.alpha, gate.beta, unit]
    traffic = [rollout.name, gate.segment, gate.arm, metric.low, metric.high]
    span = [gate.reference.start.isoformat(), gate.reference.end.isoformat()] if gate.reference else []
    # Only where it is said: the evidence of policies that do not name it has to go on.
    traffic += ["fingerprint"] if rollout.releases.by == "fingerprint" else []
    compared = [test, gate.tolerance, gate.typical, gate.candidate_share, gate.alpha_covers, *span]
    low, high = (0.0, 1.0) if test == "distribution" else (metric.low, metric.high)
    return GateSpec(
        name=gate.name,
        rollout=rollout.name,
        metric=metric.name,
        kind=metric.kind,
        layer=metric.layer,
        direction=metric_direction(gate, metric),
        limit=gate.limit,
        measure=metric.measure,
        low=low,
        high=high,
        unit=unit,
        alpha=gate.alpha,
        beta=gate.beta,
        max_age=gate.max_age,
        min_units=gate.min_units if statistical else 0,
        min_scored=gate.min_scored if statistical else 0.0,
        on_breach=gate.on_breach if statistical else "hold",
        required_from=required_from,
        required=stages.index(stage) >= stages.index(required_from),
        segment=gate.segment,
        arm=gate.arm,
        owner=gate.owner or rollout.owner.name,
        digest=_digest([facts, traffic, compared]),
        test=test,
        means=gate.limit_means or ("long_run" if unit == "window" else "every_window"),
        typical=gate.typical,
        candidate_share=gate.candidate_share,
        tolerance=gate.tolerance,
        target=gate.target,
        whole_alpha=gate.alpha,
        whole_beta=gate.beta,
        judge=gate.judge,
        judged=metric.judged,
        reference=(gate.reference.start, gate.reference.end) if gate.reference else None,
        alpha_covers=gate.alpha_covers,
        depends_on=depends_on(metric, rollout.releases),
        by_fingerprint=rollout.releases.by == "fingerprint",
        basis=_digest([cell_digest, metric.kind, traffic, test, *compared[2:], gate.judge, gate.limit_means]),
    )


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def metric_direction(gate: Gate, metric: Metric) -> OneOf["at_most", "at_least"]:
    """Which side of the limit is right; a value against its past takes it from the metric."""
    if gate.at_most is None and gate.at_least is None:
        return "at_least" if metric.better == "higher" else "at_most"
    return gate.direction
