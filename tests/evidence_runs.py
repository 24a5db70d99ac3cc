"""Many simulated streams through the engine: unit values are drawn, everything after that is the product's own code.

The growth of a window is a sum over its units, so counts of units of each possible value times the growth of one unit
of that value give it for many streams at once; `test_evidence_failures_units` holds this against `window_growth`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checks.evidence import monitor
from checks.evidence.bets import prior, stakes
from checks.evidence.growth import log_growth

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]

NEVER = 10**9
"""The look of what did not happen."""


def growth_per_unit(values: Sequence[float], limit: float) -> Floats:
    """One row per value in [0, 1], one column per bet that the mean is over `limit`."""
    return np.array([log_growth([(x, 1)], limit, stakes(limit)) for x in values])


def growth_of_counts(bad: Integers, of: int | Integers, limit: float) -> Floats:
    """The growth of windows with `of` 0/1 units, `bad` of them 1: the shape of `bad`, and one column per bet."""
    counts = np.stack(np.broadcast_arrays(np.asarray(of) - bad, bad), axis=-1)
    return np.asarray(counts @ growth_per_unit([0.0, 1.0], limit))


def first_breach(growth: Floats, limit: float, alpha: float) -> Integers:
    """For each stream (runs x looks x bets) the look at which the monitor first proves a breach, from 1; NEVER if not.

    A look whose growths are all zero had no units: it is left out, as the ledger leaves it out.
    """
    found = []
    for stream in growth:
        looks = np.flatnonzero(stream.any(axis=1)) + 1
        evidence = monitor.log_evidence(looks, stream[looks - 1], np.array(prior(limit)))
        proved = np.flatnonzero(evidence >= -math.log(alpha))
        found.append(looks[proved[0]] if len(proved) else NEVER)
    return np.array(found)


def first_pass(growth: Floats, beta: float) -> Integers:
    """For each stream the look at which the cumulative process first reaches 1/beta, from 1; NEVER if not."""
    evidence = np.logaddexp.reduce(np.cumsum(growth, axis=1), axis=2) - math.log(growth.shape[2])
    proved = evidence >= -math.log(beta)
    return np.where(proved.any(axis=1), proved.argmax(axis=1) + 1, NEVER)


def share(found: Integers) -> float:
    """How many of the streams were stopped at all."""
    return float(np.mean(found < NEVER))
