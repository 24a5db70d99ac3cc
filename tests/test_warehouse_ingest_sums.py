"""Sums kept at ingest say the same as the rows themselves, also after restatements, and for rows stored before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_tools import ALL_TYPES, NOW, lines, row, spec, take

from warehouse import facts, profile, summing
from warehouse.records.streams import Stream
from warehouse.store import Warehouse

HOUR = timedelta(hours=1)
SPANS = [(None, None), (NOW - 9.5 * HOUR, None), (NOW - 12 * HOUR, NOW - 5.25 * HOUR), (NOW - HOUR / 3, NOW)]

UNMAPPED = st.dictionaries(
    st.sampled_from(["note", "x", "a/b", "", "~", "attributes"]),
    st.sampled_from([None, 1, "null", {"k": None, "j": 1, "": 2}, {"note": "y"}, {}, [1, {"k": 1}]]),
    max_size=3,
)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.integers(0, 11),
        st.sampled_from([None, "v1", "v2"]),
        st.sampled_from([None, "candidate", "control"]),
        st.sampled_from([None, True, False]),
        UNMAPPED,
    ),
    max_size=6,
)


def told(warehouse: Warehouse, stream: Stream) -> list[Any]:
    presence = [
        profile.field_presence(warehouse, stream, source, bucket=bucket, start=start, end=end)
        for start, end in SPANS
        for source in (None, "logs", "other")
        for bucket in (HOUR, timedelta(days=1), timedelta(minutes=30))
    ]
    return [
        presence,
        facts.releases(warehouse, [stream], "agent"),
        facts.any_simulated(warehouse, stream, "agent"),
        *(facts.releases(warehouse, [stream], "agent", through_batch=batch) for batch in (1, 2)),
        *(facts.any_simulated(warehouse, stream, "agent", through_batch=batch) for batch in (1, 2)),
    ]


def _write(path: Path, part: list[Any]) -> None:
    rows = []
    for number, hour, release, arm, simulated, unmapped in part:
        known = {"release": release, "arm": arm, "simulated": simulated, "occurred_at": f"2026-03-01T{hour:02}:20:00Z"}
        rows.append(row(f"e{number}", **({**unmapped, **{k: v for k, v in known.items() if v is not None}})))
    path.write_text(lines(*rows))


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(["logs", "other"]), ROWS), min_size=1, max_size=3))
def test_sums_and_rows_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[str, list[Any]]]
) -> None:
    folder = tmp_path_factory.mktemp("sums")
    with Warehouse.in_memory(folder) as warehouse:
        for number, (source, part) in enumerate(parts):
            _write(folder / f"{number}.jsonl", part)
            take(warehouse, folder, spec(f"{number}.jsonl", name=source))
        summed = told(warehouse, ALL_TYPES)
        for table in ("batches_summed", "batch_rows", "field_rows"):
            warehouse.connection.execute(f"DELETE FROM {table}")
        assert told(warehouse, ALL_TYPES) == summed
        summing.catch_up(warehouse, ALL_TYPES)
        assert told(warehouse, ALL_TYPES) == summed


def test_what_is_summed_is_not_read_again(tmp_path: Path) -> None:
    with Warehouse.in_memory(tmp_path) as warehouse:
        (tmp_path / "in.jsonl").write_text(lines(row("a", release="v1", x=1), row("b", release="v2", simulated=True)))
        take(warehouse, tmp_path)
        before = told(warehouse, ALL_TYPES)[1:3]
        presence = profile.field_presence(warehouse, ALL_TYPES, None, bucket=HOUR)
        warehouse.connection.execute("DELETE FROM events_all_types")
        assert told(warehouse, ALL_TYPES)[1:3] == before
        assert profile.field_presence(warehouse, ALL_TYPES, None, bucket=HOUR) == presence
        assert {(seen.field, seen.present) for seen in presence} >= {("x", 1), ("release", 2), ("simulated", 1)}


def test_a_key_in_every_row_leaves_few_sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summing, "FIELDS", 5)
    with Warehouse.in_memory(tmp_path) as warehouse:
        (tmp_path / "in.jsonl").write_text(lines(*(row(f"e{n}", **{f"key{n}": 1, "often": 1}) for n in range(300))))
        take(warehouse, tmp_path)
        fields = {name for (name,) in warehouse.connection.execute("SELECT field FROM field_rows").fetchall()}
        assert "often" in fields
        assert sum(name is not None and name.startswith("key") for name in fields) == 4
