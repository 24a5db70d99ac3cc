"""Shapes: what the traffic of a story is made of, and how a reference period is filled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.self_test import planning
from flows.self_test.records import MOST_ROWS, Candidate, Mix, NotTestableError, Stretch

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec

REFERENCE_WINDOWS = 200
"""Windows of a reference period that rows are planted in, at most."""
ROWS_A_WINDOW = 4
"""Rows of a window that is a unit itself."""
SHARES_A_WINDOW = 40
"""Rows of a window that is a unit with a share of rows in each bin."""
REFERENCE_ROWS = 20
"""Rows of a reference window, at least: enough to see whether they depend on each other."""


@dataclass(frozen=True, slots=True)
class Arms:
    """What one story's traffic is: a mix for each arm, and how fast the proof that must come grows per unit."""

    candidate: Mix
    control: Mix | None
    share: float
    growth: float
    parts: int = 1


Kind = Callable[["GateSpec", Sequence[Candidate], int], tuple[Arms, Arms, Stretch | None]]
"""Healthy and declined traffic and that of the reference period, from rows of known badness and its windows."""


def first_affordable(gate: GateSpec, tried: Sequence[Arms]) -> Arms:
    """The first healthy traffic whose proof takes no more rows than a self-test sends; the last where there is none."""
    evidence = planning.SLACK * planning.nats(gate.budgets[1], late=False)
    return next((arms for arms in tried if arms.growth > 0.0 and evidence / arms.growth <= MOST_ROWS), tried[-1])


def units_of_past(gate: GateSpec, wanted: int, windows: int) -> int:
    """How many units the reference period can hold of those wanted: as many as it has windows where each is one."""
    return min(wanted, windows) if gate.unit == "window" else wanted


def past(gate: GateSpec, mix: Mix, units: int, windows: int) -> Stretch | None:
    """Traffic for the reference period, of that many units at least; None for a gate that has none."""
    if gate.reference is None:
        return None
    if windows < 1:
        raise NotTestableError("Its reference period is shorter than a window.")
    used = min(windows, REFERENCE_WINDOWS)
    if gate.unit == "window":
        used = min(windows, max(used, units))
        return Stretch(used * (REFERENCE_ROWS if gate.kind == "histogram" else ROWS_A_WINDOW), used, mix)
    return Stretch(max(units, used * REFERENCE_ROWS), used, mix)
