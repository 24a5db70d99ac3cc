from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from event_rows import START, Loader, at
from summaries import ITEM_RATE, MEAN, OPEN_MEAN, RATE, WINDOW_MEAN, Row

from warehouse.cells import summarise
from warehouse.records.errors import LedgerError
from warehouse.records.metrics import CellMetric, Slice, UnitCount
from warehouse.records.streams import BUILT_IN
from warehouse.store import Warehouse
from warehouse.units import read_units

END = START + timedelta(days=3)
HOUR = timedelta(hours=1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


def said(key: str, minute: float, score: Any, session: str | None = "s1", **more: Any) -> Row:
    row = {"event_id": key, "occurred_at": at(minute), "session_id": session, "judge_version": "j", "benign": True}
    return row | {"scores": json.dumps({"harm": score})} | more


def units(warehouse: Warehouse, metric: CellMetric, through: int | None = None, **where: str) -> list[UnitCount]:
    summarise(warehouse, [metric], BUILT_IN)
    return read_units(warehouse, metric, Slice(**where), START, END, through_batch=through)


def test_a_session_is_the_mean_of_its_rows_in_the_window_in_which_it_closes(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e1", 50, 1), said("e2", 59, 0), said("e3", 80, 0)])
    assert units(warehouse, RATE) == [UnitCount(START + HOUR, 333_333, 333_333, True, 1)]


def test_a_gap_above_the_metric_s_own_parts_a_session_and_a_gap_of_it_does_not(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e1", 0, 1), said("e2", 30, 1), said("e3", 60.02, 0)])
    assert [(u.window_start, u.low) for u in units(warehouse, RATE)] == [(START + HOUR, 0), (START + HOUR, 1_000_000)]
    assert sum(u.count for u in units(warehouse, replace(RATE, session_gap_seconds=3600, digest="long"))) == 1


def test_a_late_row_moves_its_session_and_the_old_count_is_taken_back(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([said("e1", 0, 1)])
    assert units(warehouse, RATE) == [UnitCount(START, 1_000_000, 1_000_000, True, 1)]
    loader.add([said("e2", 40, 0), said("e3", 25, 0)])
    assert units(warehouse, RATE) == [UnitCount(START + HOUR, 333_333, 333_333, True, 1)]
    assert units(warehouse, RATE, through=1) == [UnitCount(START, 1_000_000, 1_000_000, True, 1)]


def test_a_late_row_that_bridges_a_gap_makes_one_session_of_two(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([said("e1", 0, 1), said("e2", 50, 0)])
    assert sum(u.count for u in units(warehouse, RATE)) == 2
    loader.add([said("e3", 25, 0)])
    assert units(warehouse, RATE) == [UnitCount(START + HOUR, 333_333, 333_333, True, 1)]


def test_a_session_far_longer_than_its_gap_is_found_whole(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([said(f"e{i}", 20 * i, 0) for i in range(150)])
    loader.add([said("last", 3000, 1)])
    (unit,) = units(warehouse, RATE)
    assert (unit.window_start, unit.low) == (START + timedelta(hours=50), round(1e6 / 151))


def test_a_restatement_can_move_a_row_to_another_session(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([said("e1", 0, 1), said("e2", 5, 0)])
    loader.add([said("e2", 5, 0, "s2")])
    assert [(u.low, u.count) for u in units(warehouse, RATE)] == [(0, 1), (1_000_000, 1)]
    loader.add([said("e2", 5, 0, None)])
    assert [(u.low, u.count) for u in units(warehouse, RATE)] == [(0, 1), (1_000_000, 1)]
    assert [(u.low, u.count) for u in units(warehouse, RATE, through=1)] == [(500_000, 1)]


def test_the_same_session_name_under_two_rollouts_is_two_sessions(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e1", 0, 1, rollout="a"), said("e2", 1, 0, rollout="b")])
    assert [u.low for u in units(warehouse, RATE, rollout="a")] == [1_000_000]
    assert [u.low for u in units(warehouse, RATE, rollout="b")] == [0]


def test_a_session_belongs_to_the_release_arm_and_segment_of_its_first_row(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e2", 5, 0, release="r2", segment="fr"), said("e1", 0, 1, release="r1", arm="control")])
    assert units(warehouse, RATE, release="r2") == []
    assert [u.low for u in units(warehouse, RATE, release="r1", arm="control", segment="")] == [500_000]


def test_rows_outside_the_metric_keep_a_session_together_but_are_not_counted(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e1", 0, 1), said("e2", 25, 0, benign=False), said("e3", 50, 0.5)])
    assert units(warehouse, MEAN) == [UnitCount(START + HOUR, 750_000, 750_000, True, 1)]


def test_a_session_without_rows_inside_the_metric_is_no_unit(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e1", 0, 1, benign=False), said("e2", 1, 1, "s2", benign=None)])
    assert units(warehouse, MEAN) == []


def test_unscored_rows_give_an_interval(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e1", 0, 1), said("e2", 1, None), said("e3", 2, 0, judge_version="broken")])
    assert units(warehouse, RATE) == [UnitCount(START, 333_333, 1_000_000, True, 1)]


def test_a_session_without_any_scored_row_spans_the_whole_range(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e1", 0, None), said("e2", 1, None, None)])
    assert units(warehouse, RATE) == [UnitCount(START, 0, 1_000_000, False, 2)]


def test_without_a_range_unscored_rows_are_left_out(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e1", 0, 3), said("e2", 1, None), said("e3", 0, None, "s2")])
    found = units(warehouse, OPEN_MEAN)
    assert found == [UnitCount(START, 0, 0, False, 1), UnitCount(START, 3_000_000, 3_000_000, True, 1)]


def test_means_are_rounded_half_away_from_zero(warehouse: Warehouse) -> None:
    Loader(warehouse).add(
        [said("e1", 0, 0.000001), said("e2", 1, 0), said("e3", 0, -0.000001, "s2"), said("e4", 1, 0, "s2")]
    )
    assert [u.low for u in units(warehouse, OPEN_MEAN)] == [-1, 1]


def test_items_close_when_they_occur(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e1", 55, 1), said("e2", 59, 0), said("e3", 61, 0)])
    found = [(u.window_start, u.low, u.count) for u in units(warehouse, ITEM_RATE)]
    assert found == [(START, 0, 1), (START, 1_000_000, 1), (START + HOUR, 0, 1)]


def test_a_window_is_one_unit_however_many_rows_it_has(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e1", 1, 1), said("e2", 2, 0.5), said("e3", 3, None), said("e4", 61, None)])
    assert units(warehouse, WINDOW_MEAN) == [
        UnitCount(START, 500_000, 833_333, True, 1),
        UnitCount(START + HOUR, 0, 1_000_000, False, 1),
    ]
    unbounded = replace(WINDOW_MEAN, low=None, high=None, digest="unbounded window")
    assert units(warehouse, unbounded) == [
        UnitCount(START, 750_000, 750_000, True, 1),
        UnitCount(START + HOUR, 0, 0, False, 1),
    ]


def test_units_of_one_value_are_one_row_whether_they_are_sessions_or_rows(warehouse: Warehouse) -> None:
    Loader(warehouse).add([said("e1", 0, 1, None), said("e2", 1, 1, "s"), said("e3", 2, 1, ""), said("e4", 3, 1, "t")])
    assert units(warehouse, RATE) == [UnitCount(START, 1_000_000, 1_000_000, True, 4)]
    assert warehouse.connection.execute("SELECT units FROM units").fetchall() == [(4,)]


def test_units_that_cannot_be_are_an_error_of_the_ledger(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    loader.add([said("e1", 0, 1)])
    loader.add([said("e1", 0, 0)])
    units(warehouse, RATE)
    warehouse.connection.execute("DELETE FROM units WHERE batch = 1")
    with pytest.raises(LedgerError, match="-1 units"):
        units(warehouse, RATE)
