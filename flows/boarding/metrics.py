"""What the published snapshot holds of metrics: their course, their distribution and their slices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from checks.policy.metric_kinds import CELL_KINDS
from dashboards.board.metric_records import DAY, SPANS, USUAL, Course, Distribution, Glance, Measured, Part, Point
from flows.boarding import distributions
from flows.boarding.kept import Kept
from warehouse import history, ledger, measured
from warehouse.measured import Stretch, Sums
from warehouse.records.errors import StoreError
from warehouse.records.metrics import CellMetric, Slice

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from warehouse.history import VerdictThen
    from warehouse.snapshot import Snapshot
    from warehouse.store import Warehouse

POINTS = 170
"""Stretches that a plot shows, about."""
SPARK_POINTS = 56
_WIDTHS = tuple(timedelta(hours=h) for h in (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168, 336, 672))


class Metrics:
    """What was read of one project's snapshots, kept until another one is published."""

    def __init__(self, data: Path) -> None:
        """Keep where the snapshot is; nothing is opened."""
        self._data, self._kept = data, Kept(data)

    def glance(self, policy: Policy) -> Glance:
        """Every metric that a gate rests on, by rollout."""
        try:
            return self._kept.get(policy.digest, "glance", lambda: self._glance(policy))
        except StoreError as error:
            return Glance(None, {}, str(error))

    def measured(self, policy: Policy, name: str, where: Slice, span: str) -> Measured:
        """One metric in some traffic.

        Raises:
            UsageError: the policy knows no such metric.
        """
        policy.metric(name)
        try:
            return self._kept.get(policy.digest, (name, where, span), lambda: self._measured(policy, name, where, span))
        except StoreError as error:
            return Measured(name, where, "none", None, None, trouble=str(error))

    def _glance(self, policy: Policy) -> Glance:
        from warehouse.snapshot import Snapshot

        with Snapshot.open(self._data) as found:
            return Glance(found.as_of, _courses(found, policy))

    def _measured(self, policy: Policy, name: str, where: Slice, span: str) -> Measured:
        from warehouse.snapshot import Snapshot

        with Snapshot.open(self._data) as found:
            cell = cell_metric(policy, name)
            if cell is not None:
                return _of_cells(found, policy, cell, where, SPANS.get(span, SPANS[USUAL]))
            return _of_runs(found, policy, name, where, SPANS.get(span, SPANS[USUAL]))


def gates(policy: Policy) -> Iterator[GateSpec]:
    """Every gate of every rollout, as its first stage has it."""
    for rollout in policy.rollouts:
        yield from policy.gate_specs(rollout.name, rollout.stages[0])


def cell_metric(policy: Policy, name: str) -> CellMetric | None:
    """The metric as runs summarise it; None for one that no gate sums over rows."""
    found = next((g for g in gates(policy) if g.metric == name and g.kind in CELL_KINDS), None)
    return policy.cell_metric(name, found.unit) if found else None


