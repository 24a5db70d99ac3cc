"""What two arms did in one window: how many units each had, and how many of them were bad."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from warehouse.records.errors import CheckError

Windows = NDArray[np.integer[Any]]
"""One row per window, in the order of the fields of `ArmCounts`."""


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """Units (`n_`) and bad units (`k_`) of both arms in one window; all 0 where there was no traffic.

    Raises:
        CheckError: a count is not a whole number, is negative, or an arm has more bad units than units.
    """

    n_control: int
    k_control: int
    n_candidate: int
    k_candidate: int

    def __post_init__(self) -> None:
        for arm, n, k in (
            ("control", self.n_control, self.k_control),
            ("candidate", self.n_candidate, self.k_candidate),
        ):
            if type(n) is not int or type(k) is not int or not 0 <= k <= n:
                raise CheckError(
                    f"The {arm} arm of a window has {k!r} bad of {n!r} units, but both must be whole numbers with "
                    "0 <= bad <= units. Summarise the window again."
                )

    def swapped(self) -> ArmCounts:
        """The same window with the arms exchanged."""
        return ArmCounts(self.n_candidate, self.k_candidate, self.n_control, self.k_control)


def as_windows(counts: Iterable[ArmCounts]) -> Windows:
    """The counts as an array with one row per window; shape (0, 4) without any."""
    rows = [(c.n_control, c.k_control, c.n_candidate, c.k_candidate) for c in counts]
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def checked(windows: ArrayLike) -> Windows:
    """The windows as an integer array of shape (n, 4).

    Raises:
        CheckError: the shape is another, or a row is not 0 <= bad <= units in either arm.
    """
    array = np.asarray(windows)
    if array.size == 0:
        return np.zeros((0, 4), dtype=np.int64)
    if array.ndim != 2 or array.shape[1] != 4 or not np.issubdtype(array.dtype, np.integer):
        raise CheckError(
            f"Counts of two arms came as {array.dtype} of shape {array.shape}, but must be whole numbers of shape "
            "(windows, 4): units and bad units of the control, then of the candidate."
        )
    wrong = (array[:, [1, 3]] < 0) | (array[:, [1, 3]] > array[:, [0, 2]])
    if wrong.any():
        row = int(np.argmax(wrong.any(axis=1)))
        raise CheckError(
            f"Window {row} has the counts {array[row].tolist()}, but each arm needs 0 <= bad <= units. "
            "Summarise the window again."
        )
    return array.astype(np.int64)


def swap(windows: Windows) -> Windows:
    """The same windows with the arms exchanged."""
    return windows[:, [2, 3, 0, 1]]
