"""Making a verdict: what every gate says of itself, and the numbers that only some have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from checks.evidence import budget, headroom
from checks.gates.records import Outcome, Verdict
from checks.gates.spec import GateSpec

Trouble = tuple[str, str]
"""A reason code and one sentence: why a check could not be carried out."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was measured; the defaults are those of a gate that knows nothing. Fields as in `Verdict`."""

    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    all_low: float | None = None
    all_high: float | None = None
    units: int = 0
    unscored: int = 0
    evidence_breach: float | None = None
    evidence_pass: float | None = None
    proof_breach: float | None = None
    proof_pass: float | None = None
    more_units: int | None = None
    newest: datetime | None = None
    epoch: str | None = None
    release: str | None = None
    more_seconds: float | None = None
    assumes: str = ""
    headroom: float | None = None


def verdict(gate: GateSpec, outcome: Outcome, reason: str, detail: str, numbers: Numbers, digest: str) -> Verdict:
    """The gate's verdict; `digest` covers the evidence that went in."""
    return Verdict(
        gate=gate.name,
        rollout=gate.rollout,
        metric=gate.metric,
        kind=gate.kind,
        layer=gate.layer,
        outcome=outcome,
        reason=reason,
        detail=detail,
        direction=gate.direction,
        limit=gate.limit,
        measure=gate.measure,
        unit=gate.unit,
        estimate=numbers.estimate,
        low=numbers.low,
        high=numbers.high,
        all_low=numbers.all_low,
        all_high=numbers.all_high,
        units=numbers.units,
        unscored=numbers.unscored,
        evidence_breach=numbers.evidence_breach,
        evidence_pass=numbers.evidence_pass,
        proof_breach=numbers.proof_breach,
        proof_pass=numbers.proof_pass,
        more_units=numbers.more_units,
        newest=numbers.newest,
        epoch=numbers.epoch,
        release=numbers.release,
        on_breach=gate.on_breach,
        required=gate.required,
        owner=gate.owner,
        evidence_digest=digest,
        test=gate.test,
        means=gate.means,
        more_seconds=numbers.more_seconds,
        meter_breach=_meter(numbers.evidence_breach, numbers.proof_breach),
        meter_pass=_meter(numbers.evidence_pass, numbers.proof_pass),
        headroom=numbers.headroom if outcome not in _UNKNOWN else None,
        assumes=numbers.assumes,
        budget=_budget(gate),
        alpha=gate.whole_alpha,
    )


_UNKNOWN: frozenset[Outcome] = frozenset({"error", "no_data", "stale"})
"""Outcomes that leave open how things are now."""


def _meter(evidence: float | None, proof: float | None) -> float | None:
    """The share of the way to a proof, from 0 (nothing, or against it) to 1 (proved)."""
    return None if evidence is None or proof is None else min(1.0, max(0.0, evidence / proof))


def _budget(gate: GateSpec) -> str:
    """How often the gate is wrong about a healthy system, in words; empty for a gate that gathers no evidence."""
    if not gate.statistical or gate.whole_alpha is None:
        return ""
    if gate.alpha_covers == "service":
        return budget.of_life(gate.rollout, gate.whole_alpha)
    return budget.of_gate(gate.name, gate.whole_alpha, gate.attempt, gate.on_breach)


def headroom_of(gate: GateSpec, bound: float | None) -> float | None:
    """How much of the room between limit and target is proved to be left (`checks.evidence.headroom`).

    `bound` is the value, in the gate's measure, that is proved or (for one number) measured; None gives None, and so
    does a gate whose measure has no target.
    """
    target = gate.target if gate.target is not None else _target(gate)
    if bound is None or target is None or math.isinf(bound):
        return None
    if target == gate.limit:
        return 1.0 if bound == target else -1.0
    sign = 1.0 if gate.direction == "at_most" else -1.0
    return headroom.headroom(sign * gate.limit, sign * bound, sign * target)


def _target(gate: GateSpec) -> float | None:
    """The best that the gate's measure can be: the good end of the range, no difference, or no distance."""
    if gate.kind == "assisted":
        return 0.0 if gate.direction == "at_most" else 1.0
    if gate.test in ("limit", "reference"):
        return gate.low if gate.direction == "at_most" else gate.high
    return 0.0 if gate.direction == "at_most" else None
