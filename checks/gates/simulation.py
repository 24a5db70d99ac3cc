"""The engine of one gate on simulated traffic: when a pass and a breach are proved at some share of the limit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from checks.evidence import distribution, waiting
from checks.evidence.waiting import Waited
from checks.gates import kinds, scenarios, wording
from checks.gates.reading import proofs
from checks.gates.scenarios.traffic import Scenario, Traffic
from checks.gates.spec import GateSpec

QUIET = 0.6
"""Share of the limit in the quiet time before a late decline."""
HORIZON = timedelta(days=365)
"""How long a plan looks ahead."""

_SEED = 20260301
_RUNS, _QUIET_WINDOWS = 200, 1000
_RUNS_OF_ARMS = 100
_MANY_BETS, _RUNS_OF_MANY, _QUIET_WINDOWS_OF_MANY = 40, 60, 250
_TRIED = 64

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wait:
    """So many windows, the units they hold on average, and how long they take."""

    windows: int
    units: int
    time: timedelta


@dataclass(frozen=True, slots=True)
class Forecast:
    """When half of the systems with this true value, and nine in ten, have their proof; None: not within `HORIZON`.

    `share` is that of the limit, `value` in the gate's measure (None, and not `possible`, where no traffic can have
    such a value), `said` the value for people.
    """

    share: float
    value: float | None
    said: str
    possible: bool
    half: Wait | None
    most: Wait | None


class Simulation:
    """One gate with one traffic; every answer is drawn anew from one generator with a fixed seed."""

    def __init__(self, gate: GateSpec, traffic: Traffic, window: timedelta) -> None:
        self.gate, self.traffic, self.window = gate, traffic, window
        self.per_window = traffic.units + (traffic.control if gate.control else 0.0)
        self.horizon = max(1, HORIZON // window)
        self.together = 1
        many = max(kinds.of(gate).bets(gate)) > _MANY_BETS
        tables = gate.test in ("odds_ratio", "rate_difference")
        self.runs = _RUNS_OF_MANY if many else _RUNS_OF_ARMS if tables else _RUNS
        self.quiet_windows = min(_QUIET_WINDOWS_OF_MANY if many else _QUIET_WINDOWS, self.horizon)
        self._prior = kinds.of(gate).prior(gate)
        self._proof_breach, self.proof_pass = proofs(gate)
        self._rng = np.random.default_rng(_SEED)
        self._before: Floats | None = None

    def passing(self, share: float) -> Forecast:
        """How long a pass takes at a share of the limit."""
        there = scenarios.at(self.gate, self.traffic, share)
        if there is None:
            return _impossible(share)
        waited = waiting.until_pass(
            there.passing,
            self._evidence,
            self.proof_pass,
            runs=self.runs,
            horizon=self.horizon,
            least=math.ceil(self.gate.min_units / self.per_window),
            rng=self._rng,
        )
        return self._forecast(share, there, waited)

    def decline(self, share: float, *, late: bool) -> Forecast:
        """How long a breach takes at a multiple of the limit, from the first window on or after a quiet time."""
        there = scenarios.at(self.gate, self.traffic, share)
        before = self._quiet() if late else None
        if there is None or (late and before is None):
            return _impossible(share)
        waited = waiting.until_breach(
            there.breach,
            before,
            self._prior,
            self._proof_breach,
            runs=self.runs,
            horizon=self.horizon,
            rng=self._rng,
        )
        self.together = max(self.together, waited.together)
        return self._forecast(share, there, waited)

    def units_to_pass(self, share: float) -> int | None:
        """About how many units a pass takes at a share of the limit, whatever the horizon; None where none does.

        The proof and one and a half nats, over what the best bet gains with a unit.
        """
        there = scenarios.at(self.gate, self.traffic, share)
        if there is None:
            return None
        gained = there.passing(self._rng, 32, np.full(1, _TRIED)).mean(axis=(0, 1)) / _TRIED / self.per_window
        return None if gained.max() <= 0.0 else math.ceil((self.proof_pass + 1.5) / float(gained.max()))

    def _quiet(self) -> Floats | None:
        there = scenarios.at(self.gate, self.traffic, QUIET) if self._before is None else None
        if there is not None:
            self._before = there.breach(self._rng, self.runs, np.ones(self.quiet_windows, dtype=np.int64))
        return self._before

    def _evidence(self, wealth: Floats) -> Floats:
        """The ln evidence for a pass of many streams at once; of each it is what `Kind.passing` says."""
        groups = wealth[..., None, :]
        if self.gate.test == "distribution":
            groups = wealth.reshape(*wealth.shape[:-1], -1, distribution.BETS)
        return np.asarray(np.logaddexp.reduce(groups, axis=-1).min(axis=-1) - math.log(groups.shape[-1]))

    def _forecast(self, share: float, there: Scenario, waited: Waited) -> Forecast:
        half, most = self._wait(waited.half), self._wait(waited.most)
        return Forecast(share, there.value, wording.amount(self.gate, there.value), True, half, most)

    def _wait(self, windows: int | None) -> Wait | None:
        if windows is None:
            return None
        return Wait(windows, max(1, round(windows * self.per_window)), windows * self.window)


def _impossible(share: float) -> Forecast:
    return Forecast(share, None, "beyond the range", False, None, None)
