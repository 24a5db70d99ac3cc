"""A share of rows against a pinned reference: the gate `against: reference` of a rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.real_streams.epochs import REFERENCE_ERROR, gate
from benchmarks.real_streams.looks import Look
from benchmarks.real_streams.scoring import Detector, silent
from checks.evidence import bets, growth, reference
from warehouse.records.errors import CheckError

Units = Sequence[tuple[float, int]]
"""Badness of units and how many units have it."""


def against_reference(looks: Sequence[Look], pinned: Units, units: Sequence[Units], tolerance: float) -> Detector:
    """The detector of the gate; one that can never alarm where the reference is too poor for a limit below 1."""
    try:
        limit = reference.limit(pinned, tolerance, REFERENCE_ERROR).limit
    except CheckError:
        return silent
    stakes = bets.stakes(limit)
    grown = np.array([growth.log_growth(each, limit, stakes) for each in units])
    return gate(looks, grown, np.array(bets.prior(limit)))


def counted(bad: int, all_of_them: int) -> Units:
    """Units that are each their own row, good or bad."""
    return [(0.0, all_of_them - bad), (1.0, bad)]
