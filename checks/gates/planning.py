"""What to expect of a gate before a rollout: how long until it passes, how soon it notices a decline, what hinders it.

Answers come from running the gate's own engine on simulated traffic (`checks.gates.simulation`), with the share of the
error budgets that the next attempt has. Seeds are fixed: the same question has the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from checks.evidence import badness, distribution
from checks.gates import wording
from checks.gates.scenarios import values
from checks.gates.scenarios.traffic import Traffic
from checks.gates.simulation import Forecast, Simulation
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError

PASSES = (0.2, 0.4, 0.6, 0.8)
"""Shares of the limit at which a pass is planned."""
DECLINES = (1.5, 2.0, 4.0)
"""Multiples of the limit that are to be noticed."""
SLOW = timedelta(days=30)
"""A pass that takes longer, although the system is far within its limit, is worth a warning."""

_NOTABLE = 0.01
"""Share of units without a value from which on they are worth a warning."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to expect of one gate.

    `claim` is what it asks. `units_per_day` counts what is compared, both arms included. `passes`, `at_once` and
    `later` say how long a pass, a decline from the first window on, and a decline after a quiet time of `quiet` take;
    they are empty for a gate without evidence, and for one that cannot be planned (`warnings` say why). `alpha` and
    `beta` are the shares of the budgets that were planned with. `notes` say what was assumed.
    """

    gate: str
    rollout: str
    claim: str
    statistical: bool
    unit: str
    window: timedelta
    units_per_day: float | None = None
    alpha: float | None = None
    beta: float | None = None
    quiet: timedelta | None = None
    passes: tuple[Forecast, ...] = ()
    at_once: tuple[Forecast, ...] = ()
    later: tuple[Forecast, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def without_evidence(gate: GateSpec, window: timedelta) -> Plan:
    """The plan of a gate that compares one number with its limit: there is nothing to plan."""
    note = "It compares one number with its limit at every run, so nothing has to be planned; it can only hold."
    return Plan(gate.name, gate.rollout, _claim(gate), False, gate.unit, window, notes=(note,))


def unplanned(gate: GateSpec, window: timedelta, why: str) -> Plan:
    """The plan of a gate that cannot be planned yet; `why` is its warning."""
    return Plan(gate.name, gate.rollout, _claim(gate), True, gate.unit, window, warnings=(why,))


def plan(gate: GateSpec, traffic: Traffic, window: timedelta, notes: Sequence[str] = ()) -> Plan:
    """What to expect of a gate with evidence and this traffic per window; takes a few seconds.

    A gate that lacks what its kind needs gives an `unplanned` one.
    """
    try:
        simulated = Simulation(gate, traffic, window)
        passes = [simulated.passing(share) for share in _shares(gate, traffic)]
        at_once = [simulated.decline(share, late=False) for share in DECLINES]
        later = [simulated.decline(share, late=True) for share in DECLINES]
        warnings = list(_warnings(gate, traffic, simulated, passes, at_once))
    except CheckError as problem:
        return unplanned(gate, window, str(problem))
    alpha, beta = gate.budgets
    return Plan(
        gate=gate.name,
        rollout=gate.rollout,
        claim=_claim(gate),
        statistical=True,
        unit=gate.unit,
        window=window,
        units_per_day=simulated.per_window * (timedelta(days=1) / window),
        alpha=alpha,
        beta=beta,
        quiet=simulated.quiet_windows * window,
        passes=tuple(passes),
        at_once=tuple(at_once),
        later=tuple(later),
        warnings=tuple(warnings),
        notes=(*notes, *_simplified(gate, traffic, simulated)),
    )


def _claim(gate: GateSpec) -> str:
    """What the gate asks: "harmful_output_rate at most 0.5 %"."""
    side = "at most" if gate.direction == "at_most" else "at least"
    if gate.test == "reference" and gate.pinned is None:
        return f"{wording.subject(gate)} no worse than in its reference period"
    return f"{wording.subject(gate)} {side} {wording.amount(gate, gate.limit)}"


def _shares(gate: GateSpec, traffic: Traffic) -> list[float]:
    """The shares of the limit to plan a pass at: the usual ones, and where the expected value lies."""
    if traffic.expected is None or gate.control or gate.test == "distribution":
        return list(PASSES)
    if gate.kind == "assisted":
        value, limit = traffic.expected, gate.limit
        share = value / limit if gate.direction == "at_most" else (1.0 - value) / (1.0 - limit)
    else:
        share = badness.of_value(gate, traffic.expected) / badness.limit_of(gate)
    return sorted({*PASSES, share} if 0.0 < share < 1.0 else PASSES)


def _simplified(gate: GateSpec, traffic: Traffic, simulated: Simulation) -> Iterator[str]:
    """What was assumed and made coarser."""
    if not (traffic.values or traffic.bins or gate.control or gate.test == "distribution" or gate.kind == "assisted"):
        if gate.unit == "window":
            yield "Without a past, all windows are taken to be alike: it cannot go faster than this."
        elif gate.kind == "mean":
            yield "Without a past, each unit is taken to be wholly good or wholly bad: graded values are faster."
    yield f"From {simulated.runs} simulated streams with a fixed seed; times are good to about a tenth."
    if simulated.together > 1:
        yield f"Where a breach takes long, up to {simulated.together:,} windows were taken as one look."


def _warnings(
    gate: GateSpec, traffic: Traffic, simulated: Simulation, passes: Sequence[Forecast], at_once: Sequence[Forecast]
) -> Iterator[str]:
    """What would make the gate useless, and what to change."""
    missing = values.unscored(traffic.values)
    if missing is not None and missing[0] >= _NOTABLE:
        yield (
            f"{100 * missing[0]:.2g} % of the {gate.unit}s so far have no value; that counts as bad in a pass and as "
            "good in a breach. Have them scored."
        )
    best = next((f for f in passes if f.possible), None)
    if not _provable(gate):
        yield (
            "It can never pass: the reference period holds too few rows for this tolerance. Choose a longer reference "
            "period or a larger tolerance."
        )
    elif best is not None and best.half is None:
        yield _never(gate, simulated, best)
    elif best is not None and best.half is not None and best.half.time > SLOW:
        yield f"Even at {best.said} a pass takes {wording.span(best.half.time)}. {_remedy(gate, more=True)}"
    worst = next((f for f in reversed(at_once) if f.possible), None)
    if worst is not None and worst.half is None:
        yield (
            f"Even {worst.said} would not be noticed within a year: with so little traffic the gate protects nobody. "
            "Let people look by other means."
        )


def _never(gate: GateSpec, simulated: Simulation, best: Forecast) -> str:
    needed = simulated.units_to_pass(best.share)
    enough = "no amount of such traffic would prove it"
    if needed is not None:
        yearly = simulated.per_window * simulated.horizon
        enough = f"it would take about {needed:,} {gate.unit}s, {needed / yearly:.2g} times what a year brings"
    return (
        f"With this limit and this traffic it can never be proved that the limit is kept: at {best.said}, far within "
        f"it, there is no pass within a year; {enough}. {_remedy(gate, more=needed is not None)}"
    )


def _remedy(gate: GateSpec, *, more: bool) -> str:
    """What to change so that a pass comes sooner; `more` traffic is named where it helps."""
    helps = ["more traffic"] if more else []
    helps.append("a higher limit" if gate.direction == "at_most" else "a lower limit")
    if more:
        helps.append("a larger beta")
    if gate.control:
        helps.append("a larger share of the traffic for the candidate")
    elif gate.unit == "window" and gate.kind != "histogram":
        helps.append("unit session or item, for a window can win only a little")
    return f"What helps: {', '.join(helps[:-1])}{' or ' if len(helps) > 1 else ''}{helps[-1]}."


def _provable(gate: GateSpec) -> bool:
    if gate.test != "distribution" or gate.pinned is None or gate.whole_alpha is None:
        return True
    counts = gate.pinned.counts
    # As the gate itself has it (`checks.gates.kinds.distribution`).
    error = gate.whole_alpha / 2.0 / (len(counts) - 1 if gate.kind == "histogram" else 1)
    return distribution.provable(distribution.Reference(True, counts), gate.limit, error)
