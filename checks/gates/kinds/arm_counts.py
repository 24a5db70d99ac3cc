"""Counts of good and bad units in both arms: what the kinds that compare rates keep of a window.

A unit (a session) is bad when any of its rows is, so that it counts once whatever its length. Units that are not fully
scored may be either: a breach takes those of the candidate as good and those of the control as bad, a pass the other
way round, so that what nobody scored never speaks for the claim.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.evidence import badness
from checks.evidence.arms.counts import ArmCounts
from checks.evidence.growth import merged
from checks.gates.spec import GateSpec
from warehouse.records.folded import FoldedWindows, Integers
from warehouse.records.metrics import UnitCount

COLUMNS = ("n_control", "n_candidate", "control_low", "control_high", "candidate_low", "candidate_high")
"""What a ledger row of these kinds keeps: units of either arm, and the least and most of them that are bad."""


def of_window(gate: GateSpec, units: Sequence[UnitCount], control: Sequence[UnitCount]) -> tuple[int, ...]:
    """The counts of one window, in the order of `COLUMNS`."""
    n_control, control_low, control_high = _bad(gate, control)
    n_candidate, candidate_low, candidate_high = _bad(gate, units)
    return n_control, n_candidate, control_low, control_high, candidate_low, candidate_high


def scored(gate: GateSpec, units: Sequence[UnitCount], control: Sequence[UnitCount]) -> int:
    """How many units of both arms have a value."""
    return sum(u.count for u in (*units, *control) if u.scored)


def for_breach(counts: Sequence[int]) -> ArmCounts:
    """The counts with everything unscored taken against a breach."""
    n_control, n_candidate, _, control_high, candidate_low, _ = counts
    return ArmCounts(n_control, control_high, n_candidate, candidate_low)


def for_pass(counts: Sequence[int]) -> ArmCounts:
    """The counts with everything unscored taken against a pass."""
    n_control, n_candidate, control_low, _, _, candidate_high = counts
    return ArmCounts(n_control, control_low, n_candidate, candidate_high)


def tables(rows: FoldedWindows) -> tuple[Integers, Integers]:
    """The windows as (n_control, k_control, n_candidate, k_candidate), unscored against a breach and against a pass."""
    n_a, n_b, a_low, a_high, b_low, b_high = rows.counts.T
    return np.column_stack([n_a, a_high, n_b, b_low]), np.column_stack([n_a, a_low, n_b, b_high])


def known(rows: FoldedWindows) -> Integers:
    """The windows as (n_control, k_control, n_candidate, k_candidate) without the units that may be good or bad."""
    n_a, n_b, a_low, a_high, b_low, b_high = rows.counts.T
    return np.column_stack([n_a - (a_high - a_low), a_low, n_b - (b_high - b_low), b_low])


def _bad(gate: GateSpec, units: Sequence[UnitCount]) -> tuple[int, int, int]:
    whole = least = most = 0
    for (low, high, _), count in merged(units, gate).items():
        ends = badness.least_and_most(gate, low, high)
        whole += count
        least += count * (ends[0] > 0.0)
        most += count * (ends[1] > 0.0)
    return whole, least, most
