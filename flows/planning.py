"""Plan: read what traffic a gate has had, and let the checks say what to expect of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

from checks.evidence import budget
from checks.evidence.assisted import Scheme
from checks.gates import planning, wording
from checks.gates.planning import Plan
from checks.gates.scenarios.traffic import Traffic
from flows import epochs, folding, referencing, sourcing
from flows.referencing import Unready
from flows.stores import open_stores
from warehouse import cells, evidence, facts, units
from warehouse.records.errors import UsageError
from warehouse.records.metrics import Slice

if TYPE_CHECKING:
    from collections.abc import Callable

    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from flows.project import Project
    from flows.stores import Stores
    from warehouse.records.metrics import CellMetric

SPAN = timedelta(days=28)
"""How far back the traffic of a plan is read."""


_Key = tuple[int, int, bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person who plans knows better than the past; None: nothing."""

    units_per_day: float | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class _Past:
    """What the gate's traffic was, and between which times; of no past the traffic is None."""

    traffic: Traffic | None
    start: datetime | None = None
    end: datetime | None = None


def plans(
    project: Project,
    gate: str,
    *,
    rollout: str | None,
    asked: Asked,
    now: datetime,
    say: Callable[[str], None] | None = None,
) -> list[Plan]:
    """The plan of each rollout's gate of that name.

    Raises:
        UsageError: there is no such gate or rollout.
        StoreBusyError: another run holds the writer slot.
    """
    found = gates(project.policy, gate, rollout)
    if not any(each.statistical for each in found):
        return [planning.without_evidence(each, project.policy.window) for each in found]
    with _stores(project, say) as stores:
        return [_plan(project.policy, stores, each, asked, now, say) for each in found]


def gates(policy: Policy, gate: str, rollout: str | None) -> list[GateSpec]:
    """The gates of that name, of one rollout or of all, in the order of the file.

    Raises:
        UsageError: there is no such gate or rollout.
    """
    every = [
        spec
        for each in policy.rollouts
        for spec in policy.gate_specs(each.name, each.stages[0])
        if rollout in (None, each.name)
    ]
    if rollout is not None:
        policy.rollout(rollout)
    found = [spec for spec in every if spec.name == gate]
    if not found:
        names = list(dict.fromkeys(spec.name for spec in every))
        near = get_close_matches(gate, names, n=1)
        where = f" of rollout {rollout}" if rollout else ""
        meant = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(f"There is no gate {gate!r}{where}.{meant} Known: {', '.join(names) or 'none'}.")
    return found


def _stores(project: Project, say: Callable[[str], None] | None) -> AbstractContextManager[Stores | None]:
    """The stores of the project; nothing before its first run, which a plan does not make."""
    from warehouse.store import FILE_NAME

    if not (project.data / FILE_NAME).exists():
        return nullcontext(None)
    return open_stores(project, say=say)


def _plan(
    policy: Policy,
    stores: Stores | None,
    gate: GateSpec,
    asked: Asked,
    now: datetime,
    say: Callable[[str], None] | None,
) -> Plan:
    if not gate.statistical:
        return planning.without_evidence(gate, policy.window)
    ready = _resolved(policy, stores, gate, now)
    if isinstance(ready, Unready):
        return planning.unplanned(gate, policy.window, ready.detail)
    past = _past(policy, stores, ready, now)
    traffic = _traffic(policy, ready, past, asked)
    if traffic is None:
        why = "There is no traffic yet to plan with. Say how much to expect with --units-per-day, or run it first."
        return planning.unplanned(ready, policy.window, why)
    if say is not None:
        say(f"Simulating {ready.key}")
    attempt = _attempt(stores, ready)
    return planning.plan(
        folding.budgeted(ready, attempt),
        traffic,
        policy.window,
        [*_notes(ready, past, asked, attempt), *_maturing(policy, ready)],
    )


def _resolved(policy: Policy, stores: Stores | None, gate: GateSpec, now: datetime) -> GateSpec | Unready:
    """The gate with what its reference says; what is read here for the first time is not pinned."""
    if gate.reference is None:
        return gate
    if stores is None:
        return Unready("no_data", "reference_missing", "Its reference period has not been read: `gatehold run` first.")
    ledger = sourcing.read(stores)
    mature = folding.mature_through(ledger, policy, policy.cell_metric(gate.metric, gate.unit))
    with _undone(stores):
        return referencing.resolve(stores, policy, gate, mature=mature, ledger=ledger, now=now)


@contextmanager
def _undone(stores: Stores) -> Iterator[None]:
    """A transaction of which nothing stays: a plan only looks."""
    try:
        with stores.warehouse.transaction():
            yield
            raise _Undo
    except _Undo:
        return


class _Undo(Exception):
    """Ends a transaction that is to leave no trace."""


