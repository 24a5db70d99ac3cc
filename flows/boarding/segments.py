"""Evidence by segment: what the units of a gate's running epoch come to in each segment, read in one query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from checks.evidence import wilson
from checks.policy.metric_kinds import CELL_KINDS
from dashboards.board.data_records import GateSegments, Segment
from dashboards.board.metric_records import FEW
from dashboards.page import words
from flows import epochs
from warehouse import evidence
from warehouse.records.metrics import SCALE, UNIT_KINDS
from warehouse.scope import statement

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from warehouse.records.evidence import Epoch
    from warehouse.store import Warehouse

MOST = 30
"""Segments of a gate that are listed."""
_NAMES = ("gates", "digests", "rollouts", "releases", "arms", "segments", "starts", "ends")


def read(view: Warehouse, policy: Policy, rollout: str, stage: str) -> tuple[GateSegments, ...]:
    """Every gate of the rollout whose running epoch has units in more than one segment."""
    gates = [g for g in policy.gate_specs(rollout, stage) if g.kind in CELL_KINDS and g.kind in UNIT_KINDS]
    gates = [g for g in gates if g.test == "limit"]
    running = {key: found[-1] for key, found in evidence.epochs_of(view, [g.key for g in gates]).items() if found}
    known = [(gate, running[gate.key]) for gate in gates if gate.key in running]
    if not known:
        return ()
    asked = [_asked(policy, number, gate, epoch) for number, (gate, epoch) in enumerate(known)]
    bound = dict(zip(_NAMES, (list(part) for part in zip(*asked, strict=True)), strict=True))
    rows: dict[int, list[Any]] = {}
    for number, *row in view.connection.execute(statement("segments_units"), bound).fetchall():
        rows.setdefault(number, []).append(row)
    return tuple(_gate(*known[number], found) for number, found in rows.items() if len(found) > 1)


def _asked(policy: Policy, number: int, gate: GateSpec, epoch: Epoch) -> tuple[object, ...]:
    where = epochs.scope(gate, epoch.release)
    digest = policy.cell_metric(gate.metric, gate.unit).digest
    span = (epoch.first_window, epoch.folded_through)
    return (number, digest, gate.rollout, where.release, where.arm, where.segment, *span)


def _gate(gate: GateSpec, epoch: Epoch, found: Sequence[Any]) -> GateSegments:
    segments = tuple(segment(gate, *row) for row in found[:MOST])
    measure = words.measure(gate)
    units = sum(int(row[1]) for row in found)
    more = len(found) - len(segments)
    return GateSegments(
        gate.name, gate.metric, measure, gate.direction, gate.limit, epoch.first_window, units, segments, more
    )


def segment(gate: GateSpec, name: str, units: int, scored: int, low: float, high: float) -> Segment:
    """One segment; `low` and `high` are sums in millionths, missing values taken at either end of the range.

    The limits are those of `wilson.limits` on the metric's range.
    """
    least, most = low / units / SCALE, high / units / SCALE
    estimate = (least + most) / 2 if scored else None
    bottom, top = (0.0, 1.0) if gate.kind == "rate" else (gate.low, gate.high)
    limits: tuple[float | None, float | None] = (None, None)
    if bottom is not None and top is not None and top > bottom and scored:
        limits = _limits(least, units, bottom, top)[0], _limits(most, units, bottom, top)[1]
    return Segment(name, units, units - scored, estimate, *limits, _state(gate, scored, *limits))


def _limits(mean: float, units: int, low: float, high: float) -> tuple[float, float]:
    share = min(1.0, max(0.0, (mean - low) / (high - low)))
    below, above = wilson.limits(share, units)
    return low + below * (high - low), low + above * (high - low)


def _state(gate: GateSpec, scored: int, low: float | None, high: float | None) -> str:
    """Where the limits lie: "few", "unclear", "beyond" (all of it on the bad side) or "kept"."""
    if scored < FEW:
        return "few"
    if low is None or high is None:
        return "unclear"
    over, under = low > gate.limit, high < gate.limit
    if gate.direction == "at_least":
        over, under = under, over
    return "beyond" if over else "kept" if under else "unclear"
