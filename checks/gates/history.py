"""The evidence of one epoch over time, for plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from checks.evidence import badness, interval, monitor
from checks.gates import ledger
from checks.gates.reading import estimate
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError
from warehouse.records.evidence import Epoch, EvidenceRow


@dataclass(frozen=True, slots=True)
class EvidencePoint:
    """What was known after one window, over the epoch so far.

    `estimate` (None while nothing is scored), `low` and `high` are in the metric's unit, `evidence_breach` and
    `evidence_pass` are natural logs.
    """

    window_end: datetime
    units: int
    estimate: float | None
    low: float
    high: float
    evidence_breach: float
    evidence_pass: float


def history(gate: GateSpec, epoch: Epoch, rows: Sequence[EvidenceRow], window_seconds: int) -> list[EvidencePoint]:
    """One point per window with units, ascending; empty without any. Corrections are epochs of their own.

    The running sums are plain floating point: a point may differ from the verdict of that time in the twelfth digit.

    Raises:
        LedgerError: the rows disagree with the epoch or with each other.
        CheckError: the gate lacks alpha, beta, a range, or a limit inside it.
    """
    rows = ledger.in_order(epoch, rows, window_seconds)
    if not rows:
        return []
    if gate.alpha is None or gate.beta is None:
        raise CheckError(f"Gate {gate.key} has alpha {gate.alpha} and beta {gate.beta}; evidence needs both.")
    breach = [row.breach_growth for row in rows]
    wealth = np.cumsum(breach, axis=0)
    passing = np.cumsum([row.pass_growth for row in rows], axis=0)
    units = [int(n) for n in np.cumsum([row.units for row in rows])]
    least, most = interval.ends(
        wealth, passing, np.asarray(units, dtype=float), badness.limit_of(gate), gate.alpha, gate.beta
    )
    looks = ledger.looks(epoch, rows, window_seconds)
    evidence = monitor.log_evidence(list(zip(looks, breach, strict=True)), gate.looks)
    passed = np.logaddexp.reduce(passing, axis=1) - np.log(passing.shape[1])
    points, low_total, high_total = [], 0, 0
    for i, row in enumerate(rows):
        low_total, high_total = low_total + row.total_low, high_total + row.total_high
        low, high = sorted(badness.to_value(gate, float(end[i])) for end in (least, most))
        mean = estimate(gate, units[i], low_total, high_total)
        points.append(EvidencePoint(row.window_end, units[i], mean, low, high, evidence[i], float(passed[i])))
    return points
