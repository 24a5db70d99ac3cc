"""Many spans of profiles read in one look are what each would be by itself; the newest window is found in little."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from event_rows import START, Loader, at
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse import profiled
from warehouse.profiles import reading, summing
from warehouse.records.errors import LedgerError
from warehouse.records.metrics import Slice
from warehouse.records.profiles import Scheme
from warehouse.records.streams import INTERACTIONS
from warehouse.store import Warehouse

BOT, HOUR, DAY = Slice(rollout="bot"), timedelta(hours=1), timedelta(days=1)
SCHEMES = [
    Scheme("interactions", "latency_ms", "", "number", START, 3600, scale=10.0, cuts=(0, 50, 1_000)),
    Scheme("interactions", "model_answered", "", "category", START, 3600, values=("a",)),
    Scheme("interactions", "session_id", "", "bucket", START, 3600, buckets=4_096, hashed_by="1.5"),
    Scheme("interactions", "prompt", "length", "number", START, 3600, cuts=(0, 5)),
    Scheme("interactions", "prompt", "words", "token", START, 3600, buckets=1_024, hashed_by="1.5"),
]
LARGE = 3_000_000_000


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Ten hours of rows, with values whose squares need more than 64 bits in the last of them."""
    loader = Loader(Warehouse.in_memory(tmp_path_factory.mktemp("spans")))
    loader.add(
        {
            "event_id": f"e{number}",
            "occurred_at": at(number),
            "latency_ms": float(LARGE + number) if number >= 540 else float(number) if number % 3 else None,
            "model_answered": "ab"[number % 2],
            "session_id": f"user {number % 7}",
            "prompt": "word " * (number % 5),
            "segment": "en" if number % 2 else None,
        }
        for number in range(600)
    )
    summing.summarise(loader.warehouse, SCHEMES, INTERACTIONS)
    return loader.warehouse


@settings(deadline=None, max_examples=40)
@given(
    first=st.integers(0, 12), last=st.integers(0, 12), length=st.integers(1, 4), number=st.integers(1, 6),
    segment=st.sampled_from([None, "en", ""]),
)  # fmt: skip
def test_spans_are_what_each_is_by_itself(
    warehouse: Warehouse, first: int, last: int, length: int, number: int, segment: str | None
) -> None:
    start, end, where = START + first * HOUR, START + last * HOUR, Slice(rollout="bot", segment=segment)
    found = reading.read_spans(warehouse, SCHEMES, where, start, end, length * HOUR, number)
    ends = [end - nth * length * HOUR for nth in range(number)]
    alone = [reading.read(warehouse, SCHEMES, where, max(start, one - length * HOUR), one) for one in ends]
    assert found == alone


def test_a_damaged_count_in_one_span_is_an_error(tmp_path: Path) -> None:
    loader = Loader(Warehouse.in_memory(tmp_path))
    loader.add([{"event_id": "a", "occurred_at": at(1), "latency_ms": 1.0}])
    summing.summarise(loader.warehouse, SCHEMES[:1], INTERACTIONS)
    loader.warehouse.connection.execute("UPDATE profile_bins SET items = -1")
    with pytest.raises(LedgerError, match="counts fewer than no rows"):
        reading.read_spans(loader.warehouse, SCHEMES[:1], BOT, START, START + 2 * HOUR, HOUR, 2)


def test_the_newest_window_is_found_however_far_back_it_lies(tmp_path: Path) -> None:
    loader = Loader(Warehouse.in_memory(tmp_path))
    assert profiled.newest(loader.warehouse, SCHEMES, BOT) is None
    loader.add([{"event_id": "a", "occurred_at": START, "latency_ms": 1.0}])
    for days, rollout in ((1, "second"), (10, "third"), (100, "fourth")):
        loader.add([{"event_id": rollout, "occurred_at": START + days * DAY, "rollout": rollout, "latency_ms": 1.0}])
    summing.summarise(loader.warehouse, SCHEMES, INTERACTIONS)
    found = {name: profiled.newest(loader.warehouse, SCHEMES, Slice(rollout=name)) for name in ("bot", "third", "x")}
    assert found == {"bot": START, "third": START + 10 * DAY, "x": None}


def test_a_window_whose_rows_were_all_taken_back_is_not_the_newest(tmp_path: Path) -> None:
    loader = Loader(Warehouse.in_memory(tmp_path))
    loader.add([{"event_id": n, "occurred_at": START + d * HOUR, "latency_ms": 1.0} for n, d in (("a", 0), ("b", 3))])
    summing.summarise(loader.warehouse, SCHEMES[:1], INTERACTIONS)
    assert profiled.newest(loader.warehouse, SCHEMES[:1], BOT) == START + 3 * HOUR
    loader.add([{"event_id": "b", "occurred_at": START + HOUR, "latency_ms": 1.0}])
    summing.summarise(loader.warehouse, SCHEMES[:1], INTERACTIONS)
    assert profiled.newest(loader.warehouse, SCHEMES[:1], BOT) == START + HOUR
