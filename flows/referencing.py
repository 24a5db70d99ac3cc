"""Reference: what a gate's past held is read once, pinned, and becomes part of the gate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from checks.evidence import badness, dispersion, distribution, reference
from checks.gates.spec import GateSpec, Pinned
from flows import epochs
from warehouse import cells, facts, pins, units
from warehouse.records.errors import CheckError
from warehouse.records.evidence import Pin
from warehouse.records.metrics import SCALE, Bin, CellMetric, Slice, UnitCount

if TYPE_CHECKING:
    from checks.gates.records import Outcome
    from checks.policy import Policy
    from flows.sourcing import Ledger
    from flows.stores import Stores


@dataclass(frozen=True, slots=True)
class Unready:
    """Why a gate cannot be judged yet, or ever as it is configured."""

    outcome: Outcome
    reason: str
    detail: str


def resolve(
    stores: Stores, policy: Policy, gate: GateSpec, *, mature: datetime | None, ledger: Ledger, now: datetime
) -> GateSpec | Unready:
    """The gate with what its reference says put in, pinned when it is read for the first time.

    `mature` is the time up to which the metric's sources are complete. Gates without a reference stay as they are.
    """
    if gate.reference is None:
        return gate
    pin = pins.find(stores.warehouse, gate.key, gate.digest)
    if pin is None:
        metric = policy.cell_metric(gate.metric, gate.unit)
        if mature is None or mature < epochs.floor(gate.reference[1], metric.window_seconds):
            detail = f"The reference period ends {gate.reference[1]:%Y-%m-%d %H:%M} UTC and is not complete yet."
            return Unready("no_data", "reference_missing", detail)
        try:
            body = _read(stores, policy, gate, metric)
        except CheckError as problem:
            return Unready("error", "reference_unusable", str(problem))
        pin = Pin(gate.key, gate.digest, now, ledger.newest_batch, body)
        pins.add(stores.warehouse, pin)
    return with_pin(gate, pin)


def with_pin(gate: GateSpec, pin: Pin) -> GateSpec | Unready:
    """The gate with what was pinned for it."""
    body = pin.body
    if (checked := body.get("dispersion")) and not checked["passes"]:
        return Unready("error", "units_dependent", f"Unit item is not allowed here: {checked['sentence']}")
    found = _pinned(gate, body)
    digest = hashlib.sha256(f"{gate.digest}|{found.digest}".encode()).hexdigest()
    pinned = replace(gate, pinned=found, digest=digest)
    if gate.test == "reference":
        # Half of either budget pays for the reference being what it is by chance (union bound).
        return _halved(replace(pinned, limit=badness.to_value(gate, body["limit"])))
    return _halved(pinned) if gate.test == "distribution" else pinned


def pinned_gate(stores: Stores, gate: GateSpec) -> GateSpec:
    """The gate as it was last judged: with its pin where there is one. Reads only."""
    pin = pins.find(stores.warehouse, gate.key, gate.digest) if gate.reference else None
    found = with_pin(gate, pin) if pin else gate
    return gate if isinstance(found, Unready) else found


def _halved(gate: GateSpec) -> GateSpec:
    alpha, beta = gate.budgets
    return replace(gate, alpha=alpha / 2.0, beta=beta / 2.0)


def _pinned(gate: GateSpec, body: Mapping[str, Any]) -> Pinned:
    assert gate.reference is not None, "only gates with a reference are pinned"
    return Pinned(
        digest=hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest(),
        start=gate.reference[0],
        end=gate.reference[1],
        units=body["units"],
        mean=body.get("mean"),
        upper=body.get("upper"),
        cuts=tuple(body.get("cuts", ())),
        counts=tuple(body.get("counts", ())),
    )


def _read(stores: Stores, policy: Policy, gate: GateSpec, metric: CellMetric) -> dict[str, Any]:
    """What the reference period holds, as JSON values.

    Raises:
        CheckError: it holds too little, or a limit drawn from it would lie at the end of the range.
    """
    assert gate.reference is not None, "read only for gates with a reference"
    start, end = (epochs.floor(at, metric.window_seconds) for at in gate.reference)
    where = Slice(rollout=gate.rollout, arm=gate.arm or "candidate", segment=gate.segment)
    body: dict[str, Any] = {}
    if metric.kind == "histogram":
        counts = _shares(cells.read_bins(stores.warehouse, metric, where, start, end), len(metric.cuts) + 1)
        _refuse_shapeless(gate, counts)
        body |= {"units": sum(counts), "counts": counts, "cuts": list(metric.cuts)}
        if gate.unit == "item":
            detail = "a histogram keeps no single rows, so that their independence cannot be checked; use unit window."
            body["dispersion"] = {"passes": False, "sentence": detail}
        return body
    found = units.read_units(stores.warehouse, metric, where, start, end)
    values = [(badness.of_value(gate, u.low / SCALE), u.count) for u in found if u.scored and u.low == u.high]
    if gate.unit == "item":
        stream = policy.stream(metric.stream)
        largest = facts.largest_session(stores.warehouse, stream, metric.where, where, start, end)
        body["dispersion"] = _dispersion(gate, found, largest)
    body["units"] = sum(count for _, count in values)
    if gate.test == "reference":
        body |= _limit(gate, values)
    if gate.test == "distribution":
        raw = [(u.low / SCALE, u.count) for u in found if u.scored and u.low == u.high]
        if not raw:
            raise CheckError(f"The reference period of gate {gate.key} holds no scored {gate.unit}s to compare with.")
        cuts = distribution.deciles(raw)
        counts = list(distribution.binned(raw, cuts))
        _refuse_shapeless(gate, counts)
        body |= {"cuts": list(cuts), "counts": counts}
    return body


def _refuse_shapeless(gate: GateSpec, counts: Sequence[int]) -> None:
    """Raise CheckError unless a distribution can be compared with these counts per bin; else every fold would."""
    distribution.tests(distribution.Reference(ordered=True, counts=tuple(counts)), gate.limit, gate.budgets[0] / 2.0)


def _shares(bins: Sequence[Bin], number: int) -> list[int]:
    """How many windows' worth of rows lie in each bin: rows of one window depend on each other, so each counts once."""
    rows: dict[datetime, int] = {}
    for b in bins:
        rows[b.window_start] = rows.get(b.window_start, 0) + b.items
    return [round(sum(b.items / rows[b.window_start] for b in bins if b.bin == i)) for i in range(number)]


def _limit(gate: GateSpec, values: Sequence[tuple[float, int]]) -> dict[str, Any]:
    found = reference.limit(values, gate.tolerance or 0.0, gate.budgets[0] / 2.0)
    return {"mean": found.mean, "upper": found.upper, "limit": found.limit}


def _dispersion(gate: GateSpec, found: Sequence[UnitCount], largest: int) -> dict[str, Any]:
    """Whether rows are independent of each other: the spread of windows, and the rows of the largest session."""
    windows = []
    for _, group in groupby(found, key=lambda u: u.window_start):
        values = [(badness.of_value(gate, u.low / SCALE), u.count) for u in group if u.scored]
        number = sum(count for _, count in values)
        windows.append((number, sum(x * count for x, count in values), sum(x * x * count for x, count in values)))
    return asdict(dispersion.check(windows, largest))
