"""Our gates as the scoring sees them: the monitor over the growths of the looks, a new epoch at every start."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.real_streams.looks import Look
from benchmarks.real_streams.scoring import Detector
from checks.evidence import many, monitor

ALPHA = 0.05
"""The chance of ever alarming on a healthy stream in one epoch; half of it is spent on the reference."""

REFERENCE_ERROR = ALPHA / 2.0

Growth = NDArray[np.float64]


def gate(looks: Sequence[Look], growth: Growth, prior: Growth | None = None) -> Detector:
    """The detector of one gate; `growth` has one row per look and one column per bet."""
    return _first(lambda place: _evidence(looks, growth, prior, place), -math.log(ALPHA - REFERENCE_ERROR))


def together(looks: Sequence[Look], growths: Sequence[Growth]) -> Detector:
    """The detector of gates that pause together, each with an equal share of `ALPHA`, half of it for its reference."""
    alphas = [(ALPHA - REFERENCE_ERROR) / len(growths)] * len(growths)

    def evidence(place: int) -> Growth:
        each = np.array([_evidence(looks, growth, None, place) for growth in growths])
        return np.array([many.combined(list(now), alphas) for now in each.T])

    return _first(evidence, many.proof(alphas))


def _first(evidence: Callable[[int], Growth], proof: float) -> Detector:
    def first(place: int) -> int | None:
        over = np.flatnonzero(evidence(place) >= proof)
        return place + int(over[0]) if len(over) else None

    return first


def _evidence(looks: Sequence[Look], growth: Growth, prior: Growth | None, place: int) -> Growth:
    """The ln evidence of an epoch that begins at this look."""
    numbers = np.array([look.number for look in looks[place:]], dtype=np.int64)
    return monitor.log_evidence(numbers - looks[place].number + 1, growth[place:], prior)