def width(span: timedelta, points: int, window: timedelta) -> timedelta:
    """The shortest stretch of whole windows that shows a span in about so many points."""
    good = (w for w in _WIDTHS if w >= window and not w % window and span / w <= points)
    return next(good, max(window, -(-span // (points * window)) * window))


def end_of(as_of: datetime, step: timedelta) -> datetime:
    """The end of the stretch that holds a moment; stretches are counted from the Unix epoch."""
    since = (as_of - datetime.fromtimestamp(0, UTC)) % step
    return as_of - since + (step if since else timedelta(0))


def _courses(found: Snapshot, policy: Policy) -> dict[tuple[str, str], Course]:
    span, step = SPANS[USUAL], width(SPANS[USUAL], SPARK_POINTS, policy.window)
    end = end_of(found.as_of, step)
    cells = {name: cell for g in gates(policy) if (cell := cell_metric(policy, name := g.metric))}
    names = {cell.digest: name for name, cell in cells.items()}
    listed = list(cells.values())
    newest = measured.newest(found.view, listed)
    stretches = measured.sparks(found.view, listed, end - span, end, step)
    last = measured.sparks(found.view, listed, found.as_of - DAY, found.as_of, 365 * DAY)
    courses = {}
    for (digest, rollout), at in newest.items():
        key = (digest, rollout)
        points = tuple(_point(names[digest], policy, s, step) for s in stretches.get(key, ()))
        now = _joined(names[digest], policy, last.get(key, ()), found.as_of)
        courses[names[digest], rollout] = Course(end - span, end, step, points, now, at + policy.window)
    for gate in gates(policy):
        if gate.metric not in cells and (gate.metric, gate.rollout) not in courses:
            said = history.verdicts(found.view, gate.rollout, gate.name)
            courses[gate.metric, gate.rollout] = _course_of_runs(said, found.as_of, span)
    return courses


def _point(name: str, policy: Policy, stretch: Stretch, step: timedelta) -> Point:
    at, sums = stretch
    return Point(at, at + step, _value(name, policy, sums), sums.items, sums.unscored)


def _joined(name: str, policy: Policy, stretches: Sequence[Stretch], as_of: datetime) -> Point | None:
    """The last day as one point."""
    if not stretches:
        return None
    whole = Sums.of(sums for _, sums in stretches)
    return Point(as_of - DAY, as_of, _value(name, policy, whole), whole.items, whole.unscored)


def _value(name: str, policy: Policy, sums: Sums) -> float | None:
    """What the metric came to: rows counted, or the mean of those with a value."""
    return float(sums.items) if policy.metric(name).kind == "count" else sums.mean


def _of_cells(found: Snapshot, policy: Policy, cell: CellMetric, where: Slice, span: timedelta) -> Measured:
    view, step = found.view, width(span, POINTS, policy.window)
    end = end_of(found.as_of, step)
    points = tuple(_point(cell.name, policy, s, step) for s in measured.trend(view, cell, where, end - span, end, step))
    last = measured.trend(view, cell, where, found.as_of - DAY, found.as_of, 365 * DAY)
    at = Sums.of(one.sums for one in measured.slices(view, cell, where, *_EVER)).newest
    course = Course(
        end - span, end, step, points, _joined(cell.name, policy, last, found.as_of), at + policy.window if at else None
    )
    return Measured(
        cell.name,
        where,
        "cells",
        found.as_of,
        course,
        _distribution(view, policy, cell, where, found.as_of),
        _parts(view, policy, cell, where, end - span, end),
        _complete_until(view, cell.stream),
    )


_EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


def _distribution(
    view: Warehouse, policy: Policy, cell: CellMetric, where: Slice, as_of: datetime
) -> Distribution | None:
    now = (end_of(as_of, policy.window) - DAY, end_of(as_of, policy.window))
    before, basis = distributions.reference(policy, list(gates(policy)), cell, where, now)
    return distributions.distribution(view, cell, where, before, now, basis)


def _parts(
    view: Warehouse, policy: Policy, cell: CellMetric, where: Slice, start: datetime, end: datetime
) -> tuple[Part, ...]:
    """Slices ranked by effect, small ones last; a kind with one slice compares nothing and is left without effect."""
    found = measured.slices(view, cell, where, start, end)
    counting = policy.metric(cell.name).kind == "count"
    whole = Sums.of(one.sums for one in found if one.kind == "rollout")
    parts = []
    for one in found:
        others = whole.without(one.sums)
        mean, rest = one.sums.mean, others.mean if others.scored > 0 else None
        effect = None if mean is None or rest is None or counting else mean - rest
        errors = (one.sums.error, others.error)
        error = None if effect is None or None in errors else (sum(e * e for e in errors if e is not None)) ** 0.5
        value = float(one.sums.items) if counting else mean
        at = one.sums.newest + policy.window if one.sums.newest else None
        parts.append(Part(one.kind, one.name, one.sums.items, one.sums.unscored, value, effect, error, at))
    return tuple(sorted(parts, key=lambda p: (p.small, p.effect is None, -abs(p.effect or 0.0), -p.rows, p.name)))


def _complete_until(view: Warehouse, stream: str) -> datetime | None:
    """The time up to which every source of the stream is complete; None where one never was."""
    marks = [state.watermark for state in ledger.source_states(view) if state.stream == stream]
    return None if not marks or None in marks else min(mark for mark in marks if mark is not None)


def _of_runs(found: Snapshot, policy: Policy, name: str, where: Slice, span: timedelta) -> Measured:
    mine = [g for g in gates(policy) if g.metric == name and where.rollout in (None, g.rollout)]
    if not mine:
        return Measured(name, where, "none", found.as_of, None)
    said = history.verdicts(found.view, mine[0].rollout, mine[0].name)
    where = Slice(rollout=mine[0].rollout)
    return Measured(name, where, "runs", found.as_of, _course_of_runs(said, found.as_of, span))


def _course_of_runs(said: list[VerdictThen], as_of: datetime, span: timedelta) -> Course:
    start = as_of - span
    within = [v for v in said if v.at > start]
    every = max(1, -(-len(within) // POINTS))
    # The newest run is always among those shown.
    kept = within[::-1][::every][::-1]
    points = tuple(Point(v.at, v.at, v.estimate, v.units) for v in kept)
    known = [v for v in said if v.estimate is not None]
    now = points[-1] if points and points[-1].value is not None and as_of - points[-1].end < DAY else None
    return Course(start, as_of, None, points, now, known[-1].at if known else None)
