"""The setting of the simulation: one look an hour at a rate of bad units that must stay within a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer[Any]]

NEVER = 2**31 - 1
"""The look of a pause that did not come."""


@dataclass(frozen=True, slots=True)
class Change:
    """From look `after` + 1 on the system is bad; before, its rate is `quiet` times the limit."""

    after: int
    quiet: float


@dataclass(frozen=True, slots=True)
class Setting:
    """`healthy` and `declines` are rates as multiples of the limit, healthy ones at most 1."""

    runs: int = 1000
    looks: int = 2000
    per_look: int = 500
    limit: float = 0.005
    alpha: float = 0.05
    healthy: tuple[float, ...] = (0.6, 0.7, 0.8, 0.9, 1.0)
    declines: tuple[float, ...] = (1.5, 2.0, 4.0)
    changes: tuple[Change, ...] = (Change(0, 0.6), Change(168, 0.6), Change(1000, 0.6), Change(1000, 0.9))
    window: int = 24
    seed: int = 20_261


QUICK = Setting(runs=20, looks=240, changes=(Change(0, 0.6), Change(48, 0.6), Change(48, 0.9)))
"""A run of a second or two, for tests: same shape, no precision."""


def bad_units(setting: Setting, stream: int, rates: NDArray[np.float64]) -> Integers:
    """How many of the units of each look are bad, one row per run; `rates` has one multiple of the limit per look.

    `stream` numbers the scenario: each has its own random numbers, the same in every run of the program.
    """
    rng = np.random.default_rng([setting.seed, stream])
    return rng.binomial(setting.per_look, rates * setting.limit, size=(setting.runs, len(rates)))


def first(stops: NDArray[np.bool_]) -> Integers:
    """For each run (row) the first look, from 1, at which it stops; NEVER where it does not."""
    return np.where(stops.any(axis=1), stops.argmax(axis=1) + 1, NEVER)
