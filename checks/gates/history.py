"""The evidence of one epoch over time, for plots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from checks.evidence import badness, interval, monitor
from checks.gates import kinds, ledger
from checks.gates.kinds import limit, score_difference
from checks.gates.spec import GateSpec
from warehouse.records.evidence import Epoch
from warehouse.records.folded import FoldedWindows, moment

_MEANS = ("limit", "reference", "score_difference")
"""Kinds whose interval for every window comes from running sums; the others are measured anew for each."""

_MOST = 100
"""About how many windows are drawn of the others."""


@dataclass(frozen=True, slots=True)
class EvidencePoint:
    """What was known after one window, over the epoch so far.

    `estimate` (None while nothing is scored), `low` and `high` are in the gate's measure, `evidence_breach` and
    `evidence_pass` are natural logs.
    """

    window_end: datetime
    units: int
    estimate: float | None
    low: float
    high: float
    evidence_breach: float
    evidence_pass: float


def history(gate: GateSpec, epoch: Epoch, rows: ledger.Rows, window_seconds: int) -> list[EvidencePoint]:
    """One point per window with units, or of about a hundred of them, ascending; empty without any.

    Corrections are epochs of their own. The running sums are plain floating point: a point may differ from the verdict
    of that time in the twelfth digit.

    Raises:
        LedgerError: the rows disagree with the epoch or with each other.
        CheckError: the gate lacks alpha, beta, a range, or a limit inside it.
    """
    kind = kinds.of(gate)
    found = ledger.in_order(epoch, rows, window_seconds, kind.bets(gate))
    if not len(found):
        return []
    looks = ledger.looks(epoch, found, window_seconds)
    evidence = monitor.log_evidence(looks, found.breach, kind.prior(gate)).tolist()
    wealth = np.cumsum(found.passing, axis=0)
    units = np.cumsum(found.units).tolist()
    return [
        EvidencePoint(
            moment(int(found.end[i])), units[i], *measured, evidence[i], kind.passing(gate, wealth[i].tolist())
        )
        for i, measured in _measured(gate, found)
    ]


def _measured(gate: GateSpec, rows: FoldedWindows) -> Iterator[tuple[int, tuple[float | None, float, float]]]:
    """Estimate, low and high end after each window that is drawn, with its place."""
    of = score_difference.as_mean(gate) if gate.test == "score_difference" else gate
    if gate.test in _MEANS:
        yield from enumerate(_means(of, rows))
        return
    step = max(1, len(rows) // _MOST)
    for i in sorted({*range(step - 1, len(rows), step), len(rows) - 1}):
        found = kinds.of(gate).measure(gate, rows.take(slice(0, i + 1)))
        yield i, (found.estimate, found.low, found.high)


def _means(gate: GateSpec, rows: FoldedWindows) -> Iterator[tuple[float | None, float, float]]:
    alpha, beta = gate.budgets
    units = np.cumsum(rows.units)
    wealth, passing = np.cumsum(rows.breach, axis=0), np.cumsum(rows.passing, axis=0)
    least, most = interval.ends(wealth, passing, units.astype(float), badness.limit_of(gate), alpha, beta)
    lows, highs = np.cumsum(rows.total_low).tolist(), np.cumsum(rows.total_high).tolist()
    for i, number in enumerate(units.tolist()):
        low, high = sorted(badness.to_value(gate, float(end[i])) for end in (least, most))
        yield limit.mean(gate, number, lows[i], highs[i]), low, high
