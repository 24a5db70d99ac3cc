"""Changes of schema and of the most common value are found once, dated right, and not invented."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.quality import category_changes, schema_changes
from warehouse.records.profile import CategoryShare, FieldPresence

START = datetime(2026, 1, 5, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def presence(field: str, counts: Iterable[int], rows: int = 100) -> list[FieldPresence]:
    return [FieldPresence(day(i), field, rows, count) for i, count in enumerate(counts)]


def shares(*days: dict[str | None, int]) -> list[CategoryShare]:
    return [CategoryShare(day(i), value, rows) for i, counts in enumerate(days) for value, rows in counts.items()]


def fields(records: list[FieldPresence], **more: Any) -> list[tuple[str, str, str, int]]:
    found = schema_changes.detect(records, stream="s", **more)
    return [(f.name, f.severity, f.subject, (f.seen_at - START).days) for f in found if f.seen_at]


def leaders(records: list[CategoryShare], **more: Any) -> list[tuple[str, str, int]]:
    found = category_changes.detect(records, stream="s", column="model", **more)
    return [(f.expected, f.observed, (f.seen_at - START).days) for f in found if f.seen_at]


def test_a_field_of_most_rows_that_vanishes_is_critical_and_seen_at_once() -> None:
    records = presence("a", [100, 99, 0]) + presence("b", [60, 61, 0])
    assert fields(records) == [("fields vanished", "critical", "a, b", 2)]
    finding = schema_changes.detect(records, stream="s")[0]
    assert (finding.kind, finding.state, finding.observed, finding.expected) == (
        "schema_change",
        "failed",
        "0%",
        "60% to 100%",
    )


def test_a_field_left_out_of_the_records_of_a_bucket_was_absent() -> None:
    records = presence("a", [100, 100]) + presence("other", [100, 100, 100])
    assert fields(records) == [("fields vanished", "critical", "a", 2)]


def test_a_field_of_few_rows_must_be_gone_twice_and_be_missed() -> None:
    assert fields(presence("a", [40, 40, 0, 0])) == [("fields vanished", "warning", "a", 2)]
    assert fields(presence("a", [40, 40, 0, 40])) == []
    assert fields(presence("a", [5, 5, 0, 0])) == []


def test_a_field_that_is_gone_is_told_once_though_stragglers_dry_up_later() -> None:
    assert fields(presence("a", [1000, 1000, 40, 40, 0, 0, 0], rows=1000)) == [("fields vanished", "critical", "a", 2)]


def test_a_new_field_must_stay() -> None:
    assert fields(presence("a", [0, 0, 3, 4])) == [("fields appeared", "info", "a", 2)]
    assert fields(presence("a", [0, 0, 3, 0, 0])) == []
    assert fields(presence("a", [0, 0, 90])) == [("fields appeared", "info", "a", 2)]
    assert fields(presence("a", [0, 0, 3])) == [], "one bucket of a rare field proves nothing yet"


def test_a_share_that_moves_and_stays_is_a_warning_and_a_spike_is_not() -> None:
    assert fields(presence("a", [20, 20, 60, 60, 60])) == [("fields shifted", "warning", "a", 2)]
    assert fields(presence("a", [20, 20, 60, 20, 20])) == []
    assert fields(presence("a", [20, 20, 38, 38, 38])) == []


def test_too_few_rows_say_nothing_until_they_are_enough_together() -> None:
    rare = [FieldPresence(day(i), "a", 100 if i < 2 else 20, 100 if i < 2 else 0) for i in range(5)]
    assert fields(rare[:4]) == []
    assert fields(rare) == [("fields vanished", "critical", "a", 2)]


def test_since_leaves_out_what_was_told_before() -> None:
    records = presence("a", [100, 0, 0, 100, 100, 0])
    assert [f[3] for f in fields(records)] == [1, 3, 5]
    assert [f[3] for f in fields(records, since=day(4))] == [5]


def test_hostile_field_names_are_one_clean_line() -> None:
    finding = schema_changes.detect(presence("a\x1b[2J\n<b>\u202e" + "x" * 500, [100, 0]), stream="s")[0]
    assert "\n" not in finding.detail + finding.subject
    assert "\x1b" not in finding.detail + finding.subject
    assert "\u202e" not in finding.detail + finding.subject
    assert len(finding.subject) <= 60


def test_nothing_observed_is_nothing_found() -> None:
    assert schema_changes.detect([], stream="s") == []
    assert category_changes.detect([], stream="s", column="model") == []
    assert category_changes.detect(shares({None: 100}, {None: 100}), stream="s", column="model") == []


@given(st.lists(st.integers(0, 100), min_size=1, max_size=12), st.randoms())
def test_findings_do_not_depend_on_the_order_of_the_records(counts: list[int], random: Any) -> None:
    records = presence("a", counts) + presence("b", [100 - count for count in counts])
    mixed = records[:]
    random.shuffle(mixed)
    assert schema_changes.detect(mixed, stream="s") == schema_changes.detect(records, stream="s")


@given(st.integers(0, 100), st.integers(1, 10))
def test_a_constant_share_is_never_a_change(count: int, days: int) -> None:
    assert fields(presence("a", [count] * days)) == []
    assert leaders(shares(*[{"x": count, "y": 100 - count} for _ in range(days)])) == []


def test_a_switch_of_the_most_common_value_is_told_once() -> None:
    assert leaders(shares({"x": 90, "y": 10}, {"x": 85, "y": 15}, {"x": 30, "y": 70}, {"y": 100})) == [("x", "y", 2)]


def test_two_equally_common_values_do_not_flicker() -> None:
    assert leaders(shares(*[{"x": 50 + step, "y": 50 - step} for step in (2, -2, 3, -3, 1, -1)])) == []


def test_a_small_bucket_is_no_switch_and_does_not_date_the_next_one_too_early() -> None:
    assert leaders(shares({"x": 100}, {"y": 9}, {"x": 100})) == []
    assert leaders(shares({"x": 100}, {"y": 9}, {"y": 100})) == [("x", "y", 2)]


def test_missing_values_are_no_category() -> None:
    assert leaders(shares({"x": 60, None: 40}, {"x": 40, None: 900})) == []


def test_the_gathered_rest_is_never_the_most_common_value_but_counts_among_the_rows() -> None:
    rest = [CategoryShare(day(i), "other", 80, other=True) for i in range(3)]
    assert leaders(shares({"x": 20}, {"x": 20}, {"x": 20}) + rest) == []
    # Among 20 rows y would have risen by half; among 100 it rose by a tenth, which chance explains.
    assert leaders(shares({"x": 20}, {"x": 20}, {"x": 9, "y": 11}) + rest, min_change=0.2) == []


def aider(folder: Path) -> list[dict[str, Any]]:
    with gzip.open(folder / "events.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def buckets(rows: list[dict[str, Any]], length: str) -> list[tuple[datetime, dict[str, Any]]]:
    def start(moment: datetime) -> datetime:
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if length == "hour":
            return hour
        return hour.replace(hour=0) - timedelta(days=moment.weekday() if length == "week" else 0)

    return [(start(datetime.fromtimestamp(row["time"], UTC)), row["properties"]) for row in rows]


def telemetry_presence(rows: list[dict[str, Any]], length: str) -> list[FieldPresence]:
    bucketed = buckets(rows, length)
    total = Counter(bucket for bucket, _ in bucketed)
    counts = Counter((bucket, field) for bucket, properties in bucketed for field in properties)
    return [FieldPresence(bucket, field, total[bucket], count) for (bucket, field), count in counts.items()]


def test_real_telemetry_by_day_shows_its_schema_versions(shared_data: Callable[[str], Path]) -> None:
    found = schema_changes.detect(telemetry_presence(aider(shared_data("aider_telemetry")), "day"), stream="telemetry")
    assert [(f.seen_at.date().isoformat(), f.name, f.subject) for f in found if f.seen_at] == [
        # From 2024-10 on: two more models; the fields of the client library end.
        ("2024-10-31", "fields appeared", "editor_model, weak_model"),
        ("2024-10-31", "fields vanished", "$geoip_disable, $lib, $lib_version"),
        ("2024-10-31", "fields shifted", "edit_format"),
        # New kinds of events bring their own fields.
        ("2024-11-27", "fields appeared", "num_files"),
        ("2024-11-29", "fields appeared", "reason"),
        # From 2024-12 on: version, system and Python are removed.
        ("2024-12-08", "fields vanished", "aider_version, machine, os_platform, os_release, python_version"),
    ]
    assert [f.severity for f in found if f.state == "failed"] == ["critical"]


def test_real_telemetry_by_hour_shows_the_change_within_its_first_day(shared_data: Callable[[str], Path]) -> None:
    records = telemetry_presence(aider(shared_data("aider_telemetry")), "hour")
    first = schema_changes.detect(records, stream="telemetry", min_rows=20)[0]
    assert first.name == "fields appeared"
    assert first.subject == "$geoip_disable, $lib, $lib_version"
    assert first.seen_at == datetime(2024, 8, 13, 15, tzinfo=UTC)


def test_real_telemetry_by_week_shows_its_model_switches(shared_data: Callable[[str], Path]) -> None:
    counts = Counter(
        (bucket, properties.get("main_model"))
        for bucket, properties in buckets(aider(shared_data("aider_telemetry")), "week")
    )
    records = [CategoryShare(bucket, value, rows) for (bucket, value), rows in counts.items()]
    found = category_changes.detect(records, stream="telemetry", column="main_model")
    sonnet, chat = "claude-3-5-sonnet-20241022", "deepseek/deepseek-chat"
    assert [("{}-W{:02d}".format(*f.seen_at.isocalendar()), f.expected, f.observed) for f in found if f.seen_at] == [
        ("2024-W44", "gpt-4o-mini", sonnet),
        ("2024-W52", sonnet, chat),
        ("2025-W03", chat, sonnet),
        ("2025-W04", sonnet, chat),
        ("2025-W05", chat, sonnet),
        ("2025-W09", sonnet, "anthropic/claude-3-7-sonnet-20250219"),
    ]
    assert {(f.kind, f.state, f.severity) for f in found} == {("category_change", "notice", "warning")}


@pytest.mark.parametrize("rows", [20, 60])
def test_a_steady_payload_in_buckets_of_any_size_shows_no_change(rows: int) -> None:
    steady = [FieldPresence(day(i), "a", rows, rows) for i in range(30)]
    assert schema_changes.detect(steady, stream="s") == []
