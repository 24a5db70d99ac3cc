"""Counts of two arms are checked before anything is concluded from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checks.evidence.arms.counts import ArmCounts, as_windows, checked
from warehouse.records.errors import CheckError


@pytest.mark.parametrize("wrong", [(5, 6, 5, 0), (5, 0, 5, 6), (-1, -1, 5, 0), (5, 1.0, 5, 0), (5, True, 5, 0)])
def test_impossible_counts_are_refused(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(CheckError, match="0 <= bad <= units"):
        ArmCounts(*wrong)


def test_windows_keep_the_order_of_the_fields() -> None:
    counts = [ArmCounts(10, 1, 5, 2), ArmCounts(0, 0, 0, 0)]
    assert as_windows(counts).tolist() == [[10, 1, 5, 2], [0, 0, 0, 0]]
    assert as_windows([]).shape == (0, 4)
    assert counts[0].swapped() == ArmCounts(5, 2, 10, 1)


def test_arrays_that_are_no_counts_of_two_arms_are_refused() -> None:
    assert checked([]).shape == (0, 4)
    with pytest.raises(CheckError, match="shape"):
        checked(np.zeros((3, 3), dtype=int))
    with pytest.raises(CheckError, match="whole numbers"):
        checked(np.zeros((3, 4)))
    with pytest.raises(CheckError, match="Window 1"):
        checked([[3, 1, 3, 1], [3, 1, 3, 4]])
