"""What the ledger says of one gate: the evidence for and against it, and what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from checks.evidence import correction, monitor, plan
from checks.gates import kinds, ledger
from checks.gates.kinds.port import Floats, Measures
from checks.gates.spec import GateSpec
from warehouse.records.evidence import Epoch
from warehouse.records.folded import FoldedWindows, Integers, micros, moment


@dataclass(frozen=True, slots=True)
class Run:
    """The windows in which a breach most likely happened, and the estimate over them (the gate's measure)."""

    start: datetime
    end: datetime
    estimate: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Evidence (natural logs) and measures of one gate.

    `breach` is the monitor's evidence now, or its highest once a breach is proved (`breached`, with the `run` that it
    points to). `passing` is the cumulative evidence now. `more_units` are expected to bring the proof that the
    estimate points to, at the present pace in the time `more_time` (None: nobody can say). `measures` come from the
    newest correction. `shares` are the units of control and candidate by window, for kinds that compare them.
    """

    units: int
    scored: int
    newest: datetime
    measures: Measures
    breach: float
    passing: float
    breached: bool
    run: Run | None
    more_units: int | None
    more_time: timedelta | None
    shares: Integers | None
    digest: str


@dataclass(frozen=True, slots=True)
class _Folded:
    """One epoch of the gate, folded both ways; `passing` is the ln wealth of each passing bet."""

    rows: FoldedWindows
    looks: Integers
    track: monitor.Track
    passing: list[float]


def proofs(gate: GateSpec) -> tuple[float, float]:
    """The evidence (natural logs) that proves a breach and a pass: ln(1/alpha) and ln(1/beta).

    Raises:
        CheckError: the gate lacks alpha or beta.
    """
    alpha, beta = gate.budgets
    return -math.log(alpha), -math.log(beta)


def read(
    gate: GateSpec,
    epoch: Epoch,
    rows: ledger.Rows,
    window_seconds: int,
    corrected: Sequence[tuple[Epoch, ledger.Rows]] = (),
) -> Reading | None:
    """What the epoch says, its corrections included; None when no window had units.

    Measures come from the newest correction, evidence from all (`checks.evidence.correction`).

    Raises:
        LedgerError: the rows disagree with the epoch or with each other.
        CheckError: the gate lacks alpha, beta, a range, or a limit inside it.
    """
    proofs(gate)
    kind = kinds.of(gate)
    epochs = [(epoch, rows), *sorted(corrected, key=lambda pair: (pair[0].opened_at, pair[0].epoch))]
    checked = [(which, ledger.in_order(which, part, window_seconds, kind.bets(gate))) for which, part in epochs]
    prior = kind.prior(gate) if any(len(part) for _, part in checked) else None
    folded = [_fold(gate, which, part, window_seconds, prior) for which, part in checked]
    # A correction that has not been folded yet has no measures, and its evidence of one passes nothing.
    newest = next((part for part in reversed(folded) if len(part.rows)), None)
    if newest is None or (compared := _newest(gate, newest.rows)) is None:
        return None
    breach, breached = _breach(gate, checked, folded)
    units = int(newest.rows.units.sum())
    measures = kind.measure(gate, newest.rows)
    price = -math.log(correction.weights(len(folded))[-1])
    more = None if measures.doubt else _more_units(gate, newest, prior, units, measures.over, price)
    return Reading(
        units=units,
        scored=int(newest.rows.scored.sum()),
        newest=compared,
        measures=measures,
        breach=breach,
        passing=correction.mixed_pass([kind.passing(gate, part.passing) if part.passing else 0.0 for part in folded]),
        breached=breached,
        run=_run(gate, folded, prior) if breached else None,
        more_units=more,
        more_time=None if more is None else _time(epoch, newest.rows, units, more),
        shares=newest.rows.counts[:, :2] if gate.control else None,
        digest=ledger.digest(gate.digest, checked),
    )


def _fold(gate: GateSpec, epoch: Epoch, rows: FoldedWindows, window_seconds: int, prior: Floats | None) -> _Folded:
    looks = ledger.looks(epoch, rows, window_seconds)
    track = monitor.track(looks, rows.breach, prior)
    return _Folded(rows, looks, track, rows.passing.sum(axis=0).tolist() if len(rows) else [])


def _breach(
    gate: GateSpec, epochs: Sequence[tuple[Epoch, FoldedWindows]], folded: Sequence[_Folded]
) -> tuple[float, bool]:
    """Evidence for a breach now, or the highest ever if it was ever a proof."""
    proof, _ = proofs(gate)
    original = folded[0]
    if len(folded) == 1:
        now, peak = float(original.track.evidence[-1]), float(original.track.evidence.max())
    else:
        steps = [list(zip(f.looks.tolist(), f.track.evidence.tolist(), strict=True)) for f in folded]
        mixed = [value for _, value in correction.mixed_breach(steps)]
        # What the original proved before anything was restated stays proved at its full weight.
        recorded = original.track.evidence[original.rows.folded_at < micros(epochs[1][0].opened_at)]
        now, peak = mixed[-1], max([*mixed, *recorded.tolist()])
    return (peak, True) if peak >= proof else (now, False)


def _newest(gate: GateSpec, rows: FoldedWindows) -> datetime | None:
    """The end of the newest window that says something: of arms that are compared, one with both."""
    says = (rows.counts[:, :2] > 0).all(axis=1) if gate.control else np.ones(len(rows), dtype=bool)
    return moment(int(rows.end[says][-1])) if says.any() else None


def _more_units(
    gate: GateSpec, folded: _Folded, prior: Floats | None, units: int, over: bool, price: float
) -> int | None:
    """Units still needed for the proof that the estimate points to; `price` is what corrections cost."""
    breach, passing = proofs(gate)
    if over:
        gained = folded.rows.breach.sum(axis=0).tolist()
        weights = None if prior is None else prior.tolist()
        return plan.units_until(folded.track.wealth.tolist(), units, gained, breach + price, weights)
    kind = kinds.of(gate)
    needed = plan.units_until(
        folded.passing, units, folded.passing, passing + price, evidence=lambda wealth: kind.passing(gate, wealth)
    )
    return None if needed is None else max(needed, gate.min_units - units)


def _time(epoch: Epoch, rows: FoldedWindows, units: int, more: int) -> timedelta | None:
    """How long so many units take at the pace of the epoch so far."""
    so_far = moment(int(rows.end[-1])) - epoch.first_window
    return more / units * so_far if so_far > timedelta(0) and more < 1_000 * units else None


def _run(gate: GateSpec, folded: Sequence[_Folded], prior: Floats | None) -> Run:
    part = max((f for f in folded if len(f.rows)), key=lambda f: float(f.track.evidence.max()))
    last = int(np.argmax(part.track.evidence))
    first = monitor.likely_start(part.rows.breach[: last + 1], prior)
    rows = part.rows.take(slice(first, last + 1))
    return Run(moment(int(rows.start[0])), moment(int(rows.end[-1])), kinds.of(gate).estimate(gate, rows))
