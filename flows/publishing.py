"""Publish: gather what the page shows, and write it as one file that needs no network."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, cast

from checks.gates import history as histories
from checks.gates.records import StandingKind
from dashboards.page import filling
from dashboards.page.model import (
    DriftTable,
    EvidencePoint,
    GateSeries,
    Marker,
    PageView,
    Person,
    Restatement,
    RolloutView,
    StandingPoint,
)
from flows import deciding, referencing
from flows.drifting import Drifted
from flows.epochs import attempt
from flows.folding import budgeted
from flows.project import Project
from flows.stores import Stores
from warehouse import evidence, findings, history, ledger
from warehouse.people import log, outbox
from warehouse.records.errors import LedgerError
from warehouse.records.evidence import Epoch

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Policy, Rollout
    from warehouse.history import StandingThen
    from warehouse.records.decisions import DecisionEntry

PAGE = "index.html"
SHOWN = timedelta(weeks=12)


def write_page(
    project: Project,
    stores: Stores,
    *,
    now: datetime,
    out: Path | None = None,
    drift: Sequence[Drifted] = (),
    markers: Sequence[Marker] = (),
) -> Path:
    """The path of the page of everything known at `now`; it replaces the one before in one step."""
    from dashboards.page import render

    path = out or project.reports / PAGE
    path.parent.mkdir(parents=True, exist_ok=True)
    html = render(gather(project, stores, now=now, drift=drift, markers=markers))
    aside = path.with_suffix(".part")
    aside.write_text(html, encoding="utf-8")
    os.replace(aside, path)
    return path


def gather(
    project: Project, stores: Stores, *, now: datetime, drift: Sequence[Drifted] = (), markers: Sequence[Marker] = ()
) -> PageView:
    """The page's view of everything known at `now`."""
    rollouts = tuple(rollout_view(stores, project.policy, r, markers) for r in project.policy.rollouts)
    entries = log.entries(stores.people)
    states = tuple(ledger.source_states(stores.warehouse))
    reasons = Counter[str]()
    for batch in ledger.batches(stores.warehouse):
        reasons.update(batch.reasons)
    return PageView(
        made_at=now,
        version=metadata.version("gatehold"),
        simulated=any(r.standing is not None and r.standing.simulated for r in rollouts),
        rollouts=rollouts,
        sources=states,
        quarantined=tuple(ledger.quarantined(stores.warehouse, limit=50)),
        quarantined_total=sum(reasons.values()),
        quarantine_reasons=tuple(reasons.most_common()),
        findings=tuple(f for _, f in findings.recent(stores.warehouse, since=now - SHOWN, limit=200)),
        drift=tuple(_drift_table(d) for d in drift if d.report is not None),
        restatements=tuple(_restatements(stores, entries)),
        chain=log.verify(stores.people),
        config_digest=project.policy.digest,
        config_file=project.file.name,
    )


def rollout_view(stores: Stores, policy: Policy, rollout: Rollout, markers: Sequence[Marker]) -> RolloutView:
    """One rollout with all that is known of it."""
    state = deciding.state_of(stores, rollout.name)
    past = history.standings(stores.warehouse, rollout.name)
    stage = state.stage or rollout.stages[0]
    return RolloutView(
        name=rollout.name,
        description="",
        stages=rollout.stages,
        owner=Person(rollout.owner.name, rollout.owner.contact),
        deputy=Person(rollout.deputy.name, rollout.deputy.contact) if rollout.deputy else None,
        standing=deciding.last_standing(stores, rollout.name),
        since=since([(p.at, p.standing) for p in past]),
        paused=state.status == "paused",
        history=tuple(point(p) for p in past),
        series=series(stores, policy, rollout.name, stage),
        markers=tuple(markers),
        decisions=tuple(log.entries(stores.people, rollout=rollout.name)),
        deliveries=tuple(outbox.all(stores.people, rollout=rollout.name)),
    )


def point(then: StandingThen) -> StandingPoint:
    """What a run said as a point of the timeline."""
    kind = cast(StandingKind, then.standing)
    return StandingPoint(then.at, then.valid_until, kind, then.stage, then.reason, then.binding)


