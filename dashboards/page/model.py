"""What the page shows, as plain frozen values; whoever runs the monitor fills it in.

Every text may be hostile: the page makes it harmless itself. Every time is UTC and aware. None means unknown and is
shown as such, never as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal as OneOf

from checks.gates.records import Standing, StandingKind
from warehouse.records.decisions import ChainReport, DecisionEntry, Delivery
from warehouse.records.evidence import Finding
from warehouse.records.ingest import Quarantined, SourceState


@dataclass(frozen=True, slots=True)
class StandingPoint:
    """A standing as it was published at `at`; it counts until the next one or until `valid_until`, whichever is first.

    `reason` is one plain sentence, `binding` the name of the gate that decided (None: none).
    """

    at: datetime
    valid_until: datetime
    standing: StandingKind
    stage: str
    reason: str
    binding: str | None = None


@dataclass(frozen=True, slots=True)
class EvidencePoint:
    """What one gate knew at the end of one window; sums run since its epoch began.

    `units` counts units of evidence in the epoch so far. `estimate`, `low`, `high` are in the metric's unit (None
    without data). `evidence_breach` and `evidence_pass` are natural logs of the e-processes (None: a gate that merely
    compares a number with its limit). A change of `release` or `epoch` begins a new line in the chart.
    """

    window_end: datetime
    units: int
    estimate: float | None
    low: float | None
    high: float | None
    evidence_breach: float | None
    evidence_pass: float | None
    release: str | None = None
    epoch: str | None = None


@dataclass(frozen=True, slots=True)
class GateSeries:
    """The evidence of one gate over time; `gate` is the gate's name as in `Verdict.gate`; points in order of time."""

    gate: str
    points: tuple[EvidencePoint, ...]


@dataclass(frozen=True, slots=True)
class Marker:
    """Something that happened, to be marked on the timeline: a moment, or a span when `until` is given."""

    at: datetime
    until: datetime | None
    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Person:
    """A named person and how to reach them."""

    name: str
    contact: str


@dataclass(frozen=True, slots=True)
class RolloutView:
    """One rollout.

    `standing` is the newest one (None: never judged, shown as hold). `since` is when its kind began. `paused` is true
    while the decision log holds a pause without a resume: the page then shows pause whatever the newest standing says.
    `stages` are all stages in order, `history` the published standings in order of time, `series` one entry for each
    gate that has evidence, `decisions` those of this rollout in order of the log.
    """

    name: str
    description: str
    stages: tuple[str, ...]
    owner: Person | None
    deputy: Person | None
    standing: Standing | None
    since: datetime | None
    paused: bool
    history: tuple[StandingPoint, ...]
    series: tuple[GateSeries, ...]
    markers: tuple[Marker, ...]
    decisions: tuple[DecisionEntry, ...]
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True)
class DriftRow:
    """Drift of one column against the pinned reference.

    `statistic` is the distance by `method`; `threshold` the distance from which the column counts as drifted.
    `state` is "drifted", "steady", "no_data" (too few rows on either side) or "error".
    """

    column: str
    method: str
    statistic: float | None
    threshold: float | None
    reference_rows: int
    current_rows: int
    state: OneOf["drifted", "steady", "no_data", "error"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DriftTable:
    """Drift of one stream: columns ranked by the page; `report` is the path, relative to the page, of a kept report.

    `told` says of the report what does not follow from this table: the span it shows, why there is no newer one.
    """

    stream: str
    reference: str
    current: str
    rows: tuple[DriftRow, ...]
    report: str | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Restatement:
    """A batch that corrected rows already counted; `decisions` are ids of those that rested on the old values."""

    at: datetime
    stream: str
    source: str
    file: str
    rows: int
    columns: tuple[tuple[str, int], ...]
    decisions: tuple[str, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PageView:
    """The whole page.

    `made_at` is the time the page speaks for: a lease that ended before it shows as lapsed. `quarantined` may be the
    newest few of `quarantined_total`. `chain` is the result of walking the decision log (None: not walked).
    """

    made_at: datetime
    version: str
    simulated: bool
    rollouts: tuple[RolloutView, ...]
    sources: tuple[SourceState, ...]
    quarantined: tuple[Quarantined, ...]
    quarantined_total: int
    quarantine_reasons: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]
    drift: tuple[DriftTable, ...]
    restatements: tuple[Restatement, ...]
    chain: ChainReport | None
    config_digest: str
    config_file: str = "gatehold.yaml"
