"""The verdict of a gate whose evidence accumulates: rates and bounded means against a limit."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from checks.evidence.arms import sample_ratio
from checks.gates import kinds, ledger, wording
from checks.gates.reading import Reading, proofs, read
from checks.gates.records import Outcome, Verdict
from checks.gates.spec import GateSpec
from checks.gates.verdict import Numbers, Trouble, headroom_of, verdict
from checks.releases.change import CHANGED, reason_of
from warehouse.records.errors import CheckError, LedgerError
from warehouse.records.evidence import Epoch
from warehouse.records.folded import FoldedWindows

SAMPLE_RATIO_ERROR = 0.001
"""Chance of ever refusing to compare arms that are filled as they should be."""


def evaluate(
    gate: GateSpec,
    epoch: Epoch | None,
    rows: ledger.Rows,
    *,
    now: datetime,
    window_seconds: int,
    corrected: Sequence[tuple[Epoch, ledger.Rows]] = (),
    trouble: Trouble | None = None,
    distrust: Trouble | None = None,
) -> Verdict:
    """What the gate says of its epoch's evidence at `now`; recomputed from the ledger rows, in any order.

    A proved breach stands, whatever happens to the data afterwards; then `error` > `no_data` > `stale` > `pass` >
    `insufficient`. A pass speaks of the average over the epoch so far and is held only while the evidence holds.
    `corrected` are the epochs that fold the same windows again with restated data. `trouble` says that a source or
    check failed, `distrust` that the gate's own proofs cannot be trusted (its self-test failed, or arms are not filled
    as they should be), which comes before a breach. No epoch, or no window with units, gives `no_data`, or `stale`
    where there was evidence until a part of the release was changed; a ledger or gate that disagrees with itself gives
    `error`, never an exception.
    """
    reading = None
    try:
        if epoch is not None:
            reading = read(gate, epoch, rows, window_seconds, corrected)
    except LedgerError as problem:
        trouble = ("ledger_disagrees", str(problem))
    except CheckError as problem:
        trouble = ("check_failed", str(problem))
    distrust = distrust or _unbalanced(gate, reading)
    outcome, reason, detail = _judge(gate, epoch, reading, now, trouble)
    if distrust is not None:
        outcome, (reason, detail) = "error", distrust
    if reading is not None and outcome != "error":
        detail += wording.both_ways(gate, reading)
    nothing = [(epoch, FoldedWindows.of(()))] if epoch else []
    digest = reading.digest if reading else ledger.digest(f"{gate.digest} {trouble}", nothing)
    if distrust is not None:
        digest = hashlib.sha256(f"{digest} {distrust}".encode()).hexdigest()
    said = verdict(gate, outcome, reason, detail, _numbers(gate, epoch, reading, outcome), digest)
    # Nor does such evidence help that of other gates.
    return said if distrust is None else replace(said, weighs=False)


def unready(gate: GateSpec, outcome: Outcome, reason: str, detail: str) -> Verdict:
    """The verdict of a gate that cannot be judged: its reference is missing, or does not allow its unit."""
    digest = hashlib.sha256(f"{gate.digest}\n{outcome}\n{reason}\n{detail}".encode()).hexdigest()
    return verdict(gate, outcome, reason, detail, Numbers(), digest)


def _unbalanced(gate: GateSpec, reading: Reading | None) -> Trouble | None:
    """Why the arms cannot be compared; None when they can, or when their shares are not given."""
    if reading is None or reading.shares is None or gate.candidate_share is None:
        return None
    control, candidate = reading.shares[:, 0], reading.shares[:, 1]
    evidence = sample_ratio.log_evidence(control, candidate, gate.candidate_share)
    if float(evidence.max()) < -math.log(SAMPLE_RATIO_ERROR):
        return None
    return "sample_ratio", wording.unbalanced(gate, int(control.sum()), int(candidate.sum()))


def _judge(
    gate: GateSpec, epoch: Epoch | None, reading: Reading | None, now: datetime, trouble: Trouble | None
) -> tuple[Outcome, str, str]:
    if reading is not None and reading.breached:
        alpha = math.exp(-proofs(gate)[0])
        return (
            "breach",
            "limit_exceeded",
            wording.exceeded(gate, reading, alpha) + (f" {trouble[1]}" if trouble else ""),
        )
    if trouble is not None:
        return "error", *trouble
    if reading is None:
        changed = epoch is not None and bool(reason_of(epoch.opened_for))
        return *(("stale", CHANGED) if changed else ("no_data", "no_rows")), wording.nothing(gate, epoch)
    age = now - reading.newest
    if gate.max_age is not None and age > gate.max_age:
        return "stale", "too_old", wording.silent(gate, reading.newest, age, gate.max_age)
    if reading.scored < gate.min_scored * reading.units:
        return "insufficient", "unscored", wording.too_little_scored(gate, reading)
    outcome, reason, detail = _weigh(gate, reading)
    again = wording.anew(epoch) if reason == "more_units_needed" else ""
    return outcome, reason, f"{detail} {again}".rstrip()


def _weigh(gate: GateSpec, reading: Reading) -> tuple[Outcome, str, str]:
    """Pass, or what is missing for one."""
    _, proof = proofs(gate)
    if reading.passing >= proof:
        if reading.units < gate.min_units:
            return "insufficient", "more_units_needed", wording.too_small(gate, reading)
        return "pass", "limit_kept", wording.kept(gate, reading, math.exp(-proof))
    if reading.measures.doubt:
        return "insufficient", "unscored", wording.unscored(gate, reading)
    return "insufficient", "more_units_needed", wording.too_few(gate, reading, reading.more_units)


def _numbers(gate: GateSpec, epoch: Epoch | None, reading: Reading | None, outcome: Outcome) -> Numbers:
    name, release = (epoch.epoch, epoch.release) if epoch else (None, None)
    if reading is None:
        return Numbers(epoch=name, release=release)
    proof_breach, proof_pass = proofs(gate)
    measures = reading.measures
    return Numbers(
        estimate=measures.estimate,
        low=_finite(measures.low),
        high=_finite(measures.high),
        all_low=_finite(measures.all_low),
        all_high=_finite(measures.all_high),
        units=reading.units,
        unscored=reading.units - reading.scored,
        evidence_breach=reading.breach,
        evidence_pass=reading.passing,
        proof_breach=proof_breach,
        proof_pass=proof_pass,
        more_units=reading.more_units if outcome in ("insufficient", "stale") else None,
        newest=reading.newest,
        epoch=name,
        release=release,
        more_seconds=_seconds(reading) if outcome in ("insufficient", "stale") else None,
        assumes=kinds.of(gate).assumes(gate),
        headroom=headroom_of(gate, measures.high if gate.direction == "at_most" else measures.low),
    )


def _seconds(reading: Reading) -> float | None:
    return None if reading.more_time is None else reading.more_time.total_seconds()


def _finite(value: float) -> float | None:
    """The value; None for an end that nothing bounds, or that does not exist."""
    return value if math.isfinite(value) else None
