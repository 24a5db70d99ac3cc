"""What every kind of gate with evidence has to say: how a window grows its bets, and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checks.evidence.growth import WindowGrowth
from checks.gates.spec import GateSpec
from warehouse.records.folded import FoldedWindows
from warehouse.records.metrics import UnitCount

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured over some windows, in the gate's measure.

    `low` and `high` are an interval that is valid however often one looks. `all_low` and `all_high` are the estimate
    with everything unscored at either end. `over` is true when what is scored lies on the wrong side of the limit,
    `doubt` when only the unscored units keep all that is known from lying on one side.
    """

    estimate: float | None
    low: float
    high: float
    all_low: float
    all_high: float
    over: bool
    doubt: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of gate.

    `fold` makes the growths of one window from the units of the candidate and, where the kind compares arms, of the
    control. `bets` is how many growths there are for the breach and for the pass, `prior` the weights of the breach
    bets (None: equal). `passing` is the evidence (ln) for a pass after the passing bets have the given ln wealth.
    `estimate` is None when nothing is scored; `measure` also gives the interval, from windows of which there is at
    least one. `assumes` says in one plain line what must hold for the verdict to be right.
    """

    fold: Callable[[GateSpec, Sequence[UnitCount], Sequence[UnitCount]], WindowGrowth]
    bets: Callable[[GateSpec], tuple[int, int]]
    prior: Callable[[GateSpec], Floats | None]
    passing: Callable[[GateSpec, Sequence[float]], float]
    estimate: Callable[[GateSpec, FoldedWindows], float | None]
    measure: Callable[[GateSpec, FoldedWindows], Measures]
    assumes: Callable[[GateSpec], str]
