"""How fields of a file become columns: places, templates, words, times, ranges and choices."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ingest_tools import ALL_TYPES, current, lines, row, spec, take, take_text

from warehouse import ledger
from warehouse.records.errors import StoreError, UsageError
from warehouse.records.streams import Column, Stream
from warehouse.store import Warehouse
from warehouse.tables import ensure


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse.in_memory(tmp_path)


def test_places_templates_constants_and_words(warehouse: Warehouse, tmp_path: Path) -> None:
    fields = {
        "event_id": "{model}-{meta.index}",
        "rollout": "=a 'quoted' name; DROP TABLE batches",
        "note": "properties.model",
        "session_id": "@row",
        "segment": "@file",
        "release": "attributes.gen_ai.request.model",
    }
    first = {
        "occurred_at": "2026-03-01T10:00:00Z",
        "model": "m",
        "meta": {"index": 7, "kept": 1},
        "properties": {"model": "p", "other": 2},
        "attributes": {"gen_ai.request.model": "g"},
    }
    literal = {**first, "meta": {"index": 8}, "properties.model": "literal"}
    report = take_text(warehouse, tmp_path, lines(first, literal), fields=fields)
    assert report.accepted == 2, ledger.quarantined(warehouse)
    names = ("event_id", "note", "session_id", "segment", "release", "rollout")
    assert current(warehouse, *names) == [
        ("m-7", "p", "1", "in.jsonl", "g", "a 'quoted' name; DROP TABLE batches"),
        ("m-8", "literal", "2", "in.jsonl", "g", "a 'quoted' name; DROP TABLE batches"),
    ]
    kept = [json.loads(text) for (text,) in current(warehouse, "attributes")]
    assert kept[0] == {"model": "m", "meta": {"index": 7, "kept": 1}, "properties": {"other": 2}, "attributes": {}}
    # Both places had a value: nothing is taken out, so nothing is lost.
    assert kept[1] == literal


def test_a_missing_part_of_a_template_is_a_missing_value(warehouse: Warehouse, tmp_path: Path) -> None:
    fields = {"event_id": "{model}-{index}", "rollout": "=agent"}
    report = take_text(warehouse, tmp_path, lines(row(model="m"), row(model="m", index=1)), fields=fields)
    assert (report.accepted, report.reasons) == (1, {"missing_value": 1})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("gpt-3.5-turbo-1106", "gpt-3-5-turbo-1106"),
        ("Claude 3.5 Sonnet (New)", "claude-3-5-sonnet-new"),
        ("JailbreakChat", "jailbreakchat"),
        ("a__b", "a__b"),
        ("  Ä/b  ", "b"),
        ("<script>", "script"),
    ],
)
def test_a_place_can_be_written_as_a_name(warehouse: Warehouse, tmp_path: Path, text: str, name: str) -> None:
    fields = {"rollout": "{model|name}", "note": "x-{model|name}-{model}"}
    take_text(warehouse, tmp_path, lines(row(model=text), row("none")), fields=fields)
    assert current(warehouse, "rollout", "note", "attributes") == [
        (name, f"x-{name}-{text}", json.dumps({"model": text}, ensure_ascii=False, separators=(",", ":")))
    ]
    assert ledger.quarantined(warehouse)[0].reason == "missing_value"


def test_fields_under_something_that_is_no_object_are_kept(warehouse: Warehouse, tmp_path: Path) -> None:
    fields = {"rollout": "=agent", "note": "properties.model"}
    take_text(warehouse, tmp_path, lines(row("a", properties="text"), row("b", properties=[1])), fields=fields)
    assert current(warehouse, "note", "attributes") == [
        (None, '{"properties":"text"}'),
        (None, '{"properties":[1]}'),
    ]


def test_the_digest_of_a_row_is_a_key_for_rows_without_one(warehouse: Warehouse, tmp_path: Path) -> None:
    fields = {"event_id": "@digest", "rollout": "=agent"}
    text = '{"occurred_at": "2026-03-01", "note": "x"}\n{"occurred_at":"2026-03-01","note":"x"}\n'
    report = take_text(warehouse, tmp_path, text + '{"occurred_at": "2026-03-01", "note": "y"}\n', fields=fields)
    assert (report.accepted, report.duplicate) == (2, 1)


@pytest.mark.parametrize(
    ("time_format", "value"),
    [
        ("iso", "2026-03-01T10:00:00Z"),
        ("iso", "2026-03-01T12:00:00+02:00"),
        ("iso", "2026-03-01 10:00:00"),
        ("unix_s", 1772359200),
        ("unix_s", "1772359200"),
        ("unix_s", 1772359200.0),
        ("unix_ms", 1772359200000),
        ("%d.%m.%Y %H:%M", "01.03.2026 10:00"),
        ("%d.%m.%Y %H:%M %z", "01.03.2026 11:00 +0100"),
    ],
)
def test_times_are_read_in_the_declared_format(
    warehouse: Warehouse, tmp_path: Path, time_format: str, value: object
) -> None:
    report = take_text(warehouse, tmp_path, lines(row(occurred_at=value)), time_format=time_format)
    assert report.accepted == 1, ledger.quarantined(warehouse)
    assert current(warehouse, "occurred_at") == [(datetime(2026, 3, 1, 10, tzinfo=UTC),)]


def test_a_value_outside_a_flagged_range_goes_in_and_is_counted(warehouse: Warehouse, tmp_path: Path) -> None:
    rows = [row("a", loose=1.5), row("b", loose=0.5), row("c", loose=-1), row("d", score=2)]
    report = take_text(warehouse, tmp_path, lines(*rows))
    assert (report.accepted, report.flagged, report.reasons) == (3, {"loose": 2}, {"outside_range": 1})


def test_a_new_column_is_added_and_changes_no_old_row(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a", later=1)))
    wider = Stream(ALL_TYPES.name, "", (*ALL_TYPES.columns, Column("later", "integer", ""), Column("more", "text", "")))
    (tmp_path / "2.jsonl").write_text(lines(row("a", later=1), row("b", more="x")))
    report = take(warehouse, tmp_path, spec("2.jsonl"), wider).batches[0]
    assert (report.accepted, report.restated_columns) == (1, {"later": 1, "attributes": 1})
    plain = Stream("plain", "", (Column("x", "text", ""),))
    more = Stream("plain", "", (Column("x", "text", ""), Column("y", "integer", "")))
    (tmp_path / "p.jsonl").write_text(lines(row("a", x="1")))
    source = spec("p.jsonl", name="p", stream="plain")
    take(warehouse, tmp_path, source, plain)
    again = take(warehouse, tmp_path, source, more).batches[0]
    assert (again.repeated, again.duplicate, again.restated) == (False, 1, 0)


def test_a_column_cannot_change_its_type(warehouse: Warehouse) -> None:
    ensure(warehouse, Stream("s", "", (Column("x", "text", ""),)))
    with pytest.raises(
        StoreError, match="'x' of stream 's' is declared as BIGINT, but the warehouse holds it as VARCHAR"
    ):
        ensure(warehouse, Stream("s", "", (Column("x", "integer", ""),)))


@pytest.mark.parametrize("name", ["batch", "event_id", "Upper", "a b", "1x", "x" * 64, 'x"; DROP TABLE batches --'])
def test_names_that_cannot_be_columns_are_refused(warehouse: Warehouse, name: str) -> None:
    with pytest.raises(UsageError):
        ensure(warehouse, Stream("s", "", (Column(name, "text", ""),)))


def test_a_mapping_to_an_unknown_column_is_refused_with_the_known_ones(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="maps 'colur', which stream 'all_types' does not have; its columns are event_id"
    ):
        take(warehouse, tmp_path, spec(fields={"colur": "x"}))
    with pytest.raises(UsageError, match="the words with @ are @digest, @file and @row"):
        take(warehouse, tmp_path, spec(fields={"note": "@now"}))


def test_a_choice_can_be_flagged_instead_of_kept_out(warehouse: Warehouse, tmp_path: Path) -> None:
    stream = Stream("s", "", (Column("colour", "text", "", choices=("red",), outside="flag"),))
    (tmp_path / "in.jsonl").write_text(lines(row("a", colour="red"), row("b", colour="blue"), row("c")))
    report = take(warehouse, tmp_path, spec(stream="s"), stream).batches[0]
    assert (report.accepted, report.flagged) == (3, {"colour": 1})


def test_json_columns_take_json_texts_and_words(warehouse: Warehouse, tmp_path: Path) -> None:
    rows = [row("a", details='{"x": 1}'), row("b", details="plain"), row("c", details=5), row("d", details="5")]
    take_text(warehouse, tmp_path, lines(*rows))
    assert current(warehouse, "details") == [('{"x": 1}',), ('"plain"',), ("5",), ('"5"',)]
    fields = {"event_id": "k", "occurred_at": "=2026-03-01", "rollout": "=agent", "details": "{k}-x", "note": "=y"}
    take_text(warehouse, tmp_path, '{"k": "z"}\n', fields=fields, path="2.jsonl")
    assert current(warehouse, "details", "note")[-1] == ('"z-x"', "y")
