"""The verdict of a gate whose evidence accumulates: rates and bounded means against a limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from checks.gates import ledger, wording
from checks.gates.reading import Reading, proofs, read
from checks.gates.records import Outcome, Verdict
from checks.gates.spec import GateSpec
from checks.gates.verdict import Numbers, Trouble, verdict
from warehouse.records.errors import CheckError, LedgerError
from warehouse.records.evidence import Epoch, EvidenceRow


def evaluate(
    gate: GateSpec,
    epoch: Epoch | None,
    rows: Sequence[EvidenceRow],
    *,
    now: datetime,
    window_seconds: int,
    corrected: Sequence[tuple[Epoch, Sequence[EvidenceRow]]] = (),
    trouble: Trouble | None = None,
) -> Verdict:
    """What the gate says of its epoch's evidence at `now`; recomputed from the ledger rows, in any order.

    A proved breach stands, whatever happens to the data afterwards; then `error` > `no_data` > `stale` > `pass` >
    `insufficient`. A pass speaks of the average over the epoch so far and is held only while the evidence holds.
    `corrected` are the epochs that fold the same windows again with restated data. `trouble` says that a source or
    check failed. No epoch, or no window with units, gives `no_data`; a ledger or gate that disagrees with itself
    gives `error`, never an exception.
    """
    reading = None
    try:
        if epoch is not None:
            reading = read(gate, epoch, rows, window_seconds, corrected)
    except LedgerError as problem:
        trouble = ("ledger_disagrees", str(problem))
    except CheckError as problem:
        trouble = ("check_failed", str(problem))
    outcome, reason, detail = _judge(gate, epoch, reading, now, trouble)
    if reading is not None and outcome != "error":
        detail += wording.both_ways(gate, reading)
    digest = reading.digest if reading else ledger.digest(f"{gate.digest} {trouble}", [(epoch, ())] if epoch else [])
    return verdict(gate, outcome, reason, detail, _numbers(gate, epoch, reading, outcome), digest)


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
        return "no_data", "no_rows", wording.nothing(gate, epoch)
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
    if reading.doubt:
        return "insufficient", "unscored", wording.unscored(gate, reading)
    return "insufficient", "more_units_needed", wording.too_few(gate, reading, reading.more_units)


def _numbers(gate: GateSpec, epoch: Epoch | None, reading: Reading | None, outcome: Outcome) -> Numbers:
    name, release = (epoch.epoch, epoch.release) if epoch else (None, None)
    if reading is None:
        return Numbers(epoch=name, release=release)
    proof_breach, proof_pass = proofs(gate)
    return Numbers(
        estimate=reading.estimate,
        low=reading.low,
        high=reading.high,
        all_low=reading.all_low,
        all_high=reading.all_high,
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
    )
