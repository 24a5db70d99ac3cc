"""However the counting is shared out, counts are the same; sums of any size are read back exactly."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy
import pytest
from event_rows import START, Loader, at

from warehouse.profiles import counting, reading, sharing, summing
from warehouse.profiles.counting import Counts, Rows
from warehouse.records.metrics import Slice
from warehouse.records.profiles import Scheme
from warehouse.records.streams import INTERACTIONS
from warehouse.store import Warehouse

DAY = timedelta(days=1)
LATENCY = Scheme("interactions", "latency_ms", "", "number", START, 86_400, scale=10.0, cuts=(0, 1, 50, 51, 40_000))
TOKENS = Scheme("interactions", "input_tokens", "", "number", START, 86_400, cuts=(0, 5, 10))
LENGTH = Scheme("interactions", "prompt", "length", "number", START, 86_400, cuts=(0, 2, 3))
USER = Scheme("interactions", "session_id", "", "bucket", START, 86_400, buckets=4_096, hashed_by="1.5")
MODELS = [
    Scheme("interactions", "model_answered", "", "category", START, 86_400, values=values)
    for values in (("a", "b"), ("b",), ())
]
REFUSED = Scheme("interactions", "refused", "", "category", START, 86_400, values=("false", "true"))
SCHEMES = [LATENCY, TOKENS, LENGTH, USER, *MODELS, REFUSED]
EVENTS = Rows("events_interactions", {})


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    loader = Loader(Warehouse.in_memory(tmp_path))
    loader.add(
        {
            "event_id": f"e{i}",
            "occurred_at": at(i % 300),
            "session_id": f"s{i % 17}",
            "latency_ms": (0.1, 4.96, 3276.75, 9e9, None)[i % 5],
            "input_tokens": i % 12,
            "prompt": ("ab", "", None)[i % 3],
            "model_answered": ("a", "b", "c", None)[i % 4],
            "refused": (True, False, None)[i % 3],
        }
        for i in range(240)
    )
    return loader


def told(counts: Counts) -> list[tuple[int, ...]]:
    parts = (counts.cell, counts.bin, counts.items, counts.total, counts.squares)
    plain = zip(*(part.tolist() for part in parts), strict=True)
    sums: dict[tuple[int, int], tuple[int, ...]] = {}
    for cell, bin_, *numbers in [*plain, *counts.large]:
        old = sums.get((cell, bin_), (0, 0, 0))
        sums[cell, bin_] = tuple(a + b for a, b in zip(old, numbers, strict=True))
    return sorted((*key, *numbers) for key, numbers in sums.items() if any(numbers))


@pytest.mark.parametrize("number", [240, counting.ARRAY_ROWS], ids=["fetched", "grouped"])
@pytest.mark.parametrize("apart", [False, True], ids=["one after the other", "at the same time"])
def test_shared_out_counts_are_those_of_each_scheme_alone(loader: Loader, number: int, apart: bool) -> None:
    connection = loader.warehouse.connection
    alone = {s.digest: told(counting.count(connection, s, INTERACTIONS, EVENTS)) for s in SCHEMES}
    shares = [sharing.Share(EVENTS, number), sharing.Share(EVENTS, number, cell=3)]
    found = sharing.count_all(connection, SCHEMES, INTERACTIONS, shares, apart=apart)
    assert len(found) == 2 * len(SCHEMES)
    for cell in (0, 3):
        of_cell = {scheme.digest: told(counts) for scheme, counts in found if told(counts)[0][0] == cell}
        assert of_cell == {digest: [(cell, *rest[1:]) for rest in rows] for digest, rows in alone.items()}


def test_an_error_of_one_piece_is_not_lost(loader: Loader) -> None:
    broken = Rows("events_interactions WHERE no_such_column", {})
    with pytest.raises(Exception, match="no_such_column"):
        sharing.count_all(loader.warehouse.connection, SCHEMES, INTERACTIONS, [sharing.Share(broken, 240)], apart=True)


def test_codes_look_up_the_bins_that_a_search_finds() -> None:
    for cuts in [(), (0,), (-40_000, -32_768, -1, 7, 32_767, 32_768, 90_000), (-99_999,), (99_999,)]:
        scheme = Scheme("interactions", "latency_ms", "", "number", START, 86_400, cuts=cuts)
        codes = numpy.arange(-(1 << 15), 1 << 15)
        searched = numpy.searchsorted(numpy.array(cuts, dtype=numpy.int64), codes, side="right")
        assert numpy.array_equal(counting.bins_of_codes(scheme), searched)


def test_sums_beyond_64_bits_are_read_exactly(loader: Loader) -> None:
    summing.summarise(loader.warehouse, SCHEMES, INTERACTIONS)
    where = Slice(rollout="bot")
    small, *others = reading.read(loader.warehouse, SCHEMES, where, START, START + DAY)
    huge = 2**90 + 1
    loader.warehouse.connection.execute(
        "INSERT INTO profile_bins VALUES ($scheme, 99, $start, 'bot', '', '', '', 2, 1, $huge::HUGEINT, 7)",
        {"scheme": LATENCY.digest, "start": START, "huge": huge},
    )
    large, *same = reading.read(loader.warehouse, SCHEMES, where, START, START + DAY)
    assert same == others
    assert (large.total, large.rows, large.squares) == (small.total + huge, small.rows + 1, small.squares + 7)
    assert small == reading.read(loader.warehouse, [LATENCY], where, START, START + DAY, through_batch=98)[0]


def test_no_schemes_and_no_rows_are_no_counts(loader: Loader) -> None:
    connection = loader.warehouse.connection
    assert sharing.count_all(connection, [], INTERACTIONS, [sharing.Share(EVENTS, 240)], apart=True) == []
    none = Rows("events_interactions WHERE false", {})
    found = sharing.count_all(connection, SCHEMES, INTERACTIONS, [sharing.Share(none, 0)], apart=True)
    assert [told(counts) for _, counts in found] == [[]] * len(SCHEMES)
    assert reading.read(loader.warehouse, [], Slice(rollout="bot"), START, START + DAY) == []
