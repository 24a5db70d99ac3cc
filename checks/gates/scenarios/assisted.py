"""Windows of an assisted metric: rows with a judge's verdict, of which people see a few.

Rows fall into the strata in which they fell before (without a past: all alike), moved so that people would find the
wanted share; each is drawn for people with the smallest chance that the configuration allows. People find what is
calibrated, and more or less only where the strata alone cannot bring the wanted share.
"""

from __future__ import annotations

import numpy as np

from checks.evidence import assisted
from checks.gates.scenarios import moved
from checks.gates.scenarios.traffic import Mixture, Scenario, Traffic, Values, unit
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError
from warehouse.records.metrics import SCALE


def at(gate: GateSpec, traffic: Traffic, share: float) -> Scenario | None:
    """Windows in which people would find `share` of the limit's badness; None when that is no share of rows."""
    bad = share * (gate.limit if gate.direction == "at_most" else 1.0 - gate.limit)
    if not 0.0 < bad < 1.0:
        return None
    if traffic.scheme is None:
        raise CheckError(f"Gate {gate.key} rests on an assisted metric and lacks its calibration.")
    scheme, found = traffic.scheme, bad if gate.direction == "at_most" else 1.0 - bad
    strata, shares = _law(scheme, _seen(scheme, traffic.values), found)
    units, chances = [], []
    for part, truth, g, chance in zip(strata, shares, scheme.calibration, scheme.least_chance, strict=True):
        worths = (g, assisted.worth(g, chance, 1), assisted.worth(g, chance, 0))
        units += [((unit(round(z * SCALE)),), ()) for z in worths]
        chances += [part * (1.0 - chance), part * chance * truth, part * chance * (1.0 - truth)]
    return Mixture(gate, tuple(units), tuple(chances), traffic.units).scenario(found)


def _seen(scheme: assisted.Scheme, values: Values) -> list[float]:
    """How many rows of each stratum there were, from those that were not drawn: they are worth the calibration."""
    worth = [round(g * SCALE) for g in scheme.calibration]
    counts = [
        sum(n for (low, high, _), n in values.items() if low == high == g) / max(1e-9, 1.0 - chance)
        for g, chance in zip(worth, scheme.least_chance, strict=True)
    ]
    return [count + 1.0 for count in counts]


def _law(scheme: assisted.Scheme, seen: list[float], mean: float) -> tuple[list[float], list[float]]:
    """The share of each stratum, and the share of its rows that people find true, with the given mean."""
    g = np.array(scheme.calibration)
    weights = np.array(seen) / sum(seen)
    if g.min() < mean < g.max():
        return moved.reweighted(g, weights, mean).tolist(), g.tolist()
    # All rows in the stratum next to it, and people find there what is missing.
    nearest = int(np.argmin(np.abs(g - mean)))
    return [float(i == nearest) for i in range(len(g))], [mean if i == nearest else x for i, x in enumerate(g.tolist())]