def _attempt(stores: Stores | None, gate: GateSpec) -> int:
    """The attempt whose share of the budgets a new release would have."""
    if stores is None or gate.alpha_covers != "service":
        return 1
    return 1 + sum(epoch.corrects is None for epoch in evidence.epochs(stores.warehouse, gate.key))


def _past(policy: Policy, stores: Stores | None, gate: GateSpec, now: datetime) -> _Past:
    """The last weeks of the gate's traffic, whatever the release."""
    if stores is None:
        return _Past(None)
    metric = policy.cell_metric(gate.metric, gate.unit)
    mine = Slice(rollout=gate.rollout, arm=gate.arm or "candidate", segment=gate.segment)
    newest = facts.newest_row(stores.warehouse, policy.stream(metric.stream), metric.where, mine, now=now)
    if newest is None:
        return _Past(None)
    window = timedelta(seconds=metric.window_seconds)
    end = epochs.floor(newest + _closes(metric), metric.window_seconds) + window
    first = facts.first_window(stores.warehouse, metric, mine)
    start = max(end - SPAN, first or end - SPAN)
    number = max(1, (end - start) // window)
    if metric.kind == "histogram":
        bins = _bins(stores, metric, mine, start, end)
        return _Past(Traffic(len(bins) / number, bins=tuple(bins)), start, end)
    values = _values(stores, metric, mine, start, end)
    control = _values(stores, metric, epochs.control(gate), start, end) if gate.control else Counter[_Key]()
    return _Past(
        Traffic(values.total() / number, control.total() / number, values=values, control_values=control), start, end
    )


def _closes(metric: CellMetric) -> timedelta:
    """How long after its last row a unit is complete."""
    return timedelta(seconds=metric.session_gap_seconds if metric.unit == "session" else 0)


def _values(stores: Stores, metric: CellMetric, where: Slice, start: datetime, end: datetime) -> Counter[_Key]:
    counts = Counter[_Key]()
    for unit in units.read_units(stores.warehouse, metric, where, start, end):
        counts[unit.low, unit.high, unit.scored] += unit.count
    return counts


def _bins(stores: Stores, metric: CellMetric, where: Slice, start: datetime, end: datetime) -> list[tuple[int, ...]]:
    windows: dict[datetime, Counter[int]] = {}
    for found in cells.read_bins(stores.warehouse, metric, where, start, end):
        windows.setdefault(found.window_start, Counter())[found.bin] += found.items
    return [tuple(counts[i] for i in range(len(metric.cuts) + 1)) for _, counts in sorted(windows.items())]


def _traffic(policy: Policy, gate: GateSpec, past: _Past, asked: Asked) -> Traffic | None:
    """The past's traffic with what was asked put in; None when nobody knows how much there is."""
    had = past.traffic
    if asked.units_per_day is None and (had is None or had.units <= 0.0 or (gate.control and had.control <= 0.0)):
        return None
    had = had or Traffic(0.0)
    if asked.units_per_day is not None:
        each = asked.units_per_day * (policy.window / timedelta(days=1))
        each = min(1.0, each) if gate.unit == "window" else each
        share = _share(gate, had)
        had = replace(had, units=each * share, control=each * (1.0 - share))
    return replace(had, expected=asked.rate, scheme=_scheme(policy, gate))


def _share(gate: GateSpec, had: Traffic) -> float:
    """The candidate's share of the units that are compared."""
    if not gate.control:
        return 1.0
    if had.units > 0.0 and had.control > 0.0:
        return had.units / (had.units + had.control)
    return gate.candidate_share or 0.5


def _scheme(policy: Policy, gate: GateSpec) -> Scheme | None:
    if gate.kind != "assisted":
        return None
    pinned = policy.cell_metric(gate.metric, gate.unit).assistance
    return Scheme(pinned.calibration, pinned.least_chance, pinned.unpredicted) if pinned else None


def _notes(gate: GateSpec, past: _Past, asked: Asked, attempt: int) -> list[str]:
    said = []
    if asked.units_per_day is not None:
        said.append("The amount of traffic is the one given.")
    if past.start is not None and past.end is not None:
        what = "What units are worth" if asked.units_per_day is not None else "Traffic"
        said.append(f"{what} is taken from {_day(past.start)} to {_day(past.end)}, whatever the release.")
    if gate.alpha_covers != "epoch":
        which = "first attempt" if attempt == 1 else f"attempt number {attempt}"
        said.append(f"The {which} may spend {100 * budget.share(attempt):.2g} % of alpha and beta.")
    return said


def _maturing(policy: Policy, gate: GateSpec) -> Sequence[str]:
    """When a window counts: what a plan leaves out."""
    stream = policy.cell_metric(gate.metric, gate.unit).stream
    late = [source.lateness for source in policy.source_specs() if source.stream == stream]
    longest = max(late, default=timedelta(0))
    return (
        [f"A window counts {wording.span(longest)} after its end (lateness of its sources); add that."]
        if longest
        else []
    )


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"
