"""The units of a gate's windows: of the traffic it looks at, and of the control arm where it compares the two."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from flows import epochs
from warehouse import cells, late, units
from warehouse.records.metrics import SCALE, UnitCount

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from flows.stores import Stores
    from warehouse.records.evidence import Epoch
    from warehouse.records.metrics import CellMetric, Slice


@dataclass(frozen=True, slots=True)
class WindowUnits:
    """The units of one window, in order of their values; there is at least one, in either arm."""

    start: datetime
    units: tuple[UnitCount, ...]
    control: tuple[UnitCount, ...] = ()

    def digest(self) -> str:
        """A digest of the unit counts, in an order of its own."""
        lines = sorted(_line(u) for u in self.units) + sorted(f"control|{_line(u)}" for u in self.control)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


NOTHING = hashlib.sha256(b"").hexdigest()
"""The digest of a window without units."""


def windows(
    stores: Stores, metric: CellMetric, gate: GateSpec, release: str | None, start: datetime, end: datetime
) -> list[WindowUnits]:
    """The windows with units that start within [start, end), in order."""
    mine = _read(stores, metric, epochs.scope(gate, release), start, end)
    control = _read(stores, metric, epochs.control(gate), start, end) if gate.control else {}
    return [
        WindowUnits(at, tuple(_ordered(mine.get(at, ()))), tuple(_ordered(control.get(at, ()))))
        for at in sorted(mine.keys() | control.keys())
    ]


def supplemented(
    found: Sequence[WindowUnits],
    stores: Stores,
    metric: CellMetric,
    gate: GateSpec,
    release: str | None,
    epoch: Epoch,
    *,
    after: int,
    batch: int,
) -> list[WindowUnits]:
    """The windows with what came late for the epoch's earlier ones, folded with the first of them.

    `after` is the newest batch that the epoch has seen (0: all that it looked at was empty), `batch` the newest there
    is. If no window has units of its own, the late ones wait: they would make a silent stream look fresh.
    """
    if not found or metric.kind == "histogram" or gate.unit == "window" or gate.control:
        return list(found)
    came = late.late_units(
        stores.warehouse,
        metric,
        epochs.scope(gate, release),
        epoch.first_window,
        epoch.folded_through,
        after_batch=after,
        through_batch=batch,
    )
    if not came:
        return list(found)
    first, *others = found
    more = tuple(replace(u, window_start=first.start) for u in came)
    return [replace(first, units=tuple(_ordered((*first.units, *more)))), *others]


def _read(
    stores: Stores, metric: CellMetric, where: Slice, start: datetime, end: datetime
) -> dict[datetime, list[UnitCount]]:
    if metric.kind == "histogram":
        # A bin is a value of its own: its number, which the gate knows how to read.
        bins = cells.read_bins(stores.warehouse, metric, where, start, end)
        found = [UnitCount(b.window_start, b.bin * SCALE, b.bin * SCALE, True, b.items) for b in bins]
        # Rows without a value lie in no bin, and may belong into any.
        most = len(metric.cuts) * SCALE
        rows = cells.read_cells(stores.warehouse, metric, where, start, end)
        found += [UnitCount(cell.window_start, 0, most, False, cell.unscored) for cell in rows if cell.unscored]
    else:
        found = units.read_units(stores.warehouse, metric, where, start, end)
    by_window: dict[datetime, list[UnitCount]] = {}
    for unit in found:
        by_window.setdefault(unit.window_start, []).append(unit)
    return by_window


def _ordered(found: Sequence[UnitCount]) -> list[UnitCount]:
    return sorted(found, key=lambda u: (u.low, u.high, u.scored))


def _line(unit: UnitCount) -> str:
    return f"{unit.window_start.isoformat()}|{unit.low}|{unit.high}|{unit.scored}|{unit.count}"
