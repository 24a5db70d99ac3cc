from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import summaries
from event_rows import START, Loader, at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from summaries import COUNT, HISTOGRAM, MEAN, RATE, Row

from warehouse.cells import read_bins, read_cells, summarise
from warehouse.records.errors import LedgerError, UsageError
from warehouse.records.metrics import Slice
from warehouse.records.streams import BUILT_IN
from warehouse.rollup import rolled, rolled_all
from warehouse.store import Warehouse

HOUR = timedelta(hours=1)
END = START + 8 * HOUR
SLICES = (Slice(), Slice(rollout="a"), Slice(rollout="b", segment="de"), Slice(arm="candidate"), Slice(release="r9"))
MINUS = replace(MEAN, low=-10, high=1e9, where=None, scored=None, digest="minus")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(summaries.rows(keys=[f"e{i}" for i in range(9)], most=9), min_size=1, max_size=3),
    st.sampled_from([RATE, MEAN, COUNT, HISTOGRAM, MINUS]),
    st.integers(1, 6),
)
def test_windows_of_any_length_and_slice_are_sums_of_cells(
    batches: list[list[Row]], metric: object, hours: int
) -> None:
    metric = next(m for m in (RATE, MEAN, COUNT, HISTOGRAM, MINUS) if m is metric)
    with tempfile.TemporaryDirectory() as folder, Warehouse.in_memory(Path(folder)) as warehouse:
        loader = Loader(warehouse)
        for rows in batches:
            loader.add(rows)
        summarise(warehouse, [metric], BUILT_IN)
        for through in (None, 1):
            found = rolled(warehouse, metric, SLICES, START, END, through_batch=through).of(hours * HOUR)
            assert found.starts[0] == START
            assert found.starts[-1] + hours * HOUR == END
            for i, start in enumerate(found.starts):
                for j, where in enumerate(SLICES):
                    span = (start, start + hours * HOUR)
                    cells = read_cells(warehouse, metric, where, *span, through_batch=through)
                    assert found.items[i, j] == sum(c.items for c in cells)
                    assert found.unscored[i, j] == sum(c.unscored for c in cells)
                    assert found.total(i, j) == sum(c.total for c in cells)
                    assert found.total_squares(i, j) == sum(c.total_squares for c in cells)
                    if metric is HISTOGRAM:
                        bins = read_bins(warehouse, metric, where, *span, through_batch=through)
                        counts = [sum(b.items for b in bins if b.bin == k) for k in range(len(metric.cuts) + 1)]
                        assert found.bins is not None
                        assert found.bins[i, j].tolist() == counts


def test_a_mean_is_missing_where_nothing_was_scored(warehouse: Warehouse) -> None:
    rows = [{"event_id": f"e{i}", "occurred_at": at(60 * i), "scores": f'{{"harm": {i}}}'} for i in (1, 2)]
    Loader(warehouse).add([*rows, {"event_id": "none", "occurred_at": at(0)}])
    metric = replace(MINUS, low=0, high=10)
    summarise(warehouse, [metric], BUILT_IN)
    found = rolled(warehouse, metric, [Slice()], START, START + 4 * HOUR)
    assert np.isnan(found.of(HOUR).mean()[[0, 3], 0]).all()
    assert found.of(HOUR).mean()[1:3, 0].tolist() == [1, 2]
    assert found.of(4 * HOUR).mean().tolist() == [[1.5]]
    assert len(found.of(5 * HOUR).starts) == 0


def test_the_largest_values_are_summed_exactly(warehouse: Warehouse) -> None:
    values = [1e9, 1e9, 999_999_999.999999, -1e9, 3037.000499, 3037.0005]
    rows = [{"event_id": f"e{i}", "occurred_at": at(i), "cost": v, "minutes_saved": v} for i, v in enumerate(values)]
    metric = replace(MINUS, value=summaries.Field("minutes_saved"), low=None, high=None)
    Loader(warehouse).add(rows)
    summarise(warehouse, [metric], BUILT_IN)
    found = rolled(warehouse, metric, [Slice()], START, START + HOUR).of(HOUR)
    whole = [round(v * 1_000_000) for v in values]
    assert found.total(0, 0) == sum(whole)
    assert found.total_squares(0, 0) == sum(v * v for v in whole)
    assert math.isclose(found.mean()[0, 0], sum(values) / len(values))


def test_a_span_or_length_that_does_not_fit_is_refused(warehouse: Warehouse) -> None:
    for start, end in ((START + timedelta(minutes=1), END), (START, END + timedelta(seconds=1)), (START, START)):
        with pytest.raises(UsageError, match="whole windows"):
            rolled(warehouse, RATE, [Slice()], start, end)
    found = rolled(warehouse, RATE, [Slice()], START, END)
    assert found.of(END - START).items.tolist() == [[0]]
    for length in (timedelta(minutes=90), timedelta(0)):
        with pytest.raises(UsageError, match="whole number"):
            found.of(length)


def test_several_metrics_are_rolled_up_at_once_as_each_by_itself(warehouse: Warehouse) -> None:
    Loader(warehouse).add(
        [{"event_id": f"e{i}", "occurred_at": at(50 * i), "scores": f'{{"harm": {i / 9}}}'} for i in range(9)]
    )
    several = [COUNT, MINUS, replace(HISTOGRAM, window_seconds=3600, digest="hours", scored=None), RATE]
    summarise(warehouse, several, BUILT_IN)
    together = rolled_all(warehouse, several, SLICES, START, END)
    for metric, found in zip(several, together, strict=True):
        alone = rolled(warehouse, metric, SLICES, START, END)
        assert found.metric is metric
        assert (found.sums == alone.sums).all()
        assert (found.bins is None) == (alone.bins is None) == (metric.kind != "histogram")
        assert found.bins is None or (found.bins == alone.bins).all()
    assert rolled_all(warehouse, [], SLICES, START, END) == []
    with pytest.raises(UsageError, match="different lengths"):
        rolled_all(warehouse, [RATE, HISTOGRAM], SLICES, START, END)


def test_damaged_cells_are_an_error_of_the_ledger(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    for minute in (1, 61):
        loader.add([{"event_id": "e1", "occurred_at": at(minute), "scores": "{}", "judge_version": "j"}])
    summarise(warehouse, [RATE], BUILT_IN)
    warehouse.connection.execute("DELETE FROM cells WHERE batch = 1")
    with pytest.raises(LedgerError, match="-1 rows"):
        rolled(warehouse, RATE, [Slice()], START, END)
