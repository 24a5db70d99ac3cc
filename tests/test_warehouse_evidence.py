from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from event_rows import START
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making_evidence import one_by_one

from warehouse import evidence
from warehouse.records.errors import LedgerError
from warehouse.records.evidence import Epoch, EvidenceRow
from warehouse.store import Warehouse

HOUR = timedelta(hours=1)
EPOCH = Epoch("bot/harm:1", "bot/harm", "bot", "r1", "digest", START, START + HOUR, START)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


def row(hour: int, *, growth: tuple[float, ...] = (0.1, -0.25), epoch: str = EPOCH.epoch) -> EvidenceRow:
    start = START + hour * HOUR
    return EvidenceRow(
        epoch, start, start + HOUR, 7, 6, 10**30, 10**30 + 1, growth, growth[::-1], 3, "source", start + 2 * HOUR
    )


def through(hours: int) -> datetime:
    return START + hours * HOUR


def test_epochs_come_back_in_order_of_opening(warehouse: Warehouse) -> None:
    later = replace(EPOCH, epoch="bot/harm:2", opened_at=START + 2 * HOUR, corrects=EPOCH.epoch)
    for epoch in (later, EPOCH, replace(EPOCH, epoch="other", gate="bot/other")):
        evidence.open_epoch(warehouse, epoch)
    assert evidence.epochs(warehouse, "bot/harm") == [EPOCH, later]
    assert evidence.epochs(warehouse, "bot/nothing") == []
    with pytest.raises(LedgerError, match="opened before"):
        evidence.open_epoch(warehouse, EPOCH)


def test_folding_appends_rows_and_notes_how_far(warehouse: Warehouse) -> None:
    evidence.open_epoch(warehouse, EPOCH)
    assert one_by_one(evidence.rows(warehouse, EPOCH.epoch), EPOCH.epoch) == []
    evidence.fold(warehouse, EPOCH.epoch, [row(0), row(2)], through(4))
    evidence.fold(warehouse, EPOCH.epoch, [], through(6))
    evidence.fold(warehouse, EPOCH.epoch, [row(6)], through(7))
    assert one_by_one(evidence.rows(warehouse, EPOCH.epoch), EPOCH.epoch) == [row(0), row(2), row(6)]
    assert evidence.epochs(warehouse, EPOCH.gate) == [replace(EPOCH, folded_through=through(7), windows=3)]


def test_a_window_folds_once_and_a_refused_fold_keeps_nothing(warehouse: Warehouse) -> None:
    evidence.open_epoch(warehouse, EPOCH)
    evidence.fold(warehouse, EPOCH.epoch, [row(0), row(2)], through(3))
    refused = [
        ([row(0)], through(4), "already"),
        ([row(3), row(2)], through(4), "already"),
        ([row(1)], through(4), "looked at already"),
        ([row(4), row(3)], through(5), "out of order"),
        ([row(4), row(4)], through(5), "twice"),
        ([row(3)], through(3), "ends after"),
        ([], through(2), "go back"),
        ([row(3, epoch="other")], through(4), "'other'"),
    ]
    for rows, end, message in refused:
        with pytest.raises(LedgerError, match=message):
            evidence.fold(warehouse, EPOCH.epoch, rows, end)
    assert one_by_one(evidence.rows(warehouse, EPOCH.epoch), EPOCH.epoch) == [row(0), row(2)]
    assert evidence.epochs(warehouse, EPOCH.gate)[0].folded_through == through(3)
    with pytest.raises(LedgerError, match="no epoch"):
        evidence.fold(warehouse, "unknown", [], through(1))


def test_a_closed_epoch_takes_nothing_and_stays_as_it_was_closed(warehouse: Warehouse) -> None:
    evidence.open_epoch(warehouse, EPOCH)
    evidence.close_epoch(warehouse, EPOCH.epoch, at=through(3), reason="paused")
    evidence.close_epoch(warehouse, EPOCH.epoch, at=through(9), reason="again")
    (closed,) = evidence.epochs(warehouse, EPOCH.gate)
    assert (closed.closed_at, closed.close_reason) == (through(3), "paused")
    with pytest.raises(LedgerError, match="was closed"):
        evidence.fold(warehouse, EPOCH.epoch, [row(0)], through(4))
    with pytest.raises(LedgerError, match="no epoch"):
        evidence.close_epoch(warehouse, "unknown", at=through(3), reason="")


def bits(values: tuple[float, ...]) -> bytes:
    return struct.pack(f"{len(values)}d", *values)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.floats(), max_size=16).map(tuple), st.integers(-(10**37), 10**37))
def test_growths_and_totals_come_back_bit_for_bit(warehouse: Warehouse, growth: tuple[float, ...], total: int) -> None:
    name = f"epoch {warehouse.connection.execute('SELECT count(*) FROM epochs').fetchone()}"
    evidence.open_epoch(warehouse, replace(EPOCH, epoch=name))
    given_row = replace(row(0, growth=growth, epoch=name), total_low=total, total_high=-total)
    evidence.fold(warehouse, name, [given_row], through(1))
    (found,) = one_by_one(evidence.rows(warehouse, name), name)
    for one, other in ((found.breach_growth, given_row.breach_growth), (found.pass_growth, given_row.pass_growth)):
        kept = [(a, b) for a, b in zip(one, other, strict=True) if not math.isnan(b)]
        assert bits(tuple(a for a, _ in kept)) == bits(tuple(b for _, b in kept))
        assert all(math.isnan(a) for a, b in zip(one, other, strict=True) if math.isnan(b))
    assert (found.total_low, found.total_high) == (total, -total)


def test_evidence_outlives_the_process(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        evidence.open_epoch(warehouse, EPOCH)
        evidence.fold(warehouse, EPOCH.epoch, [row(0, growth=(0.1 + 0.2, 5e-324, -0.0))], through(1))
    with Warehouse.open(tmp_path) as warehouse:
        assert one_by_one(evidence.rows(warehouse, EPOCH.epoch), EPOCH.epoch) == [
            row(0, growth=(0.1 + 0.2, 5e-324, -0.0))
        ]
