"""Small groups of rows pile up for a day and are merged then; what is stored is the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from warehouse.merging import allow_if_due
from warehouse.store import Warehouse

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def groups(warehouse: Warehouse) -> int:
    found = warehouse.connection.execute("SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('kept')")
    return int((found.fetchone() or (0,))[0])


def run(folder: Path, number: int, now: datetime) -> tuple[bool, int]:
    """One run that adds a thousand rows: whether it merged, and how many groups of rows there were in the end."""
    with Warehouse.open(folder) as warehouse:
        due = allow_if_due(warehouse, now=now)
        warehouse.connection.execute("CREATE TABLE IF NOT EXISTS kept (number BIGINT)")
        warehouse.connection.execute("INSERT INTO kept SELECT $from + i FROM range(1000) t(i)", {"from": number * 1000})
        warehouse.connection.execute("CHECKPOINT")
        return due, groups(warehouse)


def test_groups_of_rows_are_merged_once_a_day(tmp_path: Path) -> None:
    seen = [run(tmp_path, hour, NOW + timedelta(hours=hour)) for hour in range(25)]
    assert [due for due, _ in seen] == [True] + [False] * 23 + [True]
    assert [number for _, number in seen] == [*range(1, 25), 1]
    with Warehouse.open(tmp_path) as warehouse:
        found = warehouse.connection.execute("SELECT count(DISTINCT number), sum(number) FROM kept").fetchone()
    assert found == (25_000, sum(range(25_000)))


@pytest.mark.parametrize("late", [timedelta(hours=-1), timedelta(days=1), timedelta(days=400)])
def test_a_clock_set_back_and_a_long_pause_make_it_due(tmp_path: Path, late: timedelta) -> None:
    with Warehouse.open(tmp_path) as warehouse:
        assert allow_if_due(warehouse, now=NOW)
        assert not allow_if_due(warehouse, now=NOW + timedelta(hours=23))
        assert allow_if_due(warehouse, now=NOW + late)
        assert warehouse.connection.execute("SELECT count(*) FROM merges").fetchone() == (1,)
