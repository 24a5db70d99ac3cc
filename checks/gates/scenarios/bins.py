"""Windows of a distribution against its reference: mass is moved over one cut until the distance is the wanted one.

The cut is the middle one, or the next at which so much lies below; mass moves from below to above, in proportion to
what is there, so that no other cut moves by more. Rows of a histogram are units together with their whole window: past
windows are taken as they were, and moved; without any a window has just the expected shares.
"""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np

from checks.gates.scenarios.moved import MOST, Floats
from checks.gates.scenarios.traffic import SOME_TIME, Mixture, Scenario, Traffic, unit
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError
from warehouse.records.metrics import SCALE, UnitCount

_ROWS = 1_000_000
"""Rows of a window that stands for its shares alone."""


def at(gate: GateSpec, traffic: Traffic, share: float) -> Scenario | None:
    """Windows at `share` of the tolerated distance from the reference; None when no distance is as large."""
    if gate.pinned is None:
        raise CheckError(f"Gate {gate.key} compares a distribution with a reference that was never read.")
    shares = np.array(gate.pinned.counts) / sum(gate.pinned.counts)
    distance = share * gate.limit
    cut = _cut(shares, distance)
    if cut is None:
        return None
    moved = _moved(shares, cut, distance)
    if gate.kind == "histogram":
        made = _windows(gate, traffic, shares, moved)
    else:
        values = _values(gate)
        made = Mixture(gate, tuple(((unit(v),), ()) for v in values), tuple(moved.tolist()), traffic.units)
    return made.scenario(distance)


def _cut(shares: Floats, distance: float) -> int | None:
    """The first cut from the middle on below which more than `distance` lies; None without one."""
    below = list(accumulate(shares.tolist()))[:-1]
    return next((i for i in range(len(below) // 2, len(below)) if distance < below[i] < 1.0), None)


def _moved(shares: Floats, cut: int, distance: float) -> Floats:
    below = float(shares[: cut + 1].sum())
    factors = np.where(np.arange(len(shares)) <= cut, 1.0 - distance / below, 1.0 + distance / (1.0 - below))
    made = shares * factors
    return np.asarray(made / made.sum())


def _values(gate: GateSpec) -> list[int]:
    """One value of the metric, in millionths, for each bin of the reference."""
    assert gate.pinned is not None, "checked before"
    cuts = gate.pinned.cuts
    inside = [cuts[0] - 1.0, *((a + b) / 2.0 for a, b in pairwise(cuts)), cuts[-1] + 1.0]
    return [round(value * SCALE) for value in inside]


def _windows(gate: GateSpec, traffic: Traffic, shares: Floats, moved: Floats) -> Mixture:
    """Whole windows, each as likely as the other."""
    factors = moved / np.where(shares > 0.0, shares, 1.0)
    past = [np.array(counts, dtype=float) for counts in traffic.bins if sum(counts)]
    step = -(-len(past) // (4 * MOST)) if past else 1
    shown = past[::step] or [shares * _ROWS]
    windows = [_rows(counts * factors / counts.sum()) for counts in shown]
    return Mixture(gate, tuple((w, ()) for w in windows), (1.0 / len(windows),) * len(windows), traffic.units)


def _rows(shares: Floats) -> tuple[UnitCount, ...]:
    counts = np.round(shares / shares.sum() * _ROWS).astype(int).tolist()
    return tuple(UnitCount(SOME_TIME, i * SCALE, i * SCALE, True, n) for i, n in enumerate(counts) if n)