def series(stores: Stores, policy: Policy, rollout: str, stage: str) -> tuple[GateSeries, ...]:
    """The evidence over time of every gate that the rollout has at the stage."""
    return tuple(_series(stores, policy, gate) for gate in policy.gate_specs(rollout, stage))


def since(past: Sequence[tuple[datetime, str]]) -> datetime | None:
    """When the newest kind of standing began."""
    began = None
    for at, standing in reversed(past):
        if standing != past[-1][1]:
            break
        began = at
    return began


def _series(stores: Stores, policy: Policy, gate: GateSpec) -> GateSeries:
    if not gate.statistical:
        then = history.verdicts(stores.warehouse, gate.rollout, gate.name)
        points = tuple(EvidencePoint(v.at, v.units, v.estimate, None, None, None, None, v.release) for v in then)
        return GateSeries(gate.name, points)
    window = int(policy.window.total_seconds())
    gate = referencing.pinned_gate(stores, gate)
    every = evidence.epochs(stores.warehouse, gate.key)
    epochs = []
    for epoch, share in drawn(every, gate):
        epochs.append((epoch.epoch, epoch.release, _points(stores, share, epoch, window)))
    return filling.series(gate.name, epochs)


def drawn(every: Sequence[Epoch], gate: GateSpec) -> list[tuple[Epoch, GateSpec]]:
    """The epochs of a pinned gate that are drawn, of all that it has, each with the gate as that epoch tests it.

    What was restated is drawn as corrected: the newest correction in place of the epoch it corrects.
    """
    known = [e for e in every if e.config_digest == gate.digest]
    found = {e.corrects or e.epoch: e for e in sorted(known, key=lambda e: (e.corrects is not None, e.opened_at))}
    return [(epoch, budgeted(gate, attempt(every, epoch, gate.alpha_covers))) for epoch in found.values()]


def _points(stores: Stores, gate: GateSpec, epoch: Epoch, window_seconds: int) -> list[histories.EvidencePoint]:
    try:
        return histories.history(gate, epoch, evidence.rows(stores.warehouse, epoch.epoch), window_seconds)
    except LedgerError:
        # The gate's verdict says so, on a page that has to be written all the same.
        return []


def _drift_table(drifted: Drifted) -> DriftTable:
    assert drifted.report is not None
    current = f"{drifted.current_start:%Y-%m-%d %H:%M} to {drifted.current_end:%Y-%m-%d %H:%M} UTC"
    reference = f"{drifted.report.reference_rows:,} rows, digest {drifted.report.reference_digest[:12]}"
    page = Path(drifted.page).name if drifted.page else None
    told = _told_of_page(drifted)
    return filling.drift_table(drifted.stream, reference, current, drifted.report, page=page, told=told)


def _told_of_page(drifted: Drifted) -> str:
    """Which span Evidently's page shows where that is another one, and why it was not drawn anew."""
    from flows import drift_page

    known = drift_page.told(Path(drifted.page)) if drifted.page else None
    other = known is not None and (known.start, known.end) != (drifted.current_start, drifted.current_end)
    words = []
    if known is not None and known.start and known.end and other:
        span = f"{known.start:%Y-%m-%d %H:%M} to {known.end:%Y-%m-%d %H:%M} UTC"
        words.append(f"The report shows {span}, drawn at {known.at:%Y-%m-%d %H:%M} UTC.")
    if drifted.undrawn:
        words.append(f"It could not be drawn anew: {drifted.undrawn}")
    return " ".join(words)


def _restatements(stores: Stores, entries: Sequence[DecisionEntry]) -> list[Restatement]:
    """Every batch that restated rows, with the decisions that the next restatement entry names."""
    found = []
    reopening = [e for e in entries if e.kind == "restate"]
    for batch in ledger.batches(stores.warehouse):
        if not batch.restated:
            continue
        after = [e for e in reopening if batch.batch in e.body.get("batches", ())]
        touched = tuple(str(d["id"]) for e in after for d in e.body["decisions"])
        columns = tuple(sorted(batch.restated_columns.items()))
        found.append(
            Restatement(batch.arrived_at, batch.stream, batch.source, batch.file, batch.restated, columns, touched)
        )
    return found
