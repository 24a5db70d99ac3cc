"""What the ledger says of one gate: the evidence for and against it, and what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from checks.evidence import badness, correction, cumulative, interval, monitor, plan
from checks.gates import ledger
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError
from warehouse.records.evidence import Epoch, EvidenceRow
from warehouse.records.metrics import SCALE


@dataclass(frozen=True, slots=True)
class Run:
    """The windows in which a breach most likely happened, and the estimate over them (metric unit)."""

    start: datetime
    end: datetime
    estimate: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Evidence (natural logs) and measures of one gate.

    `all_low` and `all_high` are the mean over all units with what is not scored at the low and at the high end.
    `breach` is the monitor's evidence now, or its highest once a breach is proved (`breached`, with the `run` that it
    points to). `passing` is the cumulative evidence now. Measures are in the metric's unit.
    `doubt` is true when only the unscored units keep the limit from being on one side of all that is known.
    """

    units: int
    scored: int
    newest: datetime
    estimate: float | None
    low: float
    high: float
    all_low: float
    all_high: float
    breach: float
    passing: float
    breached: bool
    run: Run | None
    over: bool
    doubt: bool
    more_units: int | None
    digest: str


@dataclass(frozen=True, slots=True)
class _Folded:
    """One epoch of the gate, folded both ways."""

    rows: list[EvidenceRow]
    looks: list[tuple[int, tuple[float, ...]]]
    track: monitor.Track
    passing: tuple[float, ...]


def proofs(gate: GateSpec) -> tuple[float, float]:
    """The evidence (natural logs) that proves a breach and a pass: ln(1/alpha) and ln(1/beta).

    Raises:
        CheckError: the gate lacks alpha or beta.
    """
    if gate.alpha is None or gate.beta is None:
        raise CheckError(f"Gate {gate.key} has alpha {gate.alpha} and beta {gate.beta}; evidence needs both.")
    return -math.log(gate.alpha), -math.log(gate.beta)


def read(
    gate: GateSpec,
    epoch: Epoch,
    rows: Sequence[EvidenceRow],
    window_seconds: int,
    corrected: Sequence[tuple[Epoch, Sequence[EvidenceRow]]] = (),
) -> Reading | None:
    """What the epoch says, its corrections included; None when no window had units.

    Measures come from the newest correction, evidence from all (`checks.evidence.correction`).

    Raises:
        LedgerError: the rows disagree with the epoch or with each other.
        CheckError: the gate lacks alpha, beta, a range, or a limit inside it.
    """
    epochs = [(epoch, rows), *sorted(corrected, key=lambda pair: (pair[0].opened_at, pair[0].epoch))]
    checked = [(which, ledger.in_order(which, part, window_seconds)) for which, part in epochs]
    folded = [_fold(gate, which, part, window_seconds) for which, part in checked]
    # A correction that has not been folded yet has no measures, and its evidence of one passes nothing.
    newest = next((part for part in reversed(folded) if part.rows), None)
    if newest is None:
        return None
    breach, breached = _breach(gate, checked, folded)
    passing = correction.mixed_pass([cumulative.log_mean(part.passing) for part in folded])
    units, low_total, high_total = totals(newest.rows)
    low, high = _ends(gate, newest, units)
    over, doubt = _side(gate, units, low_total, high_total)
    price = -math.log(correction.weights(len(folded))[-1])
    return Reading(
        units=units,
        scored=sum(row.scored_units for row in newest.rows),
        newest=newest.rows[-1].window_end,
        estimate=estimate(gate, units, low_total, high_total),
        low=low,
        high=high,
        all_low=low_total / SCALE / units,
        all_high=high_total / SCALE / units,
        breach=breach,
        passing=passing,
        breached=breached,
        run=_run(gate, folded) if breached else None,
        over=over,
        doubt=doubt,
        more_units=None if doubt else _more_units(gate, newest, units, over, price),
        digest=ledger.digest(gate.digest, checked),
    )


