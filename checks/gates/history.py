"""The evidence of one epoch over time, for plots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

_MOST_MEANS, _MOST = 400, 100
"""About how many windows are drawn of these, and of the others: a page has no room for more."""


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


def history(
    gate: GateSpec,
    epoch: Epoch,
    rows: ledger.Rows,
    window_seconds: int,
    *,
    known: Mapping[datetime, EvidencePoint] | None = None,
) -> list[EvidencePoint]:
    """One point per window with units, or for some hundred of them, evenly spaced, ascending; empty without any.

    The newest window and the one with the most evidence of a breach are always among them. `known` are points, by
    the end of their window, that the same gate had over the same rows or fewer of them: they are not measured again.

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
    places = _drawn(evidence, _MOST_MEANS if gate.test in _MEANS else _MOST)
    ends = {i: moment(int(found.end[i])) for i in places}
    points = {end: known[end] for end in ends.values() if known and end in known}
    for i, measured in _measured(gate, found, [i for i in places if ends[i] not in points]):
        passing = kind.passing(gate, wealth[i].tolist())
        points[ends[i]] = EvidencePoint(ends[i], units[i], *measured, evidence[i], passing)
    return [points[end] for end in ends.values()]


def _drawn(evidence: Sequence[float], most: int) -> list[int]:
    """Places of the windows that are drawn, ascending: as the rows grow, most of those before stay."""
    step = 1
    while len(evidence) > step * most:
        step *= 2
    peak = max(range(len(evidence)), key=evidence.__getitem__)
    return sorted({*range(step - 1, len(evidence), step), peak, len(evidence) - 1})


def _measured(
    gate: GateSpec, rows: FoldedWindows, places: Sequence[int]
) -> Iterator[tuple[int, tuple[float | None, float, float]]]:
    """Estimate, low and high end after each window that is drawn, with its place."""
    of = score_difference.as_mean(gate) if gate.test == "score_difference" else gate
    if not places:
        return
    if gate.test in _MEANS:
        yield from zip(places, _means(of, rows, places), strict=True)
        return
    for i in places:
        found = kinds.of(gate).measure(gate, rows.take(slice(0, i + 1)))
        yield i, (found.estimate, found.low, found.high)


def _means(gate: GateSpec, rows: FoldedWindows, places: Sequence[int]) -> Iterator[tuple[float | None, float, float]]:
    alpha, beta = gate.budgets
    units = np.cumsum(rows.units)[places]
    wealth, passing = np.cumsum(rows.breach, axis=0)[places], np.cumsum(rows.passing, axis=0)[places]
    least, most = interval.ends(wealth, passing, units.astype(float), badness.limit_of(gate), alpha, beta)
    lows, highs = np.cumsum(rows.total_low)[places].tolist(), np.cumsum(rows.total_high)[places].tolist()
    for i, number in enumerate(units.tolist()):
        low, high = sorted(badness.to_value(gate, float(end[i])) for end in (least, most))
        yield limit.mean(gate, number, lows[i], highs[i]), low, high
