"""A gate's values on one scale: badness from 0 (best) to 1 (worst), whatever the metric's range and direction."""

from __future__ import annotations

from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError
from warehouse.records.metrics import SCALE


def bounds(gate: GateSpec) -> tuple[float, float]:
    """Low and high end of the metric's range, in its own unit.

    Raises:
        CheckError: the range is missing or empty.
    """
    if gate.low is None or gate.high is None or not gate.low < gate.high:
        raise CheckError(
            f"Gate {gate.key} has the range {gate.low} to {gate.high}, but evidence needs a low and a higher high end. "
            "Give the metric a range."
        )
    return gate.low, gate.high


def limit_of(gate: GateSpec) -> float:
    """The gate's limit as badness."""
    return of_value(gate, gate.limit)


def of_value(gate: GateSpec, value: float) -> float:
    """The badness of a value in the metric's unit; outside [0, 1] for a value outside the range."""
    low, high = bounds(gate)
    if gate.direction == "at_most":
        return (value - low) / (high - low)
    return (high - value) / (high - low)


def to_value(gate: GateSpec, badness: float) -> float:
    """The value, in the metric's unit, that has this badness."""
    low, high = bounds(gate)
    if gate.direction == "at_most":
        return low + badness * (high - low)
    return high - badness * (high - low)


def least_and_most(gate: GateSpec, low: float, high: float) -> tuple[float, float]:
    """The least and the most badness of a unit whose value lies between `low` and `high` (millionths).

    Raises:
        CheckError: a value lies outside the metric's range by more than the rounding to millionths.
    """
    ends = sorted(of_value(gate, value / SCALE) for value in (low, high))
    rounding = 1.0 / SCALE / (bounds(gate)[1] - bounds(gate)[0])
    if ends[0] < -rounding or ends[1] > 1.0 + rounding:
        raise CheckError(
            f"Gate {gate.key} met a unit with value {low / SCALE:g} to {high / SCALE:g}, outside the metric's range "
            f"{gate.low} to {gate.high}. Such rows must be left unscored when they are summarised."
        )
    return max(0.0, ends[0]), min(1.0, ends[1])
