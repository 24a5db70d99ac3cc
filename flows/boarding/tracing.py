"""The evidence of gates over time for plots: what was drawn of one snapshot is kept, and the next adds what is new."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from checks.gates import history as histories
from dashboards.page import filling
from dashboards.page.model import EvidencePoint, GateSeries
from flows import publishing, referencing
from warehouse import evidence, history
from warehouse.records.errors import LedgerError
from warehouse.records.folded import FoldedWindows, moment

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from flows.stores import Stores
    from warehouse.records.evidence import Epoch

PARTS = 120
"""Of each of so many parts of the runs of a gate without gathered evidence, the least and greatest value is drawn."""
_BEGINNING = 0


@dataclass(slots=True)
class _Trace:
    """An epoch's windows, a number that tells whether they still are the same, and what was drawn of them by whom."""

    opened_at: datetime
    rows: FoldedWindows
    fingerprint: int
    gate: GateSpec | None = None
    points: dict[datetime, histories.EvidencePoint] | None = None

    @property
    def newest(self) -> int:
        return int(self.rows.start[-1]) if len(self.rows) else _BEGINNING


class Traces:
    """What is known of the epochs of one data folder's snapshots; one thread at a time works with it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._kept: dict[str, dict[str, _Trace]] = {}

    def series(self, stores: Stores, policy: Policy, rollout: str, stage: str) -> tuple[GateSeries, ...]:
        """As `publishing.series`, thinned for plots."""
        gates = policy.gate_specs(rollout, stage)
        simple = history.curves(stores.warehouse, rollout, [g.name for g in gates if not g.statistical], most=PARTS)
        with self._lock:
            gathered = self._gathered(stores, policy, rollout, [g for g in gates if g.statistical])
        found = {**{gate: _looks(gate, then) for gate, then in simple.items()}, **gathered}
        return tuple(found.get(gate.name, GateSeries(gate.name, ())) for gate in gates)

    def _gathered(
        self, stores: Stores, policy: Policy, rollout: str, gates: Sequence[GateSpec]
    ) -> dict[str, GateSeries]:
        every = evidence.epochs_of(stores.warehouse, [gate.key for gate in gates])
        drawn = {g.name: publishing.drawn(every[g.key], referencing.pinned_gate(stores, g)) for g in gates}
        epochs = [epoch for each in drawn.values() for epoch, _ in each]
        self._kept[rollout] = _traces(stores, epochs, self._kept.get(rollout, {}))
        window = int(policy.window.total_seconds())
        return {
            name: filling.series(
                name, [(e.epoch, e.release, _points(gate, e, self._kept[rollout][e.epoch], window)) for e, gate in each]
            )
            for name, each in drawn.items()
        }


def _traces(stores: Stores, epochs: Sequence[Epoch], kept: Mapping[str, _Trace]) -> dict[str, _Trace]:
    """The windows of each epoch: those that are kept, if they still are what is stored, and what came since."""
    same = {e.epoch: kept[e.epoch] for e in epochs if e.epoch in kept and kept[e.epoch].opened_at == e.opened_at}
    stored = evidence.fingerprints(stores.warehouse, {name: trace.newest for name, trace in same.items()})
    same = {name: trace for name, trace in same.items() if trace.fingerprint == stored[name]}
    after = {e.epoch: same[e.epoch].newest if e.epoch in same else _BEGINNING for e in epochs}
    newer = evidence.newer(stores.warehouse, after)
    grown = {name: _joined(same[name].rows, rows) if name in same else rows for name, rows in newer.items()}
    newest = {name: int(rows.start[-1]) if len(rows) else _BEGINNING for name, rows in grown.items()}
    marks = evidence.fingerprints(stores.warehouse, newest)
    return {
        e.epoch: _Trace(
            e.opened_at,
            grown[e.epoch],
            marks[e.epoch],
            same[e.epoch].gate if e.epoch in same else None,
            same[e.epoch].points if e.epoch in same else None,
        )
        for e in epochs
    }


def _points(gate: GateSpec, epoch: Epoch, trace: _Trace, window_seconds: int) -> list[histories.EvidencePoint]:
    known = trace.points if trace.gate == gate else None
    if known and next(reversed(known)) == moment(int(trace.rows.end[-1])):
        return list(known.values())
    try:
        found = histories.history(gate, epoch, trace.rows, window_seconds, known=known)
    except LedgerError:
        # The gate's verdict says so, on a page that has to be shown all the same.
        return []
    trace.gate, trace.points = gate, {point.window_end: point for point in found}
    return found


def _joined(before: FoldedWindows, after: FoldedWindows) -> FoldedWindows:
    if not len(after):
        return before
    if not len(before):
        return after
    values: dict[str, Any] = {}
    for field in fields(FoldedWindows):
        one, two = getattr(before, field.name), getattr(after, field.name)
        if isinstance(one, np.ndarray):
            values[field.name] = np.concatenate((one, two))
        else:
            values[field.name] = one | two if isinstance(one, frozenset) else one + two
    return FoldedWindows(**values)


def _looks(gate: str, then: Sequence[history.VerdictThen]) -> GateSeries:
    points = (EvidencePoint(v.at, v.units, v.estimate, None, None, None, None, v.release) for v in then)
    return GateSeries(gate, tuple(points))
