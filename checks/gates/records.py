"""What a gate says (verdict) and what a rollout may do (standing)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal as OneOf

from checks.gates.spec import Layer, MetricKind

Outcome = OneOf["error", "no_data", "stale", "breach", "pass", "insufficient", "blocked"]
StandingKind = OneOf["go", "hold", "pause"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate says.

    `gate` is its name within the rollout. `reason` is a code (`limit_exceeded`, `limit_kept`, `more_units_needed`,
    `unscored`, `no_rows`, `too_old`, `check_failed`, `limit_not_met`, `source_degraded`, `lower_layer`, ...), `detail`
    one plain sentence. `estimate`, `low` and `high` are in the metric's unit: the mean over scored units and an
    anytime-valid interval that allows for unscored ones; None without data. `all_low` and `all_high` are the mean over
    all units when every unscored value is taken at the low and at the high end of the metric's range; with the range 0
    to 1 and a metric such as agreement, `all_low` counts what could not be read as disagreement. Both equal `estimate`
    when everything is scored. `units` counts units of evidence in the epoch, `unscored` those without a value.
    `evidence_breach` and `evidence_pass` are natural logs of the e-processes and `proof_breach`, `proof_pass` the logs
    they must reach; None for deterministic gates. `more_units` is how many more units a pass (or a breach, whichever
    the estimate points to) is expected to need at the present estimate; None when unknown or not needed. `blocked_by`
    names lower-layer gates that do not pass. `evidence_digest` covers what went in.
    """

    gate: str
    rollout: str
    metric: str
    kind: MetricKind
    layer: Layer
    outcome: Outcome
    reason: str
    detail: str
    direction: OneOf["at_most", "at_least"]
    limit: float
    measure: str
    unit: str
    estimate: float | None
    low: float | None
    high: float | None
    units: int
    unscored: int
    evidence_breach: float | None
    evidence_pass: float | None
    proof_breach: float | None
    proof_pass: float | None
    more_units: int | None
    newest: datetime | None
    epoch: str | None
    release: str | None
    on_breach: OneOf["pause", "hold"]
    required: bool
    owner: str
    evidence_digest: str
    all_low: float | None = None
    all_high: float | None = None
    waived: bool = False
    blocked_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a standing is what it is: a code, one plain sentence, and the gate it comes from (None: none)."""

    code: str
    detail: str
    gate: str | None = None


@dataclass(frozen=True, slots=True)
class LayerState:
    """One layer of the stack: its worst outcome, the gate that has it, and how many gates pass."""

    layer: Layer
    outcome: Outcome | None
    gate: str | None
    passed: int
    gates: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a rollout may do at `at`, until `valid_until`.

    `reasons` is never empty; `binding` is the gate that decides and `runner_up` the next one (None when there is no
    gate that matters). `if_mended` is the standing there would be if the binding gate passed. `layers` are in order
    data, model, workflow, governance. `digest` covers gates, outcomes and evidence.
    """

    rollout: str
    standing: StandingKind
    stage: str
    release: str | None
    at: datetime
    valid_until: datetime
    reasons: tuple[Reason, ...]
    binding: str | None
    runner_up: str | None
    if_mended: StandingKind | None
    layers: tuple[LayerState, ...]
    verdicts: tuple[Verdict, ...]
    evidence_digest: str
    config_digest: str
    simulated: bool
