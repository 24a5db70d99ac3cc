"""Fold: mature windows become evidence, once and in order; restated ones open an as-corrected epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from checks.evidence import budget
from checks.gates import kinds
from checks.releases import Held
from flows import epochs, folding_units
from flows.folding_units import WindowUnits
from warehouse import evidence
from warehouse.ledger import restated_windows
from warehouse.records.evidence import Epoch, EvidenceRow
from warehouse.records.folded import FoldedWindows, moment
from warehouse.records.metrics import CellMetric

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from flows.sourcing import Ledger
    from flows.stores import Stores


_LONGEST_SESSION = timedelta(days=1)
"""How long after a row its session may close and still be found when the row is restated."""


@dataclass(frozen=True, slots=True)
class GateEvidence:
    """What is known for one statistical gate: its epoch (None before the first data), windows, and corrections.

    `gate` is the gate as this epoch tests it: with its share of the error budgets.
    """

    gate: GateSpec
    epoch: Epoch | None
    rows: FoldedWindows
    corrected: tuple[tuple[Epoch, FoldedWindows], ...]


def fold_gate(
    stores: Stores,
    policy: Policy,
    gate: GateSpec,
    *,
    release: str | None,
    versions: Sequence[Held] = (),
    paused: bool,
    not_before: datetime | None,
    remembered: Mapping[str, datetime],
    ledger: Ledger,
    now: datetime,
) -> GateEvidence:
    """The gate's evidence after folding every mature window it has not folded yet.

    `versions` are those of the release that the gate depends on: when one changes, its evidence begins anew.
    `not_before` is the end of the last pause: evidence from before it never counts again. While the rollout is
    paused, the epoch that the pause closed is shown as it was, until another release or configuration brings evidence
    of its own. `remembered` are the gate's epochs that the decision log names, each with the time of the newest
    decision on it: of those that the warehouse has lost, nothing up to then counts again. `ledger` is what the ledger
    of ingest says.
    """
    metric = policy.cell_metric(gate.metric, gate.unit)
    mature = mature_through(ledger, policy, metric)
    known = evidence.epochs(stores.warehouse, gate.key)
    closed = epochs.closed_by_pause(known, gate, release=release, versions=versions) if paused else None
    epoch = closed or epochs.current(
        stores,
        policy,
        gate,
        metric,
        known,
        release=release,
        versions=versions,
        not_before=not_before,
        remembered=remembered,
        ledger=ledger,
        now=now,
    )
    if epoch is None:
        return GateEvidence(gate, None, FoldedWindows.of(()), ())
    fold = _Fold(stores, policy, gate, metric, release, ledger.newest_batch, now)
    held = [(epoch, evidence.rows(stores.warehouse, epoch.epoch))]
    # Before folding: afterwards the newest row knows the newest batch, and a restatement in it would be passed over.
    corrections = [e for e in known if e.corrects == epoch.epoch]
    held += _correction(fold, *held[0], corrections, ledger=ledger)
    until = closed.folded_through if closed else mature
    (epoch, rows), *corrected = [_folded(fold, each, rows, until=until) for each, rows in held]
    attempt = epochs.attempt(known, epoch, gate.alpha_covers)
    return GateEvidence(budgeted(gate, attempt), epoch, rows, tuple(corrected))


def budgeted(gate: GateSpec, attempt: int) -> GateSpec:
    """The gate with the share of its error budgets that this attempt at the same question has."""
    share = 1.0 if gate.alpha_covers == "epoch" else budget.share(attempt)
    alpha, beta = gate.budgets
    return replace(gate, attempt=attempt, alpha=alpha * share, beta=beta * share)


@dataclass(frozen=True, slots=True)
class _Fold:
    """One gate and what is folded for it: its metric, the release that is judged, and the newest batch known."""

    stores: Stores
    policy: Policy
    gate: GateSpec
    metric: CellMetric
    release: str | None
    batch: int
    now: datetime


def mature_through(ledger: Ledger, policy: Policy, metric: CellMetric) -> datetime | None:
    """The time up to which every source of the metric's stream is complete, on a window's edge; None before that."""
    states = {s.source: s for s in ledger.sources}
    feeding = [s for s in policy.source_specs() if s.stream == metric.stream]
    marks = [states[s.name].watermark if s.name in states else None for s in feeding]
    if not marks or any(mark is None for mark in marks):
        return None
    return epochs.floor(min(mark for mark in marks if mark is not None), metric.window_seconds)


def _correction(
    fold: _Fold, original: Epoch, rows: FoldedWindows, known: Sequence[Epoch], *, ledger: Ledger
) -> list[tuple[Epoch, FoldedWindows]]:
    """The newest epoch that folds the original's windows again with restated rows, and its rows; none without one.

    `known` are those that did so before.
    """
    warehouse = fold.stores.warehouse
    last = [(e, evidence.rows(warehouse, e.epoch)) for e in known[-1:]]
    folded = last[0][1] if last else rows
    if not _changed_since_folded(fold, folded, ledger=ledger):
        return last
    for epoch, _ in last:
        if epoch.closed_at is None:
            evidence.close_epoch(warehouse, epoch.epoch, at=fold.now, reason="restated again")
    name = f"{original.epoch}/corrected-{len(known) + 1}"
    begun = epochs.begin(
        fold.stores,
        fold.gate,
        name,
        release=fold.release,
        parts=original.parts,
        first_window=original.first_window,
        now=fold.now,
        corrects=original.epoch,
    )
    return [(begun, FoldedWindows.of(()))]


def _changed_since_folded(fold: _Fold, rows: FoldedWindows, *, ledger: Ledger) -> bool:
    """Whether a restatement that came after the last folding changes the units of a window folded before."""
    if not len(rows):
        return False
    seen, metric = int(rows.through_batch.max()), fold.metric
    if ledger.restated.get(metric.stream, 0) <= seen:
        return False
    release = fold.release or ""
    restated = [
        w.window_start
        for w in restated_windows(
            fold.stores.warehouse, stream=metric.stream, after_batch=seen, window_seconds=metric.window_seconds
        )
        if w.rollout == fold.gate.rollout
        and (fold.gate.control or fold.gate.arm == "control" or fold.gate.by_fingerprint or w.release == release)
    ]
    starts = [moment(at) for at in rows.start.tolist()]
    touched = [i for i, start in enumerate(starts) if any(at <= start < at + _LONGEST_SESSION for at in restated)]
    if not touched:
        return False
    span = starts[touched[0]], moment(int(rows.end[touched[-1]]))
    now = {
        window.start: window.digest()
        for window in folding_units.windows(fold.stores, metric, fold.gate, fold.release, *span)
    }
    return any(now.get(starts[i], folding_units.NOTHING) != rows.source_digests[i] for i in touched)


def _folded(fold: _Fold, epoch: Epoch, rows: FoldedWindows, *, until: datetime | None) -> tuple[Epoch, FoldedWindows]:
    """The epoch and its rows after folding what is mature at `until`."""
    if epoch.closed_at is not None or until is None or until <= epoch.folded_through:
        return epoch, rows
    found = folding_units.windows(fold.stores, fold.metric, fold.gate, fold.release, epoch.folded_through, until)
    if _supplements(fold):
        after = int(rows.through_batch.max()) if len(rows) else 0
        found = folding_units.supplemented(
            found, fold.stores, fold.metric, fold.gate, fold.release, epoch, after=after, batch=fold.batch
        )
    new = [_row(fold, epoch, window) for window in found]
    evidence.fold(fold.stores.warehouse, epoch.epoch, new, until)
    advanced = replace(epoch, folded_through=until, windows=(epoch.windows or 0) + len(new))
    return advanced, rows.followed_by(new)


def _supplements(fold: _Fold) -> bool:
    """Whether every source of the stream says that lateness cannot depend on the outcome."""
    feeding = [s for s in fold.policy.source_specs() if s.stream == fold.metric.stream]
    return bool(feeding) and all(s.late_rows == "supplement" for s in feeding)


def _row(fold: _Fold, epoch: Epoch, window: WindowUnits) -> EvidenceRow:
    growth = kinds.of(fold.gate).fold(fold.gate, window.units, window.control)
    return EvidenceRow(
        epoch=epoch.epoch,
        window_start=window.start,
        window_end=window.start + timedelta(seconds=fold.metric.window_seconds),
        units=growth.units,
        scored_units=growth.scored,
        total_low=growth.total_low,
        total_high=growth.total_high,
        breach_growth=growth.breach,
        pass_growth=growth.passing,
        through_batch=fold.batch,
        source_digest=window.digest(),
        folded_at=fold.now,
        counts=growth.counts,
    )
