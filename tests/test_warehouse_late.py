"""Units that come after their window: only those that are new, and only where that can be told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from event_rows import START, Loader, at
from summaries import ITEM_RATE, RATE, Row

from warehouse.cells import summarise
from warehouse.late import late_units
from warehouse.records.metrics import SCALE, CellMetric, Slice
from warehouse.records.streams import BUILT_IN
from warehouse.store import Warehouse

END = START + timedelta(days=3)


HARM = replace(RATE, session_gap_seconds=300, digest="harm with sessions of five minutes")


@pytest.fixture
def loader(tmp_path: Path) -> Iterator[Loader]:
    with Warehouse.in_memory(tmp_path) as found:
        yield Loader(found)


def said(key: str, minute: float, score: Any, session: str | None = None, **more: Any) -> Row:
    row = {"event_id": key, "occurred_at": at(minute), "session_id": session or key, "judge_version": "j"}
    return row | {"benign": True, "scores": json.dumps({"harm": score})} | more


def late(
    loader: Loader,
    batches: Sequence[Sequence[Row]],
    *,
    metric: CellMetric = HARM,
    after: int = 1,
    end: Any = END,
    **where: str,
) -> list[tuple[int, float, int]]:
    """Hour, low value and number of what came after batch `after`."""
    for batch in batches:
        loader.add(batch)
    summarise(loader.warehouse, [metric], BUILT_IN)
    found = late_units(
        loader.warehouse,
        metric,
        Slice(**where),
        START,
        end,
        after_batch=after,
        through_batch=loader.batch,
    )
    return [((u.window_start - START) // timedelta(hours=1), u.low / SCALE, u.count) for u in found]


FIRST = [said("a", 10, 0.1), said("b", 20, 0.9), said("c", 70, 0.1)]


def test_whole_sessions_count_and_nothing_else_came(loader: Loader) -> None:
    assert late(loader, [FIRST]) == []
    assert late(loader, [[said("d", 30, 0.9), said("e", 31, 0.9), said("f", 80, 0.1)]]) == [(0, 1.0, 2), (1, 0.0, 1)]


def test_only_the_asked_windows_batches_and_traffic(loader: Loader) -> None:
    batches = [FIRST, [said("d", 30, 0.9), said("e", 80, 0.9, release="r2")], [said("f", 31, 0.1)]]
    assert late(loader, batches, end=START + timedelta(hours=1)) == [(0, 0.0, 1), (0, 1.0, 1)]
    assert late(loader, [[]], after=2) == [(0, 0.0, 1)]
    assert late(loader, [[]], after=0, release="r2") == [(1, 1.0, 1)]


def test_a_session_that_goes_on_spoils_every_window_it_may_lie_in(loader: Loader) -> None:
    """Of "c", folded in hour 1, rows of hours 1 and 2 turn up: beside it, other windows still count."""
    gap = HARM.session_gap_seconds / 60
    more = [said(f"c{n}", 70 + n * 0.9 * gap, 0.9, "c") for n in range(1, 1 + int(60 / gap) + 2)]
    whole = [said("d", 30, 0.9), said("e", 75, 0.9)]
    assert late(loader, [FIRST, [*more, *whole]]) == [(0, 1.0, 1)]


def test_a_session_that_turns_bad_does_not_hide_behind_a_good_one(loader: Loader) -> None:
    """The sums say that one bad session came: in truth a good one came and another turned bad."""
    assert late(loader, [FIRST, [said("a", 10, 0.9), said("d", 30, 0.1)]]) == []


def test_another_session_of_the_same_name_much_later_is_a_new_one(loader: Loader) -> None:
    assert late(loader, [FIRST, [said("again", 1000, 0.9, "a")]]) == [(16, 1.0, 1)]


def test_rows_that_are_units_are_new_unless_restated(loader: Loader) -> None:
    new = [said("x", 11, 0.9, "a"), said("y", 80, 0.9)]
    assert late(loader, [FIRST, new], metric=ITEM_RATE) == [(0, 1.0, 1), (1, 1.0, 1)]
    assert late(loader, [[said("c", 70, 0.9), said("z", 90, 0.1), said("w", 12, 0.1)]], metric=ITEM_RATE, after=2) == [
        (0, 0.0, 1)
    ]


def test_sessions_that_were_new_and_went_on_count_as_they_are_now(loader: Loader) -> None:
    batches = [FIRST, [said("d", 30, 0.1)], [said("d2", 31, 0.9, "d")]]
    assert late(loader, batches) == [(0, 0.5, 1)]


def test_a_row_that_left_the_slice_spoils_its_windows(loader: Loader) -> None:
    """Restated into another release: it is no new session of that one."""
    batches = [
        FIRST,
        [said("a", 10, 0.1, release="r2"), said("d", 30, 0.9, release="r2")],
        [said("e", 75, 0.9, release="r2")],
    ]
    assert late(loader, batches, release="r2") == [(1, 1.0, 1)]


def test_everything_is_new_to_a_gate_that_saw_nothing(loader: Loader) -> None:
    assert late(loader, [FIRST], after=0) == [(0, 0.0, 1), (0, 1.0, 1), (1, 0.0, 1)]
