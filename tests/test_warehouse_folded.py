"""Folded windows as columns: the same rows, whichever way they were put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from making_evidence import HOUR, START, epoch, one_by_one

from warehouse import evidence
from warehouse.records.errors import LedgerError
from warehouse.records.evidence import EvidenceRow
from warehouse.records.folded import FoldedWindows, micros, moment
from warehouse.store import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


def row(window: int, growth: tuple[float, ...] = (0.5, -0.25), counts: tuple[int, ...] = (3, 4)) -> EvidenceRow:
    start = START + window * HOUR
    return EvidenceRow(
        epoch="e1",
        window_start=start,
        window_end=start + HOUR,
        units=window + 2,
        scored_units=window + 1,
        total_low=-(10**30) - window,
        total_high=10**30 + window,
        breach_growth=growth,
        pass_growth=growth[::-1],
        through_batch=window,
        source_digest=f"digest {window}",
        folded_at=start + 2 * HOUR,
        counts=counts,
    )


def same(one: FoldedWindows, other: FoldedWindows) -> bool:
    for field in fields(FoldedWindows):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, np.ndarray):
            if mine.shape != theirs.shape or mine.dtype != theirs.dtype or not (mine == theirs).all():
                return False
        elif mine != theirs:
            return False
    return True


def test_rows_come_back_as_they_were() -> None:
    rows = [row(n) for n in range(4)]
    folded = FoldedWindows.of(rows)
    assert len(folded) == 4
    assert folded.epochs == {"e1"}
    assert one_by_one(folded, "e1") == rows
    assert (folded.breach.shape, folded.counts.shape) == ((4, 2), (4, 2))


def test_the_warehouse_gives_the_same_columns(warehouse: Warehouse) -> None:
    rows = [row(n) for n in (0, 1, 5)]
    evidence.open_epoch(warehouse, epoch("e1"))
    evidence.fold(warehouse, "e1", rows, START + 9 * HOUR)
    assert same(evidence.rows(warehouse, "e1"), FoldedWindows.of(rows))
    nothing = evidence.rows(warehouse, "e2")
    assert (len(nothing), nothing.epochs, one_by_one(nothing, "e2")) == (0, frozenset(), [])


@given(st.integers(0, 6), st.integers(0, 6))
def test_folding_on_is_the_same_as_folding_at_once(before: int, after: int) -> None:
    rows = [row(n) for n in range(before + after)]
    assert same(FoldedWindows.of(rows[:before]).followed_by(rows[before:]), FoldedWindows.of(rows))


@given(st.lists(st.booleans(), min_size=5, max_size=5), st.permutations(range(5)))
def test_taking_gives_those_windows_in_that_order(mask: list[bool], order: list[int]) -> None:
    rows = [row(n) for n in range(5)]
    folded = FoldedWindows.of(rows)
    assert one_by_one(folded.take(np.asarray(mask)), "e1") == [r for r, kept in zip(rows, mask, strict=True) if kept]
    assert one_by_one(folded.take(np.asarray(order)), "e1") == [rows[n] for n in order]
    assert one_by_one(folded.take(slice(1, 3)), "e1") == rows[1:3]


@pytest.mark.parametrize(
    "other",
    [
        {"breach_growth": (0.5,)},
        {"pass_growth": (0.5, 0.5, 0.5)},
        {"counts": ()},
        {"counts": (1, 2, 3)},
    ],
)
def test_ragged_windows_are_refused_and_never_padded(warehouse: Warehouse, other: dict[str, Any]) -> None:
    ragged = [row(0), replace(row(1), **other)]
    with pytest.raises(LedgerError, match="values each"):
        FoldedWindows.of(ragged)
    with pytest.raises(LedgerError, match="values each"):
        FoldedWindows.of(ragged[:1]).followed_by(ragged[1:])
    evidence.open_epoch(warehouse, epoch("e1"))
    for n, each in enumerate(ragged):
        evidence.fold(warehouse, "e1", [each], START + (n + 1) * HOUR)
    with pytest.raises(LedgerError, match="Windows of epoch e1 hold different numbers of values"):
        evidence.rows(warehouse, "e1")


def test_windows_of_the_same_total_but_other_widths_are_ragged(warehouse: Warehouse) -> None:
    """Three and one growths are four values in two windows, as two and two would be."""
    evidence.open_epoch(warehouse, epoch("e1"))
    for n, growth in enumerate([(0.1, 0.2, 0.3), (0.4,)]):
        evidence.fold(warehouse, "e1", [row(n, growth)], START + (n + 1) * HOUR)
    with pytest.raises(LedgerError, match="different numbers of values"):
        evidence.rows(warehouse, "e1")


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001  # the zone is added below
def test_moments_are_exact_to_the_microsecond(at: datetime) -> None:
    then = at.replace(tzinfo=UTC)
    assert moment(micros(then)) == then
    assert micros(then + timedelta(microseconds=1)) == micros(then) + 1
