"""The distance of a distribution from its pinned reference against a tolerance: a test per cut and side, or category.

H0 (healthy): whatever was seen before, the law of the next unit is within the tolerance of the reference's true law.
Formula and proof: `checks.evidence.distribution`. Units are sessions (or rows, or windows) with their value, binned by
the reference's deciles; of a histogram, whose rows are binned already, each window is one unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from checks.evidence import distribution
from checks.evidence.growth import WindowGrowth, merged
from checks.gates.kinds.port import Floats, Kind, Measures
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError
from warehouse.records.folded import FoldedWindows
from warehouse.records.metrics import SCALE, UnitCount

Tests = tuple[distribution.OneSided, ...]


def _reference(gate: GateSpec) -> distribution.Reference:
    if gate.pinned is None:
        raise CheckError(f"Gate {gate.key} compares a distribution with a reference that was never read.")
    return distribution.Reference(ordered=True, counts=gate.pinned.counts)


def _tests(gate: GateSpec) -> Tests:
    assert gate.whole_alpha is not None, "a gate without error budgets is refused before"
    reference, error = _reference(gate), gate.whole_alpha / 2.0
    # The share of rows below a cut is a mean over windows then, bounded by Hoeffding's inequality at each cut alone:
    # as wide as the bound for all cuts at once of single units, at an error shared among the cuts.
    return distribution.tests(reference, gate.limit, error / (len(reference.counts) - 1) if _is_shares(gate) else error)


def fold(gate: GateSpec, units: Sequence[UnitCount], control: Sequence[UnitCount]) -> WindowGrowth:
    """The growth of one window; counts are the scored units in each bin, and those without a value."""
    found = merged(units, gate)
    missing = sum(count for (low, high, scored), count in found.items() if not scored or low != high)
    values = Counter[int]()
    for (low, high, scored), count in found.items():
        if scored and low == high:
            values[low] += count
    counts = _binned(gate, values)
    of = _tests(gate)
    growth = (distribution.window_growth if _is_shares(gate) else distribution.log_growth)(counts, of, missing)
    number = sum(counts) + missing
    return WindowGrowth(
        units=1 if _is_shares(gate) and number else number,
        scored=min(1, sum(counts)) if _is_shares(gate) else sum(counts),
        total_low=0,
        total_high=0,
        breach=growth.breach,
        passing=growth.passing,
        counts=(*counts, missing),
    )


def _is_shares(gate: GateSpec) -> bool:
    """Whether a window is one unit with a share of its rows in each bin, rather than units with a value each."""
    return gate.kind == "histogram"


def _binned(gate: GateSpec, values: Counter[int]) -> tuple[int, ...]:
    assert gate.pinned is not None, "checked with the reference"
    if gate.kind == "histogram":
        # The warehouse has binned the rows: a value is the number of its bin.
        return tuple(values[number * SCALE] for number in range(len(gate.pinned.counts)))
    return distribution.binned([(value / SCALE, count) for value, count in values.items()], gate.pinned.cuts)


def bets(gate: GateSpec) -> tuple[int, int]:
    """Eight for each test, either way."""
    return distribution.bets(_tests(gate))


def passing(gate: GateSpec, wealth: Sequence[float]) -> float:
    """The least of the tests' means: every one of them must be proved."""
    return distribution.passing(wealth, len(wealth) // distribution.BETS)


def estimate(gate: GateSpec, rows: FoldedWindows) -> float | None:
    """The distance of all scored units so far; None without any."""
    return distribution.distance([int(n) for n in rows.counts.sum(axis=0)[:-1]], _reference(gate))


def measure(gate: GateSpec, rows: FoldedWindows) -> Measures:
    """Distance, anytime-valid interval and side."""
    alpha, beta = gate.budgets
    wealth = rows.breach.sum(axis=0).tolist(), rows.passing.sum(axis=0).tolist()
    units = int(rows.units.sum())
    low, high = distribution.ends(*wealth, units, _tests(gate), alpha, beta)
    found = estimate(gate, rows)
    shown = 0.0 if found is None else found
    over = found is not None and found > gate.limit
    return Measures(found, low, high, shown, shown, over, found is None)


def _prior(_: GateSpec) -> Floats | None:
    return None


def assumes(gate: GateSpec) -> str:
    """What the verdict rests on."""
    if gate.unit == "window":
        return "Right if what to expect of a window does not depend on the windows before; within one anything may."
    return f"Right if {gate.unit}s are independent of each other given the past, now and in the reference period."


DISTRIBUTION = Kind(fold, bets, _prior, passing, estimate, measure, assumes)
