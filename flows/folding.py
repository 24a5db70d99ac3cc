"""Fold: mature windows become evidence, once and in order; restated ones open an as-corrected epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from checks.evidence.growth import window_growth
from flows import epochs
from flows.epochs import scope
from warehouse import evidence, units
from warehouse.ledger import restated_windows
from warehouse.records.evidence import Epoch, EvidenceRow
from warehouse.records.metrics import CellMetric, UnitCount

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from flows.sourcing import Ledger
    from flows.stores import Stores


_LONGEST_SESSION = timedelta(days=1)
"""How long after a row its session may close and still be found when the row is restated."""


@dataclass(frozen=True, slots=True)
class GateEvidence:
    """What is known for one statistical gate: its epoch (None before the first data), rows, and a correction."""

    epoch: Epoch | None
    rows: tuple[EvidenceRow, ...]
    corrected: tuple[tuple[Epoch, tuple[EvidenceRow, ...]], ...]


def fold_gate(
    stores: Stores,
    policy: Policy,
    gate: GateSpec,
    *,
    release: str | None,
    paused: bool,
    not_before: datetime | None,
    remembered: Mapping[str, datetime],
    ledger: Ledger,
    now: datetime,
) -> GateEvidence:
    """The gate's evidence after folding every mature window it has not folded yet.

    `not_before` is the end of the last pause: evidence from before it never counts again. While the rollout is
    paused, the epoch that the pause closed is shown as it was, until another release or configuration brings evidence
    of its own. `remembered` are the gate's epochs that the decision log names, each with the time of the newest
    decision on it: of those that the warehouse has lost, nothing up to then counts again. `ledger` is what the ledger
    of ingest says.
    """
    metric = policy.cell_metric(gate.metric, gate.unit)
    mature = mature_through(ledger, policy, metric)
    known = evidence.epochs(stores.warehouse, gate.key)
    closed = epochs.closed_by_pause(known, gate, release=release) if paused else None
    epoch = closed or epochs.current(
        stores,
        policy,
        gate,
        metric,
        known,
        release=release,
        not_before=not_before,
        remembered=remembered,
        ledger=ledger,
        now=now,
    )
    if epoch is None:
        return GateEvidence(None, (), ())
    held = [(epoch, evidence.rows(stores.warehouse, epoch.epoch))]
    # Before folding: afterwards the newest row knows the newest batch, and a restatement in it would be passed over.
    corrections = [e for e in known if e.corrects == epoch.epoch]
    held += _correction(stores, gate, metric, *held[0], corrections, release=release, ledger=ledger, now=now)
    until = closed.folded_through if closed else mature
    (epoch, rows), *corrected = [
        _folded(stores, gate, metric, each, rows, release=release, until=until, batch=ledger.newest_batch, now=now)
        for each, rows in held
    ]
    return GateEvidence(epoch, rows, tuple(corrected))


def mature_through(ledger: Ledger, policy: Policy, metric: CellMetric) -> datetime | None:
    """The time up to which every source of the metric's stream is complete, on a window's edge; None before that."""
    states = {s.source: s for s in ledger.sources}
    feeding = [s for s in policy.source_specs() if s.stream == metric.stream]
    marks = [states[s.name].watermark if s.name in states else None for s in feeding]
    if not marks or any(mark is None for mark in marks):
        return None
    return epochs.floor(min(mark for mark in marks if mark is not None), metric.window_seconds)


def _correction(
    stores: Stores,
    gate: GateSpec,
    metric: CellMetric,
    original: Epoch,
    rows: list[EvidenceRow],
    known: Sequence[Epoch],
    *,
    release: str | None,
    ledger: Ledger,
    now: datetime,
) -> list[tuple[Epoch, list[EvidenceRow]]]:
    """The newest epoch that folds the original's windows again with restated rows, and its rows; none without one.

    `known` are those that did so before.
    """
    last = [(e, evidence.rows(stores.warehouse, e.epoch)) for e in known[-1:]]
    folded = last[0][1] if last else rows
    if not _changed_since_folded(stores, gate, metric, folded, release=release, ledger=ledger):
        return last
    for epoch, _ in last:
        if epoch.closed_at is None:
            evidence.close_epoch(stores.warehouse, epoch.epoch, at=now, reason="restated again")
    name = f"{original.epoch}/corrected-{len(known) + 1}"
    begun = epochs.begin(
        stores, gate, name, release=release, first_window=original.first_window, now=now, corrects=original.epoch
    )
    return [(begun, [])]


def _changed_since_folded(
    stores: Stores,
    gate: GateSpec,
    metric: CellMetric,
    rows: Sequence[EvidenceRow],
    *,
    release: str | None,
    ledger: Ledger,
) -> bool:
    """Whether a restatement that came after the last folding changes the units of a window folded before."""
    seen = max((row.through_batch for row in rows), default=0)
    if not rows or ledger.restated.get(metric.stream, 0) <= seen:
        return False
    restated = [
        w.window_start
        for w in restated_windows(
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


def _folded(
    stores: Stores,
    gate: GateSpec,
    metric: CellMetric,
    epoch: Epoch,
    rows: Sequence[EvidenceRow],
    *,
    release: str | None,
    until: datetime | None,
    batch: int,
    now: datetime,
) -> tuple[Epoch, tuple[EvidenceRow, ...]]:
    """The epoch and its rows after folding what is mature at `until`; `batch` is the newest one known."""
    if epoch.closed_at is not None or until is None or until <= epoch.folded_through:
        return epoch, tuple(rows)
    found = units.read_units(stores.warehouse, metric, scope(gate, release), epoch.folded_through, until)
    ordered = sorted(found, key=lambda u: (u.window_start, u.low, u.high, u.scored))
    new = [
        _row(gate, metric, epoch, start, list(group), known=batch, now=now)
        for start, group in groupby(ordered, key=lambda u: u.window_start)
    ]
    evidence.fold(stores.warehouse, epoch.epoch, new, until)
    return replace(epoch, folded_through=until, windows=(epoch.windows or 0) + len(new)), (*rows, *new)


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
