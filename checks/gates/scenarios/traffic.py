"""The traffic a plan starts from, and windows drawn from a list of units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from typing import Literal as OneOf

import numpy as np
from numpy.typing import NDArray

from checks.evidence.assisted import Scheme
from checks.evidence.waiting import Draw
from checks.gates import kinds
from checks.gates.spec import GateSpec
from warehouse.records.metrics import UnitCount

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]
Side = OneOf["breach", "passing"]
Values = Mapping[tuple[int, int, bool], int]
"""How many units had which value: (low, high, scored) in millionths -> count."""

SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""The window of a unit that stands for any; nothing depends on it."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a window brings: units on average of the gate's traffic and of the control arm, and what they were worth.

    `values` and `control_values` come from the past and are empty without one; `bins` holds the rows in each bin of
    past windows, for a histogram. `expected` is a value that somebody expects: of the control where arms are compared.
    `scheme` is what an assisted metric pins.
    """

    units: float
    control: float = 0.0
    values: Values = field(default_factory=dict)
    control_values: Values = field(default_factory=dict)
    bins: tuple[tuple[int, ...], ...] = ()
    expected: float | None = None
    scheme: Scheme | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """`value` is the true value in the gate's measure; `breach` and `passing` draw the growths of the bets."""

    value: float
    breach: Draw
    passing: Draw


@dataclass(frozen=True)
class Mixture:
    """Windows of independent units: each is one of `units` (candidate's, control's) with its chance.

    `number` is how many units a window has on average; they come at random (Poisson), or, for a gate whose unit is the
    window, there is one or none.
    """

    gate: GateSpec
    units: tuple[tuple[tuple[UnitCount, ...], tuple[UnitCount, ...]], ...]
    chances: tuple[float, ...]
    number: float

    def scenario(self, value: float) -> Scenario:
        """The windows as a scenario with that true value."""
        return Scenario(value, self._draw(lambda g: g.breach), self._draw(lambda g: g.passing))

    @cached_property
    def _growths(self) -> list[Any]:
        return [kinds.of(self.gate).fold(self.gate, mine, control) for mine, control in self.units]

    def _draw(self, side: Callable[[Any], Sequence[float]]) -> Draw:
        growth = np.array([side(g) for g in self._growths])
        chances = np.array(self.chances)
        single = self.gate.unit == "window" or self.gate.kind == "histogram"

        def draw(rng: np.random.Generator, runs: int, gaps: Integers) -> Floats:
            shape = (runs, len(gaps))
            if single:
                drawn = rng.binomial(gaps, min(1.0, self.number), size=shape)
                return np.asarray(rng.multinomial(drawn, chances) @ growth)
            means = self.number * gaps[:, None] * chances
            return np.asarray(rng.poisson(means, size=(*shape, len(chances))) @ growth)

        return draw


def unit(low: int, high: int | None = None, *, scored: bool = True) -> UnitCount:
    """One unit with a value in millionths."""
    return UnitCount(SOME_TIME, low, low if high is None else high, scored, 1)
