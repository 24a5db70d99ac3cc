"""Fold: mature windows become evidence, once and in order; restated ones open an as-corrected epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from checks.evidence.growth import window_growth
from warehouse import evidence, facts, ledger, units
from warehouse.records.evidence import Epoch, EvidenceRow
from warehouse.records.metrics import CellMetric, Slice, UnitCount

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from flows.stores import Stores


PAUSED = "paused"
"""Why an epoch was closed when its rollout was paused."""

_LONGEST_SESSION = timedelta(days=1)
"""How long after a row its session may close and still be found when the row is restated."""


@dataclass(frozen=True, slots=True)
class GateEvidence:
    """What is known for one statistical gate: its epoch (None before the first data), rows, and a correction."""

    epoch: Epoch | None
    rows: tuple[EvidenceRow, ...]
    corrected: tuple[tuple[Epoch, tuple[EvidenceRow, ...]], ...]


def scope(gate: GateSpec, release: str | None) -> Slice:
    """The traffic a gate looks at: its rollout, release, arm (candidate unless said) and segment."""
    return Slice(rollout=gate.rollout, release=release or "", arm=gate.arm or "candidate", segment=gate.segment)


def fold_gate(
    stores: Stores,
    policy: Policy,
    gate: GateSpec,
    *,
    release: str | None,
    paused: bool,
    not_before: datetime | None,
    now: datetime,
) -> GateEvidence:
    """The gate's evidence after folding every mature window it has not folded yet.

    `not_before` is the end of the last pause: evidence from before it never counts again. While the rollout is
    paused, the epoch that the pause closed is shown as it was, until another release brings evidence of its own.
    """
    metric = policy.cell_metric(gate.metric, gate.unit)
    mature = mature_through(stores, policy, metric)
    closed = _closed_by_pause(stores, gate, release=release) if paused else None
    if closed is not None:
        return read_evidence(stores, gate, closed.epoch)
    epoch = _current_epoch(stores, gate, metric, release=release, not_before=not_before, now=now)
    if epoch is None or mature is None:
        return GateEvidence(epoch, (), ())
    # Before folding: afterwards the newest row knows the newest batch, and a restatement in it would be passed over.
    correction = _corrected_epoch(stores, gate, metric, epoch, release=release, now=now)
    for each in (epoch, correction):
        if each is not None:
            _fold_windows(stores, gate, metric, each, release=release, until=mature, now=now)
    return read_evidence(stores, gate, epoch.epoch)


def read_evidence(stores: Stores, gate: GateSpec, epoch_id: str) -> GateEvidence:
    """The stored evidence of one epoch and of its open correction."""
    known = evidence.epochs(stores.warehouse, gate.key)
    epoch = next(e for e in known if e.epoch == epoch_id)
    corrections = [e for e in known if e.corrects == epoch_id and e.closed_at is None]
    return GateEvidence(
        epoch,
        tuple(evidence.rows(stores.warehouse, epoch_id)),
        tuple((c, tuple(evidence.rows(stores.warehouse, c.epoch))) for c in corrections),
    )


def mature_through(stores: Stores, policy: Policy, metric: CellMetric) -> datetime | None:
    """The time up to which every source of the metric's stream is complete, on a window's edge; None before that."""
    states = {s.source: s for s in ledger.source_states(stores.warehouse)}
    feeding = [s for s in policy.source_specs() if s.stream == metric.stream]
    marks = [states[s.name].watermark if s.name in states else None for s in feeding]
    if not marks or any(mark is None for mark in marks):
        return None
    return floor(min(mark for mark in marks if mark is not None), metric.window_seconds)


def floor(moment: datetime, seconds: int) -> datetime:
    """The start of the window that holds `moment`; windows are aligned to the Unix epoch in UTC."""
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def close_epochs(stores: Stores, gates: Sequence[GateSpec], *, now: datetime) -> None:
    """Close every open epoch of the gates: the rollout was paused on what they hold."""
    for gate in gates:
        for epoch in evidence.epochs(stores.warehouse, gate.key):
            if epoch.closed_at is None:
                evidence.close_epoch(stores.warehouse, epoch.epoch, at=now, reason=PAUSED)


def _closed_by_pause(stores: Stores, gate: GateSpec, *, release: str | None) -> Epoch | None:
    known = [e for e in evidence.epochs(stores.warehouse, gate.key) if e.corrects is None]
    last = known[-1] if known else None
    return last if last and last.close_reason == PAUSED and last.release == (release or "") else None


def _current_epoch(
    stores: Stores,
    gate: GateSpec,
    metric: CellMetric,
    *,
    release: str | None,
    not_before: datetime | None,
    now: datetime,
) -> Epoch | None:
    known = [e for e in evidence.epochs(stores.warehouse, gate.key) if e.corrects is None]
    current = known[-1] if known else None
    if current is not None and current.closed_at is None:
        if current.release == (release or "") and current.config_digest == gate.digest:
            return current
        why = "new release" if current.release != (release or "") else "new configuration"
        evidence.close_epoch(stores.warehouse, current.epoch, at=now, reason=why)
    start = _first_window(stores, gate, metric, known, release=release, not_before=not_before, now=now)
    if start is None:
        return None
    number = len(known) + 1
    return _open(stores, gate, f"{gate.key}#{number}", release=release, first_window=start, now=now)


def _first_window(
    stores: Stores,
    gate: GateSpec,
    metric: CellMetric,
    known: Sequence[Epoch],
    *,
    release: str | None,
    not_before: datetime | None,
    now: datetime,
) -> datetime | None:
    first = facts.first_window(stores.warehouse, metric, scope(gate, release))
    if first is None:
        return None
    seen_before = any(e.release == (release or "") for e in known)
    starts = [first]
    if not_before is not None:
        starts.append(_ceiling(not_before, metric.window_seconds))
    if seen_before:
        # Evidence of this release was looked at under another test: a new test starts with unseen windows.
        starts.append(max(e.folded_through for e in known if e.release == (release or "")))
    return max(starts)


def _ceiling(moment: datetime, seconds: int) -> datetime:
    start = floor(moment, seconds)
    return start if start == moment else start + timedelta(seconds=seconds)


def _open(
    stores: Stores,
    gate: GateSpec,
    name: str,
    *,
    release: str | None,
    first_window: datetime,
    now: datetime,
    corrects: str | None = None,
) -> Epoch:
    epoch = Epoch(
        epoch=name,
        gate=gate.key,
        rollout=gate.rollout,
        release=release or "",
        config_digest=gate.digest,
        first_window=first_window,
        opened_at=now,
        folded_through=first_window,
        corrects=corrects,
    )
    evidence.open_epoch(stores.warehouse, epoch)
    return epoch


def _corrected_epoch(
    stores: Stores, gate: GateSpec, metric: CellMetric, original: Epoch, *, release: str | None, now: datetime
) -> Epoch | None:
    """The epoch that folds the original's windows again with restated rows; None when nothing was restated."""
    known = [e for e in evidence.epochs(stores.warehouse, gate.key) if e.corrects == original.epoch]
    last = known[-1] if known else None
    if not _changed_since_folded(stores, gate, metric, last or original, release=release):
        return last if last is not None and last.closed_at is None else None
    if last is not None and last.closed_at is None:
        evidence.close_epoch(stores.warehouse, last.epoch, at=now, reason="restated again")
    name = f"{original.epoch}/corrected-{len(known) + 1}"
    return _open(
        stores, gate, name, release=release, first_window=original.first_window, now=now, corrects=original.epoch
    )


