from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from event_rows import START, Loader, at

from warehouse.ingest import pull
from warehouse.profile import category_shares, field_presence
from warehouse.records.errors import UsageError
from warehouse.records.expressions import Field
from warehouse.records.ingest import SourceSpec
from warehouse.records.profile import CategoryShare, FieldPresence
from warehouse.records.streams import INTERACTIONS
from warehouse.store import Warehouse

HOUR = timedelta(hours=1)
HOSTILE = "'; DROP TABLE events_interactions; --"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


def row(key: str, minute: float, attributes: Any = None, **more: Any) -> dict[str, Any]:
    text = None if attributes is None else json.dumps(attributes)
    return {"event_id": key, "occurred_at": at(minute), "attributes": text} | more


def present(found: list[FieldPresence], field: str) -> list[tuple[int, int]]:
    return [(seen.rows, seen.present) for seen in found if seen.field == field]


def test_columns_and_unmapped_fields_are_followed_over_time(warehouse: Warehouse) -> None:
    Loader(warehouse).add(
        [
            row("e1", 1, {"properties": {"main_model": "a", "none": None}, "cost": 1, "prompt": "x"}, latency_ms=5),
            row("e2", 2, {"properties": {"main_model": "b"}, "cost": None}),
            row("e3", 61, {"properties": "flat", "a/b~c": 1, HOSTILE: {"*": 1, "": 2}}),
            row("e4", 62),
            row("e5", 63, [1, 2]),
        ]
    )
    found = field_presence(warehouse, INTERACTIONS, None, bucket=HOUR)
    assert {seen.bucket_start for seen in found} == {START, START + HOUR}
    assert present(found, "event_id") == [(2, 2), (3, 3)]
    assert present(found, "latency_ms") == [(2, 1), (3, 0)]
    assert present(found, "properties") == [(2, 2), (3, 1)]
    assert present(found, "properties.main_model") == [(2, 2), (3, 0)]
    assert present(found, "properties.none") == []
    assert present(found, "cost") == [(2, 0), (3, 0)]
    assert present(found, "attributes.cost") == [(2, 1), (3, 0)]
    assert present(found, "attributes.prompt") == [(2, 1), (3, 0)]
    assert present(found, "a/b~c") == [(2, 0), (3, 1)]
    assert present(found, f"{HOSTILE}.*") == [(2, 0), (3, 1)]
    assert present(found, f"{HOSTILE}.") == [(2, 0), (3, 1)]


def test_presence_can_be_bounded(warehouse: Warehouse) -> None:
    loader = Loader(warehouse)
    assert field_presence(warehouse, INTERACTIONS, None, bucket=HOUR) == []
    loader.add([row("e1", 1, {f"key{i}": 1 for i in range(20)}), row("e2", 121, {"key7": 1})], source="one")
    loader.add([row("e3", 1, {"other": 1}), row("e2", 121, {"key8": 1})], source="two")
    names = {seen.field for seen in field_presence(warehouse, INTERACTIONS, "one", bucket=HOUR)}
    assert "key3" in names
    assert "other" not in names
    few = field_presence(warehouse, INTERACTIONS, None, bucket=HOUR, most=1)
    assert present(few, "key8") == [(2, 1), (1, 1)]
    assert present(few, "key7") == []
    late = field_presence(warehouse, INTERACTIONS, None, bucket=HOUR, start=at(60), end=at(180))
    assert {seen.bucket_start for seen in late} == {at(120)}
    with pytest.raises(UsageError, match="whole number of seconds"):
        field_presence(warehouse, INTERACTIONS, None, bucket=timedelta(milliseconds=1))


def test_shares_keep_the_most_frequent_values_apart_and_name_the_rest(warehouse: Warehouse) -> None:
    models = ["a", "a", "b", "c", "other", None, HOSTILE]
    Loader(warehouse).add([row(f"e{i}", i, {"properties": {"model": m}}, segment=m) for i, m in enumerate(models)])
    expected = [
        CategoryShare(START, "a", 2),
        CategoryShare(START, HOSTILE, 1),
        CategoryShare(START, None, 1),
        CategoryShare(START, "other", 3, other=True),
    ]
    places: list[str | Field] = [
        "segment",
        "attributes.properties.model",
        "properties.model",
        Field("attributes", ("properties", "model")),
    ]
    for place in places:
        assert category_shares(warehouse, INTERACTIONS, place, bucket=HOUR, top=2) == expected
    whole = category_shares(warehouse, INTERACTIONS, "segment", bucket=HOUR, source="logs", start=START, end=at(60))
    assert CategoryShare(START, "other", 1) in whole
    assert sum(share.rows for share in whole) == len(models)


def test_shares_of_what_is_not_there(warehouse: Warehouse) -> None:
    assert category_shares(warehouse, INTERACTIONS, "segment", bucket=HOUR) == []
    Loader(warehouse).add([row("e1", 1, refused=True)])
    assert category_shares(warehouse, INTERACTIONS, "nothing.here", bucket=HOUR) == [CategoryShare(START, None, 1)]
    assert category_shares(warehouse, INTERACTIONS, "refused", bucket=HOUR) == [CategoryShare(START, "true", 1)]
    with pytest.raises(UsageError, match="not JSON"):
        category_shares(warehouse, INTERACTIONS, "segment.x", bucket=HOUR)


@pytest.mark.slow
def test_known_changes_of_public_telemetry_are_seen(shared_data: Callable[[str], Path], warehouse: Warehouse) -> None:
    fields = {
        "event_id": "@digest",
        "occurred_at": "time",
        "rollout": "=aider",
        "segment": "event",
        "model_requested": "properties.main_model",
    }
    source = SourceSpec("aider", "jsonl", "events.jsonl.gz", "interactions", HOUR, fields=fields, time_format="unix_s")
    now, week = datetime(2025, 3, 1, tzinfo=UTC), timedelta(days=7)
    pull(warehouse, source, INTERACTIONS, now=now, window_seconds=3600, base=shared_data("aider_telemetry"))

    presence = field_presence(warehouse, INTERACTIONS, "aider", bucket=week)
    version = {seen.bucket_start: seen for seen in presence if seen.field == "properties.aider_version"}
    until, since = datetime(2024, 11, 25, tzinfo=UTC), datetime(2024, 12, 16, tzinfo=UTC)
    assert all(seen.present == seen.rows for monday, seen in version.items() if monday < until)
    assert all(seen.present == 0 for monday, seen in version.items() if monday >= since)

    shares = category_shares(
        warehouse, INTERACTIONS, "properties.total_tokens", bucket=week, source="aider", start=since, end=now
    )
    assert sum(share.rows for share in shares) == sum(seen.rows for monday, seen in version.items() if monday >= since)

    models = category_shares(warehouse, INTERACTIONS, "model_requested", bucket=week, top=3)

    def most_used(monday: datetime) -> str | None:
        return next(share.value for share in models if share.bucket_start == monday and share.value is not None)

    assert most_used(datetime(2024, 12, 16, tzinfo=UTC)) == "claude-3-5-sonnet-20241022"
    assert most_used(datetime(2024, 12, 30, tzinfo=UTC)) == "deepseek/deepseek-chat"
