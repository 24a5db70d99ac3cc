"""Windows of a rate or mean against a limit: the units of the past, moved to another mean.

Of a rate, units keep their values and their shares change; of a mean, all values move by as much. Without a past a unit
is wholly good or wholly bad, which is the slowest to prove; a window (unit `window`) is then just as the mean says,
which is the fastest. Units that had no value have none now either.
"""

from __future__ import annotations

import numpy as np

from checks.evidence import badness
from checks.gates.scenarios import moved
from checks.gates.scenarios.traffic import Mixture, Scenario, Traffic, Values, unit
from checks.gates.spec import GateSpec
from warehouse.records.metrics import SCALE, UnitCount

Floats = moved.Floats


def at(gate: GateSpec, traffic: Traffic, share: float) -> Scenario | None:
    """Windows whose mean badness is `share` of the limit's; None when that is beyond the range."""
    mean = share * badness.limit_of(gate)
    if not 0.0 < mean < 1.0:
        return None
    x, weights = law(gate, traffic.values, mean)
    units = [(unit(to_micros(gate, value)),) for value in x.tolist()]
    chances = weights.tolist()
    missing = unscored(traffic.values)
    if missing is not None:
        lost, one = missing
        chances = [(1.0 - lost) * chance for chance in chances] + [lost]
        units.append((one,))
    made = Mixture(gate, tuple((u, ()) for u in units), tuple(chances), traffic.units)
    return made.scenario(badness.to_value(gate, mean))


def law(gate: GateSpec, values: Values, mean: float) -> tuple[Floats, Floats]:
    """Badness of the units and the share of each, with the given mean: the past's moved, or the ends without one."""
    scored = [(badness.least_and_most(gate, low, high)[0], n) for (low, high, ok), n in values.items() if ok]
    if not scored:
        alike = gate.unit == "window"
        return (np.array([mean]), np.array([1.0])) if alike else (np.array([0.0, 1.0]), np.array([1.0 - mean, mean]))
    x, weights = moved.joined(scored)
    if gate.kind == "mean":
        return moved.shifted(x, weights, mean), weights
    x, weights = moved.with_ends(x, weights, sum(n for _, n in scored))
    return x, moved.reweighted(x, weights, mean)


def unscored(values: Values) -> tuple[float, UnitCount] | None:
    """The share of units of which something is missing, and one that stands for them; None when there are none."""
    lost = {key: n for key, n in values.items() if not key[2] or key[0] != key[1]}
    if not lost:
        return None
    number = sum(lost.values())
    low, high = (round(sum(key[i] * n for key, n in lost.items()) / number) for i in (0, 1))
    return number / sum(values.values()), unit(low, high, scored=False)


def to_micros(gate: GateSpec, value: float) -> int:
    """A badness as a stored value of the gate's metric."""
    return round(badness.to_value(gate, value) * SCALE)
