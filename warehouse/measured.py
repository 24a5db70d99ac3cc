"""What a metric came to, for people who look: sums of its cells by stretch of time and by slice, as numbers to show.

Nothing here decides: gates read cells and units exactly (`warehouse.cells`, `warehouse.units`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from warehouse.records.metrics import SCALE, CellMetric, Slice
from warehouse.scope import sliced, statement, utc
from warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class Sums:
    """Rows of a metric: `items`, those of them without a value (`unscored`), and sums in the metric's unit.

    `newest` is the start of the newest window among them.
    """

    items: int
    unscored: int
    total: float
    squares: float
    newest: datetime | None = None

    @property
    def scored(self) -> int:
        """Rows with a value."""
        return self.items - self.unscored

    @property
    def mean(self) -> float | None:
        """The mean of the rows with a value; None without any."""
        return self.total / self.scored if self.scored > 0 else None

    @property
    def error(self) -> float | None:
        """The standard error of the mean, as if rows did not depend on each other; None below two rows."""
        if self.scored < 2:
            return None
        spread = max(0.0, self.squares - self.total**2 / self.scored) / (self.scored - 1)
        return math.sqrt(spread / self.scored)

    @classmethod
    def of(cls, parts: Iterable[Sums]) -> Sums:
        """All of these rows together."""
        parts = list(parts)
        return cls(
            sum(s.items for s in parts),
            sum(s.unscored for s in parts),
            sum(s.total for s in parts),
            sum(s.squares for s in parts),
            max((s.newest for s in parts if s.newest), default=None),
        )

    def without(self, other: Sums) -> Sums:
        """These rows without some of them."""
        return Sums(
            self.items - other.items,
            self.unscored - other.unscored,
            self.total - other.total,
            self.squares - other.squares,
        )


@dataclass(frozen=True, slots=True)
class SliceSums:
    """One slice: `kind` is "rollout", "release", "arm" or "segment"; `name` is empty for rows that name none."""

    kind: str
    name: str
    sums: Sums


Stretch = tuple[datetime, Sums]
"""When a stretch of time begins, and what is in it."""


def trend(
    warehouse: Warehouse, metric: CellMetric, where: Slice, start: datetime, end: datetime, width: timedelta
) -> list[Stretch]:
    """Every stretch of `width` with rows among the windows that start within [start, end), in order."""
    found = _asked(warehouse, "measured_trend", metric, where, start, end, width=_us(width))
    return [(utc(row[0]), _sums(row[1:])) for row in found]


def sparks(
    warehouse: Warehouse, metrics: Sequence[CellMetric], start: datetime, end: datetime, width: timedelta
) -> dict[tuple[str, str], list[Stretch]]:
    """The same for several metrics at once, by digest of the metric and rollout."""
    values = {"digests": [m.digest for m in metrics], "start": utc(start), "end": utc(end), "width": _us(width)}
    found: dict[tuple[str, str], list[Stretch]] = {}
    for digest, rollout, at, *sums in warehouse.connection.execute(statement("measured_sparks"), values).fetchall():
        found.setdefault((digest, rollout), []).append((utc(at), _sums(sums)))
    return found


def newest(warehouse: Warehouse, metrics: Sequence[CellMetric]) -> dict[tuple[str, str], datetime]:
    """The start of the newest window with rows, by digest of the metric and rollout; none without rows."""
    values = {"digests": [m.digest for m in metrics]}
    rows = warehouse.connection.execute(statement("measured_newest"), values).fetchall()
    return {(digest, rollout): utc(at) for digest, rollout, at in rows}


def slices(
    warehouse: Warehouse, metric: CellMetric, where: Slice, start: datetime, end: datetime, *, most: int = 100
) -> list[SliceSums]:
    """Every rollout, release, arm and segment of the traffic, the largest first and at most `most` of each kind."""
    found = _asked(warehouse, "measured_slices", metric, where, start, end, most=most)
    return [SliceSums(str(row[0]), str(row[1]), _sums(row[2:])) for row in found]


def values(
    warehouse: Warehouse, metric: CellMetric, where: Slice, start: datetime, end: datetime
) -> list[tuple[float, int]]:
    """Values of the units of evidence that closed within the span, in order, and how many units have each."""
    found = _asked(warehouse, "measured_values", metric, where, start, end)
    return [(int(value) / SCALE, int(units)) for value, units in found]


def bins(warehouse: Warehouse, metric: CellMetric, where: Slice, start: datetime, end: datetime) -> dict[int, int]:
    """Rows in each bin of a histogram; empty bins are left out."""
    return {int(number): int(items) for number, items in _asked(warehouse, "measured_bins", metric, where, start, end)}


def _asked(
    warehouse: Warehouse, name: str, metric: CellMetric, where: Slice, start: datetime, end: datetime, **more: int
) -> list[tuple[Any, ...]]:
    bound = {"digest": metric.digest, "start": utc(start), "end": utc(end), **sliced(where), **more}
    return warehouse.connection.execute(statement(name), bound).fetchall()


def _sums(row: Sequence[Any]) -> Sums:
    items, unscored, total, squares, at = row
    return Sums(int(items), int(unscored), total / SCALE, squares / SCALE**2, utc(at))


def _us(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
