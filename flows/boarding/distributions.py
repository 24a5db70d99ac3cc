"""How the values of a metric lie now and in a span of reference, from what runs have counted; no row is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from dashboards import format as fmt
from dashboards.board.metric_records import Distribution, Group
from warehouse import measured
from warehouse.records.metrics import CellMetric, Slice

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from warehouse.store import Warehouse

Span = tuple[datetime, datetime]
BARS = 20
WEEK = timedelta(days=7)


def reference(
    policy: Policy, gates: Sequence[GateSpec], metric: CellMetric, where: Slice, now: Span
) -> tuple[Span, str]:
    """The span to compare with, and why it is that one: a pinned one of a gate or of drift, else the week before."""
    for gate in gates:
        if gate.metric == metric.name and gate.reference and where.rollout in (None, gate.rollout):
            return gate.reference, f"the reference of gate {gate.name}"
    for section in policy.drift:
        if section.stream == metric.stream and section.reference and where.rollout in (None, section.rollout):
            span = (section.reference.start, section.reference.end)
            return span, f"the reference of the drift comparison {section.name}"
    return (now[0] - WEEK, now[0]), "the week before"


def distribution(
    view: Warehouse, metric: CellMetric, where: Slice, before: Span, now: Span, basis: str
) -> Distribution | None:
    """Both sides in the same groups; None for a metric whose rows have no value."""
    match metric.kind:
        case "count":
            return None
        case "rate":
            counted, groups = "rows", _truths(view, metric, where, before, now)
        case "histogram":
            counted, groups = "rows", _bins(view, metric, where, before, now)
        case _:
            counted = {"session": "sessions", "item": "rows"}.get(metric.unit, "units")
            groups = _units(view, metric, where, before, now)
    return Distribution(counted, basis, before, now, groups)


def _truths(view: Warehouse, metric: CellMetric, where: Slice, before: Span, now: Span) -> tuple[Group, ...]:
    sides = []
    for start, end in (before, now):
        sums = [s for _, s in measured.trend(view, metric, where, start, end, timedelta(days=36_500))]
        true = round(sum(s.total for s in sums))
        scored, unscored = sum(s.scored for s in sums), sum(s.unscored for s in sums)
        sides.append((true, scored - true, unscored))
    names = ("it is so", "it is not so", "no value (unscored)")
    return tuple(Group(name, a, b) for name, a, b in zip(names, *sides, strict=True) if a or b or name != names[2])


def _bins(view: Warehouse, metric: CellMetric, where: Slice, before: Span, now: Span) -> tuple[Group, ...]:
    sides = [measured.bins(view, metric, where, *span) for span in (before, now)]
    labels = [fmt.between(a, b) for a, b in pairwise((None, *metric.cuts, None))]
    return tuple(Group(label, sides[0].get(i, 0), sides[1].get(i, 0)) for i, label in enumerate(labels))


def _units(view: Warehouse, metric: CellMetric, where: Slice, before: Span, now: Span) -> tuple[Group, ...]:
    """Units by value, in equal steps between the ends of what there is."""
    sides = [measured.values(view, metric, where, *span) for span in (before, now)]
    held = [value for side in sides for value, _ in side]
    if not held:
        return ()
    low, high = min(held), max(held)
    if low == high:
        return (Group(fmt.number(low), *(sum(units for _, units in side) for side in sides)),)
    step = _round_step((high - low) / BARS)
    first = math.floor(low / step + 1e-9)
    number = max(1, math.floor(high / step + 1e-9) - first + 1)
    counts = [[0] * number for _ in sides]
    for count, side in zip(counts, sides, strict=True):
        for value, units in side:
            count[math.floor(value / step + 1e-9) - first] += units
    edges = [round((first + i) * step, 12) for i in range(number + 1)]
    names = [fmt.between(a, b) for a, b in pairwise(edges)]
    return tuple(Group(name, a, b) for name, a, b in zip(names, *counts, strict=True))


def _round_step(rough: float) -> float:
    size: float = 10.0 ** math.floor(math.log10(rough))
    return next(size * factor for factor in (1.0, 2.0, 5.0, 10.0) if size * factor >= rough)