def _changed_since_folded(
    stores: Stores, gate: GateSpec, metric: CellMetric, epoch: Epoch, *, release: str | None
) -> bool:
    """Whether a restatement that came after the last folding changes the units of a window folded before."""
    rows = evidence.rows(stores.warehouse, epoch.epoch)
    seen = max((row.through_batch for row in rows), default=0)
    if not rows or not any(
        b.restated for b in ledger.batches(stores.warehouse, stream=metric.stream, after_batch=seen)
    ):
        return False
    restated = [
        w.window_start
        for w in ledger.restated_windows(
            stores.warehouse, stream=metric.stream, after_batch=seen, window_seconds=metric.window_seconds
        )
        if w.rollout == gate.rollout and w.release == (release or "")
    ]
    touched = [row for row in rows if any(at <= row.window_start < at + _LONGEST_SESSION for at in restated)]
    if not touched:
        return False
    first, last = touched[0].window_start, touched[-1].window_end
    found = units.read_units(stores.warehouse, metric, scope(gate, release), first, last)
    now: dict[datetime, list[UnitCount]] = {}
    for unit in found:
        now.setdefault(unit.window_start, []).append(unit)
    return any(_digest(now.get(row.window_start, [])) != row.source_digest for row in touched)


def _fold_windows(
    stores: Stores,
    gate: GateSpec,
    metric: CellMetric,
    epoch: Epoch,
    *,
    release: str | None,
    until: datetime,
    now: datetime,
) -> None:
    if until <= epoch.folded_through:
        return
    known = ledger.newest_batch(stores.warehouse)
    found = units.read_units(stores.warehouse, metric, scope(gate, release), epoch.folded_through, until)
    ordered = sorted(found, key=lambda u: (u.window_start, u.low, u.high, u.scored))
    rows = [
        _row(gate, metric, epoch, start, list(group), known=known, now=now)
        for start, group in groupby(ordered, key=lambda u: u.window_start)
    ]
    evidence.fold(stores.warehouse, epoch.epoch, rows, until)


def _row(
    gate: GateSpec,
    metric: CellMetric,
    epoch: Epoch,
    start: datetime,
    found: Sequence[UnitCount],
    *,
    known: int,
    now: datetime,
) -> EvidenceRow:
    growth = window_growth(found, gate)
    return EvidenceRow(
        epoch=epoch.epoch,
        window_start=start,
        window_end=start + timedelta(seconds=metric.window_seconds),
        units=growth.units,
        scored_units=growth.scored,
        total_low=growth.total_low,
        total_high=growth.total_high,
        breach_growth=growth.breach,
        pass_growth=growth.passing,
        through_batch=known,
        source_digest=_digest(found),
        folded_at=now,
    )


def _digest(found: Sequence[UnitCount]) -> str:
    """A digest of the unit counts of one window, in an order of its own."""
    lines = sorted(f"{u.window_start.isoformat()}|{u.low}|{u.high}|{u.scored}|{u.count}" for u in found)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
