"""Making a verdict: what every gate says of itself, and the numbers that only some have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
    )
