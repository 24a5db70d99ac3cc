"""Pins: written once, read back as they were, never moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse import pins
from warehouse.records.errors import UsageError
from warehouse.records.evidence import Pin
from warehouse.store import Warehouse

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PIN = Pin("bot/harm", "digest", AT, 7, {"units": 3, "mean": 0.1, "cuts": [1.5, 2.5], "counts": [1, 1, 1]})


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


def test_a_pin_belongs_to_one_gate_and_one_configuration(warehouse: Warehouse) -> None:
    assert pins.find(warehouse, "bot/harm", "digest") is None
    others = [replace(PIN, gate="bot/cost"), replace(PIN, config_digest="other", body={"units": 0})]
    for pin in (PIN, *others):
        pins.add(warehouse, pin)
    for pin in (PIN, *others):
        assert pins.find(warehouse, pin.gate, pin.config_digest) == pin
    assert pins.find(warehouse, "bot/cost", "other") is None


def test_a_pin_is_never_written_over(warehouse: Warehouse) -> None:
    pins.add(warehouse, PIN)
    with pytest.raises(duckdb.ConstraintException):
        pins.add(warehouse, replace(PIN, pinned_at=AT + timedelta(hours=1), body={"units": 4}))
    assert pins.find(warehouse, "bot/harm", "digest") == PIN


def test_times_come_back_in_utc_and_need_a_zone(warehouse: Warehouse) -> None:
    pins.add(warehouse, replace(PIN, pinned_at=AT.astimezone(timezone(timedelta(hours=2)))))
    found = pins.find(warehouse, "bot/harm", "digest")
    assert found is not None
    assert (found.pinned_at, found.pinned_at.utcoffset()) == (AT, timedelta(0))
    with pytest.raises(UsageError, match="no time zone"):
        pins.add(warehouse, replace(PIN, gate="bot/other", pinned_at=AT.replace(tzinfo=None)))


def test_a_pin_outlives_the_process(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        pins.add(warehouse, PIN)
    with Warehouse.open(tmp_path) as warehouse:
        assert pins.find(warehouse, "bot/harm", "digest") == PIN


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5), st.integers(0, 2**62))
def test_numbers_come_back_bit_for_bit(warehouse: Warehouse, cuts: list[float], units: int) -> None:
    with warehouse.transaction() as connection:
        connection.execute("DELETE FROM pins")
    pin = replace(PIN, body={"units": units, "cuts": cuts})
    pins.add(warehouse, pin)
    assert pins.find(warehouse, pin.gate, pin.config_digest) == pin