def totals(rows: Sequence[EvidenceRow]) -> tuple[int, int, int]:
    """Units, and the totals of their values in millionths at the low and at the high end."""
    return sum(r.units for r in rows), sum(r.total_low for r in rows), sum(r.total_high for r in rows)


def estimate(gate: GateSpec, units: int, total_low: int, total_high: int) -> float | None:
    """The mean over the scored part of the units, in the metric's unit; None when nothing is scored.

    A unit counts as far as its items are scored: what is missing of it shows in the width between its two ends.
    """
    low, high = badness.bounds(gate)
    missing = (total_high - total_low) / SCALE / (high - low)
    scored = units - missing
    return (total_low / SCALE - low * missing) / scored if scored > 0.5 / SCALE else None


def _fold(gate: GateSpec, epoch: Epoch, rows: list[EvidenceRow], window_seconds: int) -> _Folded:
    numbers = ledger.looks(epoch, rows, window_seconds)
    looks = [(number, row.breach_growth) for number, row in zip(numbers, rows, strict=True)]
    return _Folded(
        rows, looks, monitor.track(looks, gate.looks), cumulative.log_wealth(row.pass_growth for row in rows)
    )


def _breach(
    gate: GateSpec, epochs: Sequence[tuple[Epoch, list[EvidenceRow]]], folded: Sequence[_Folded]
) -> tuple[float, bool]:
    """Evidence for a breach now, or the highest ever if it was ever a proof."""
    proof, _ = proofs(gate)
    steps = [[(look, e) for (look, _), e in zip(f.looks, f.track.evidence, strict=True)] for f in folded]
    mixed = [value for _, value in correction.mixed_breach(steps)]
    # What the original proved before anything was restated stays proved at its full weight.
    restated_at = epochs[1][0].opened_at if len(epochs) > 1 else None
    recorded = [
        value
        for row, value in zip(folded[0].rows, folded[0].track.evidence, strict=True)
        if restated_at is None or row.folded_at < restated_at
    ]
    peak = max([*mixed, *recorded])
    return (peak, True) if peak >= proof else (mixed[-1], False)


def _ends(gate: GateSpec, folded: _Folded, units: int) -> tuple[float, float]:
    wealth = np.asarray([cumulative.log_wealth(bets for _, bets in folded.looks)])
    passing = np.asarray([folded.passing])
    alpha, beta = (math.exp(-proof) for proof in proofs(gate))
    low, high = interval.ends(wealth, passing, np.asarray([float(units)]), badness.limit_of(gate), alpha, beta)
    values = sorted((badness.to_value(gate, float(low[0])), badness.to_value(gate, float(high[0]))))
    return values[0], values[1]


def _side(gate: GateSpec, units: int, total_low: int, total_high: int) -> tuple[bool, bool]:
    """Whether what is scored lies over the limit, and whether what is not scored could turn that round."""
    limit = badness.limit_of(gate)
    least, most = sorted(badness.of_value(gate, total / SCALE / units) for total in (total_low, total_high))
    measured = estimate(gate, units, total_low, total_high)
    over = measured is not None and badness.of_value(gate, measured) > limit
    return over, total_low != total_high and (measured is None or (least <= limit if over else most > limit))


def _more_units(gate: GateSpec, folded: _Folded, units: int, over: bool, price: float) -> int | None:
    """Units still needed for the proof that the estimate points to; `price` is what corrections cost."""
    breach, passing = proofs(gate)
    if over:
        gained = cumulative.log_wealth(bets for _, bets in folded.looks)
        return plan.units_until(folded.track.wealth, units, gained, breach + price)
    needed = plan.units_until(folded.passing, units, folded.passing, passing + price)
    return None if needed is None else max(needed, gate.min_units - units)


def _run(gate: GateSpec, folded: Sequence[_Folded]) -> Run:
    part = max((f for f in folded if f.rows), key=lambda f: max(f.track.evidence))
    last = int(np.argmax(part.track.evidence))
    first = monitor.likely_start(part.looks[: last + 1], gate.looks)
    rows = part.rows[first : last + 1]
    return Run(rows[0].window_start, rows[-1].window_end, estimate(gate, *totals(rows)))
