"""What to expect of a gate before a rollout: how long until it passes, how soon it notices a decline, what hinders it.

Answers come from running the gate's own engine on simulated traffic (`checks.evidence.waiting`,
`checks.gates.scenarios`), with the share of the error budgets that the first attempt has. Seeds are fixed: the same
question has the same answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from checks.evidence import distribution, waiting
from checks.evidence.cumulative import log_mean
from checks.evidence.waiting import Waited
from checks.gates import kinds, scenarios, wording
from checks.gates.reading import proofs
from checks.gates.scenarios.traffic import Scenario, Traffic
from checks.gates.spec import GateSpec

PASSES = (0.2, 0.4, 0.6, 0.8)
"""Shares of the limit at which a pass is planned."""
DECLINES = (1.5, 2.0, 4.0)
"""Multiples of the limit that are to be noticed."""
QUIET = 0.6
"""Share of the limit in the quiet time before a late decline."""
HORIZON = timedelta(days=365)
"""How long a plan looks ahead."""
SLOW = timedelta(days=60)
"""A pass that takes longer, although the system is far within its limit, is worth a warning."""

_SEED = 20260301
_RUNS, _QUIET_WINDOWS = 200, 1000
_FEW_RUNS, _FEW_QUIET_WINDOWS, _MANY_BETS = 60, 250, 40

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wait:
    """So many windows, so many units on average, so much time."""

    windows: int
    units: int
    time: timedelta


@dataclass(frozen=True, slots=True)
class Forecast:
    """When half of the systems with this true value, and nine in ten, have their proof; None: not in `HORIZON`.

    `share` is that of the limit, `value` in the gate's measure (`said` for people). `possible` is false when no traffic
    can have such a value; `wrongly` when at most so few as the error budget allows should ever have this proof.
    """

    share: float
    value: float | None
    said: str
    possible: bool
    half: Wait | None
    most: Wait | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to expect of one gate.

    `units_per_day` counts what is compared, both arms included. `passes`, `at_once` and `later` say how long a pass, a
    decline from the first window on, and a decline after a quiet time of `quiet` take; all are empty for a gate without
    evidence, and for one that cannot be planned (`warnings` say why). `alpha` and `beta` are the shares of the budgets
    that were planned with. `notes` say what was assumed.
    """

    gate: str
    rollout: str
    claim: str
    statistical: bool
    units_per_day: float | None
    unit: str
    window: timedelta
    alpha: float | None
    beta: float | None
    quiet: timedelta | None
    passes: tuple[Forecast, ...]
    at_once: tuple[Forecast, ...]
    later: tuple[Forecast, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def claim(gate: GateSpec) -> str:
    """What the gate asks: "harmful_output_rate at most 0.5 %"."""
    side = "at most" if gate.direction == "at_most" else "at least"
    return f"{wording.subject(gate)} {side} {wording.amount(gate, gate.limit)}"


def without_evidence(gate: GateSpec, window: timedelta) -> Plan:
    """The plan of a gate that compares one number with its limit: there is nothing to plan."""
    note = "It compares one number with its limit at every run, so nothing has to be planned: it can only hold."
    return Plan(gate.name, gate.rollout, claim(gate), False, None, gate.unit, window, None, None, None, *_NONE, (note,))


def unplanned(gate: GateSpec, window: timedelta, why: str, notes: Sequence[str] = ()) -> Plan:
    """The plan of a gate that cannot be planned yet, with the reason as its warning."""
    none = (None,) * 4
    given = (*none[:1], gate.unit, window, *none[:3])
    return Plan(gate.name, gate.rollout, claim(gate), True, *given, (), (), (), (why,), tuple(notes))


_NONE: tuple[tuple[()], tuple[()], tuple[()], tuple[()]] = ((), (), (), ())


def plan(gate: GateSpec, traffic: Traffic, window: timedelta, notes: Sequence[str] = ()) -> Plan:
    """What to expect of a gate with evidence and this traffic per window; takes a few seconds.

    Raises:
        CheckError: the gate lacks what its kind needs, or nobody knows the control's rate.
    """
    simulated = _Simulation(gate, traffic, window)
    passes = [simulated.passing(share) for share in PASSES]
    if traffic.expected is not None and not gate.control and (share := _share(gate, traffic.expected)) is not None:
        passes = sorted([*passes, simulated.passing(share)], key=lambda f: f.share)
    at_once = [simulated.decline(share, late=False) for share in DECLINES]
    later = [simulated.decline(share, late=True) for share in DECLINES]
    alpha, beta = gate.budgets
    return Plan(
        gate=gate.name,
        rollout=gate.rollout,
        claim=claim(gate),
        statistical=True,
        units_per_day=simulated.per_day,
        unit=gate.unit,
        window=window,
        alpha=alpha,
        beta=beta,
        quiet=simulated.quiet_time,
        passes=tuple(passes),
        at_once=tuple(at_once),
        later=tuple(later),
        warnings=tuple(_warnings(gate, simulated, passes, at_once)),
        notes=(*notes, *simulated.notes),
    )


def _share(gate: GateSpec, value: float) -> float | None:
    """At which share of the limit a value lies, as badness; None where it lies at no end of the range."""
    from checks.evidence import badness

    if gate.test == "distribution":
        return value / gate.limit
    if gate.kind == "assisted":
        bad = value / gate.limit if gate.direction == "at_most" else (1.0 - value) / (1.0 - gate.limit)
    else:
        bad = badness.of_value(gate, value) / badness.limit_of(gate)
    return bad if 0.0 < bad else None


class _Simulation:
    """The scenarios of one gate, each simulated once."""

    def __init__(self, gate: GateSpec, traffic: Traffic, window: timedelta) -> None:
        self.gate, self.traffic, self.window = gate, traffic, window
        self.kind = kinds.of(gate)
        self.rng = np.random.default_rng(_SEED)
        self.number = traffic.units + (traffic.control if gate.control else 0.0)
        self.per_day = self.number * (timedelta(days=1) / window)
        self.horizon = max(1, HORIZON // window)
        many = max(self.kind.bets(gate)) > _MANY_BETS
        few = many or gate.test in ("odds_ratio", "rate_difference")
        self.runs = _FEW_RUNS if many else _RUNS // 2 if few else _RUNS
        self.quiet_windows = min(_FEW_QUIET_WINDOWS if many else _QUIET_WINDOWS, self.horizon)
        self.quiet: Floats | None = None
        self.together = 1
        self.prior = self.kind.prior(gate)
        self.proof_breach, self.proof_pass = proofs(gate)

    @property
    def quiet_time(self) -> timedelta:
        """How long the quiet time before a late decline is."""
        return self.quiet_windows * self.window

    @property
    def notes(self) -> list[str]:
        """What was simplified."""
        said = f"From {self.runs} simulated streams with a fixed seed; times are good to about a tenth."
        if self.together == 1:
            return [said]
        return [said, f"Where a breach takes long, up to {self.together:,} windows were taken as one look."]

    def passing(self, share: float) -> Forecast:
        """How long a pass takes at a share of the limit."""
        if (there := scenarios.at(self.gate, self.traffic, share)) is None:
            return self._impossible(share)
        waited = waiting.until_pass(
            there.passing,
            self._evidence,
            self.proof_pass,
            runs=self.runs,
            horizon=self.horizon,
            least=math.ceil(self.gate.min_units / self.number),
            rng=self.rng,
        )
        return self._forecast(share, there, waited)

    def decline(self, share: float, *, late: bool) -> Forecast:
        """How long a breach takes at a multiple of the limit, at once or after the quiet time."""
        there = scenarios.at(self.gate, self.traffic, share)
        before = self._quiet() if late else None
        if there is None or (late and before is None):
            return self._impossible(share)
        waited = waiting.until_breach(
            there.breach,
            before,
            self.prior,
            self.proof_breach,
            runs=self.runs,
            horizon=self.horizon,
            period=self.gate.looks,
            rng=self.rng,
        )
        self.together = max(self.together, waited.together)
        return self._forecast(share, there, waited)

    def pace(self, share: float) -> float | None:
        """What the best bet on a pass gains per unit at a share of the limit (ln); None where nothing has that."""
        there = scenarios.at(self.gate, self.traffic, share)
        if there is None:
            return None
        drawn = there.passing(self.rng, 32, np.full(1, 64))
        return float(drawn.mean(axis=(0, 1)).max()) / 64 / self.number

    def _quiet(self) -> Floats | None:
        if self.quiet is None and (there := scenarios.at(self.gate, self.traffic, QUIET)) is not None:
            self.quiet = there.breach(self.rng, self.runs, np.ones(self.quiet_windows, dtype=np.int64))
        return self.quiet

    def _evidence(self, wealth: Floats) -> Floats:
        """The ln evidence for a pass, as `Kind.passing` has it, for many streams at once."""
        if self.gate.test != "distribution":
            return np.asarray(np.logaddexp.reduce(wealth, axis=-1) - math.log(wealth.shape[-1]))
        groups = wealth.reshape(*wealth.shape[:-1], -1, distribution.BETS)
        return np.asarray(np.logaddexp.reduce(groups, axis=-1).min(axis=-1) - math.log(distribution.BETS))

    def _forecast(self, share: float, there: Scenario, waited: Waited) -> Forecast:
        half, most = self._wait(waited.half), self._wait(waited.most)
        return Forecast(share, there.value, wording.amount(self.gate, there.value), True, half, most)

    def _impossible(self, share: float) -> Forecast:
        return Forecast(share, None, "beyond the range", False, None, None)

    def _wait(self, windows: int | None) -> Wait | None:
        if windows is None:
            return None
        return Wait(windows, max(1, round(windows * self.number)), windows * self.window)
