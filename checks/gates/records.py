"""What a gate says (verdict) and what a rollout may do (standing)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal as OneOf

from checks.gates.spec import Layer, Meaning, MetricKind, TestKind
from checks.releases.states import PartState

Outcome = OneOf["error", "no_data", "stale", "breach", "pass", "insufficient", "blocked"]
StandingKind = OneOf["go", "hold", "pause"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often people agree with one judge version, or in one segment ('' for none named).

    `labels` items with, `unreadable` items without a verdict that could be read, in `units` sessions. `agreement` is
    over what could be read (None without any); `low` and `high` are its anytime-valid ends, each wrong with at most
    the judge's error, what could not be read being disagreement in the one and agreement in the other.
    """

    name: str
    labels: int
    unreadable: int
    units: int
    agreement: float | None
    low: float
    high: float


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

    `test` is what was compared and `means` what the limit is for (`checks.gates.spec`). `meter_breach` and `meter_pass`
    are the shares of the way to either proof, 0 to 1; `more_seconds` is how long `more_units` take at the
    present pace.
    `headroom` is how much of the room between limit and target is proved to be left: 1 at the target, 0 at the limit,
    negative while it is not proved; None when nothing is known. `assumes` says in one line what must hold for the
    verdict to be right, `budget` how often it is wrong: `alpha` is the whole chance of ever pausing a healthy release,
    of which `proof_breach` is this attempt's share. `weighs` tells whether its evidence may help to pause.
    `agreements` are how often people agree with the judge that the gate rests on: of each version that scores, and of
    the deciding version by segment; empty for a gate that names no judge.
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
    test: TestKind = "limit"
    means: Meaning = "every_window"
    more_seconds: float | None = None
    meter_breach: float | None = None
    meter_pass: float | None = None
    headroom: float | None = None
    assumes: str = ""
    budget: str = ""
    alpha: float | None = None
    weighs: bool = True
    agreements: tuple[Agreement, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a standing is what it is: a code, one plain sentence, and the gate it comes from (None: none)."""

    code: str
    detail: str
    gate: str | None = None


@dataclass(frozen=True, slots=True)
class LayerState:
    """One layer of the stack: its worst outcome, the gate that has it, and how many gates pass.

    `headroom` is the least of its gates that count, None when that of any is unknown or there is none.
    """

    layer: Layer
    outcome: Outcome | None
    gate: str | None
    passed: int
    gates: int
    headroom: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a rollout may do at `at`, until `valid_until`.

    `reasons` is never empty; `binding` is the gate that decides and `runner_up` the next one (None when there is no
    gate that matters). `if_mended` is the standing there would be if the binding gate passed. `layers` are in order
    data, model, workflow, governance. `digest` covers gates, outcomes and evidence.

    `weakest` has the least headroom of the gates that count, `next_weakest` the next; `headroom` is that of the
    weakest and `gain` how much the least would rise if the weakest were mended (None: unknown). `combined` is the
    evidence (ln) of all pausing gates together and `combined_proof` what it must reach for a pause. `triage` names the
    gates to look at first (e-BH, at most one in ten wrongly). `budget` says how often a healthy rollout is paused.
    `fingerprint` is that of the release and `parts` are its versions, empty where no row names any.
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
    weakest: str | None = None
    next_weakest: str | None = None
    headroom: float | None = None
    gain: float | None = None
    combined: float | None = None
    combined_proof: float | None = None
    triage: tuple[str, ...] = ()
    budget: str = ""
    fingerprint: str = ""
    parts: tuple[PartState, ...] = ()
