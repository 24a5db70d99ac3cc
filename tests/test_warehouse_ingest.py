"""Rows go in once, completely, and with their history."""

from __future__ import annotations

import json
import weakref
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_tools import ALL_TYPES, NOW, assert_adds_up, current, everything, lines, row, spec, take, take_text

from warehouse import ledger, settling, staging
from warehouse.records.errors import StoreError, UsageError
from warehouse.records.ingest import RestatedWindow
from warehouse.records.streams import Column, Stream
from warehouse.store import Warehouse
from warehouse.tables import ensure


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse.in_memory(tmp_path)


def test_a_row_arrives_with_its_values_types_and_origin(warehouse: Warehouse, tmp_path: Path) -> None:
    full = row(
        note="hello",
        colour="red",
        count=3,
        score=0.25,
        done=True,
        due_at="2027-01-01",
        details={"a": [1]},
        extra={"host": "h1"},
    )
    report = take_text(warehouse, tmp_path, lines(full))
    assert (report.received, report.accepted, report.error) == (1, 1, None)
    names = ("note", "count", "score", "done", "due_at", "details", "attributes", "occurred_at", "rollout")
    assert current(warehouse, *names) == [
        (
            "hello",
            3,
            0.25,
            True,
            datetime(2027, 1, 1, tzinfo=UTC),
            '{"a":[1]}',
            '{"extra":{"host":"h1"}}',
            datetime(2026, 3, 1, 10, tzinfo=UTC),
            "agent",
        )
    ]
    system = ("arrived_at", "batch", "position", "source", "revision", "closed_by")
    assert current(warehouse, *system) == [(NOW, report.batch, 1, "logs", 1, None)]


def test_the_same_content_a_second_time_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    first = take_text(warehouse, tmp_path, lines(row("a"), row("b"), "broken"))
    before = everything(warehouse)
    again = take(warehouse, tmp_path, now=NOW + timedelta(hours=1)).batches[0]
    assert again.repeated
    assert (again.batch, again.accepted, again.quarantined) == (first.batch, 2, 1)
    assert everything(warehouse) == before


def test_the_same_content_under_another_name_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a")), path="x.jsonl")
    before = everything(warehouse)
    (tmp_path / "x.jsonl").rename(tmp_path / "x.jsonl.1")
    assert take(warehouse, tmp_path, spec("x.jsonl.1")).batches[0].repeated
    assert everything(warehouse) == before


def test_equal_rows_of_another_file_are_counted_duplicates(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a", note="x"), row("b")), path="1.jsonl")
    report = take_text(warehouse, tmp_path, lines(row("a", note="x"), row("c")), path="2.jsonl")
    assert (report.accepted, report.duplicate, report.restated) == (1, 1, 0)
    assert current(warehouse, "event_id") == [("a",), ("b",), ("c",)]


def test_a_changed_value_keeps_both_revisions_and_names_the_column(warehouse: Warehouse, tmp_path: Path) -> None:
    first = take_text(warehouse, tmp_path, lines(row("a", score=0.1, note="x"), row("b")), path="1.jsonl")
    second = take_text(warehouse, tmp_path, lines(row("a", score=0.2, note="x", more=1)), path="2.jsonl")
    assert (second.restated, second.accepted) == (1, 0)
    assert second.restated_columns == {"score": 1, "attributes": 1}
    history = warehouse.connection.execute(
        "SELECT score, revision, batch, closed_by FROM events_all_types WHERE event_id = 'a' ORDER BY revision"
    ).fetchall()
    assert history == [(0.1, 1, first.batch, second.batch), (0.2, 2, second.batch, None)]


def test_a_value_that_comes_back_is_a_third_revision(warehouse: Warehouse, tmp_path: Path) -> None:
    for name, score in (("1", 0.1), ("2", 0.2), ("3", 0.1)):
        take_text(warehouse, tmp_path, lines(row("a", score=score, extra=name)), path=f"{name}.jsonl")
    assert current(warehouse, "score", "revision") == [(0.1, 3)]


def test_one_file_with_several_values_of_a_key_loses_none_of_them(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a", score=0.1)), path="1.jsonl")
    rows = [row("a", score=s) for s in (0.1, 0.2, 0.2, 0.3)] + [row("b", score=s) for s in (0.5, 0.6)]
    report = take_text(warehouse, tmp_path, lines(*rows), path="2.jsonl")
    assert (report.accepted, report.duplicate, report.restated) == (1, 2, 3)
    assert report.restated_columns == {"score": 3}
    assert current(warehouse, "event_id", "score", "revision") == [("a", 0.3, 3), ("b", 0.6, 2)]
    stored = warehouse.connection.execute(
        "SELECT event_id, score, revision, closed_by IS NULL FROM events_all_types ORDER BY event_id, revision"
    ).fetchall()
    assert stored == [
        ("a", 0.1, 1, False),
        ("a", 0.2, 2, False),
        ("a", 0.3, 3, True),
        ("b", 0.5, 1, False),
        ("b", 0.6, 2, True),
    ]


def test_what_was_known_at_a_batch_can_be_asked_for(warehouse: Warehouse, tmp_path: Path) -> None:
    batches = []
    for name, score in (("1", 0.1), ("2", 0.2)):
        batches.append(take_text(warehouse, tmp_path, lines(row("a", score=score)), path=f"{name}.jsonl").batch)
    sql = "SELECT score FROM events_all_types WHERE batch <= $b AND (closed_by IS NULL OR closed_by > $b)"
    known = [warehouse.connection.execute(sql, {"b": batch}).fetchall() for batch in batches]
    assert known == [[(0.1,)], [(0.2,)]]


def test_of_a_log_that_grew_only_the_new_lines_are_read(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a"), row("b")) + '{"event_id": "c", "occ')
    grown = lines(row("a"), row("b"), row("c"), row("d"), "bad")
    report = take_text(warehouse, tmp_path, grown)
    assert (report.received, report.accepted, report.duplicate, report.quarantined) == (3, 2, 0, 1)
    assert current(warehouse, "event_id", "position") == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
    assert [(q.position, q.reason) for q in ledger.quarantined(warehouse, limit=1)] == [(5, "not_json")]


def test_a_log_that_was_rewritten_is_read_from_the_start(warehouse: Warehouse, tmp_path: Path) -> None:
    take_text(warehouse, tmp_path, lines(row("a"), row("b")))
    report = take_text(warehouse, tmp_path, lines(row("a", score=0.5), row("b"), row("c")))
    assert (report.accepted, report.duplicate, report.restated) == (1, 1, 1)


def test_late_rows_are_counted_against_the_watermark_of_the_poll_before(warehouse: Warehouse, tmp_path: Path) -> None:
    first = take_text(warehouse, tmp_path, lines(row("a", occurred_at="2020-01-01T00:00:00Z")), path="1.jsonl")
    assert first.late == 0
    late = row("b", occurred_at="2026-03-01T09:59:59Z")
    just = row("c", occurred_at="2026-03-01T10:00:00Z")
    (tmp_path / "2.jsonl").write_text(lines(late, just))
    report = take(warehouse, tmp_path, spec("2.jsonl"), now=NOW + timedelta(hours=1)).batches[0]
    assert (report.accepted, report.late) == (2, 1)
    counts = ledger.window_counts(warehouse, start=NOW - timedelta(hours=4), end=NOW)
    assert [(c.window_start.hour, c.accepted, c.late) for c in counts] == [(9, 1, 1), (10, 1, 0)]


def test_a_failed_poll_does_not_move_the_watermark(warehouse: Warehouse, tmp_path: Path) -> None:
    report = take(warehouse, tmp_path)
    assert report.batches == ()
    assert report.degraded == f"No file matches 'in.jsonl' in {tmp_path}; check the path of source 'logs'."
    state = ledger.source_states(warehouse)[0]
    assert (state.polled_at, state.watermark, state.degraded) == (NOW, None, report.degraded)
    take_text(warehouse, tmp_path, lines(row("a")))
    (tmp_path / "in.jsonl").unlink()
    take(warehouse, tmp_path, now=NOW + timedelta(hours=5))
    state = ledger.source_states(warehouse)[0]
    assert (state.polled_at, state.watermark) == (NOW + timedelta(hours=5), NOW - timedelta(hours=2))
    assert state.degraded is not None


def test_source_states_count_what_arrived_in_the_span(warehouse: Warehouse, tmp_path: Path) -> None:
    for hour, name in enumerate("abc"):
        (tmp_path / f"{name}.jsonl").write_text(lines(row(name)))
        take(warehouse, tmp_path, spec(f"{name}.jsonl"), now=NOW + timedelta(hours=hour))
    (state,) = ledger.source_states(warehouse, since=NOW, until=NOW + timedelta(hours=1))
    assert (state.received, state.accepted, state.polled_at) == (1, 1, NOW + timedelta(hours=1))
    assert ledger.source_states(warehouse)[0].received == 3
    assert ledger.source_states(warehouse, until=NOW - timedelta(hours=1)) == []
    assert ledger.newest_batch(warehouse) == 3
    assert [b.file for b in ledger.batches(warehouse, after_batch=1)] == ["b.jsonl", "c.jsonl"]


def test_files_of_a_pattern_go_in_by_name_each_as_a_batch(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for name in ("d/2", "d/1", "d/3"):
        (tmp_path / f"{name}.jsonl").write_text(lines(row(name)))
    report = take(warehouse, tmp_path, spec("d/*.jsonl"))
    assert [b.file for b in report.batches] == ["d/1.jsonl", "d/2.jsonl", "d/3.jsonl"]
    assert [b.batch for b in report.batches] == [1, 2, 3]


def test_restated_windows_name_old_and_new_place(warehouse: Warehouse, tmp_path: Path) -> None:
    assert ledger.restated_windows(warehouse, stream="all_types", after_batch=0) == []
    take_text(warehouse, tmp_path, lines(row("a", release="r1"), row("b")), path="1.jsonl")
    moved = row("a", release="r1", occurred_at="2026-03-01T11:30:00Z")
    take_text(warehouse, tmp_path, lines(moved), path="2.jsonl")
    hour = datetime(2026, 3, 1, 10, tzinfo=UTC)
    expected = [
        RestatedWindow("agent", "r1", hour, 2),
        RestatedWindow("agent", "r1", hour + timedelta(hours=1), 2),
    ]
    assert ledger.restated_windows(warehouse, stream="all_types", after_batch=1) == expected
    assert ledger.restated_windows(warehouse, stream="all_types", after_batch=2) == []


def test_a_crash_in_the_middle_keeps_nothing(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_text(warehouse, tmp_path, lines(row("a")), path="1.jsonl")
    (tmp_path / "2.jsonl").write_text(lines(row("a", score=0.5), row("b"), "bad"))
    before = everything(warehouse, polls=True)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(settling, "_write_ledger", crash)
        with pytest.raises(KeyboardInterrupt):
            take(warehouse, tmp_path, spec("2.jsonl"))
    assert everything(warehouse, polls=True) == before
    report = take(warehouse, tmp_path, spec("2.jsonl")).batches[0]
    assert (report.accepted, report.restated, report.quarantined) == (1, 1, 1)


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


def test_progress_tells_the_bytes(warehouse: Warehouse, tmp_path: Path) -> None:
    text = lines(row("a"), row("b"))
    (tmp_path / "in.jsonl").write_text(text)
    seen: list[tuple[str, int, int]] = []
    take(warehouse, tmp_path, progress=lambda *told: seen.append(told))
    assert seen == [("in.jsonl", len(text), len(text))]


_KEYS = st.sampled_from(["a", "b", "c"])
_VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just("2026-03-01"))
_OBJECTS = st.dictionaries(st.sampled_from(["event_id", "occurred_at", *(c.name for c in ALL_TYPES.columns)]), _VALUES)
_GOOD = st.builds(lambda key, score: row(key, score=score), _KEYS, st.floats(0, 1))
_LINES = st.one_of(
    _GOOD.map(lambda value: json.dumps(value).encode()),
    _OBJECTS.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=40),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
)


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["jsonl", "csv"]),
    content=st.lists(_LINES, max_size=12),
    more=st.lists(_LINES, max_size=4),
)
def test_whatever_is_in_the_file_the_counts_add_up_and_again_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, kind: str, content: list[bytes], more: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("garbage")
    source = spec("in.log", kind=kind)
    header = [b"event_id,occurred_at,score"] if kind == "csv" else []
    with Warehouse.in_memory(folder) as warehouse:
        for batch in (content, content + more):
            (folder / "in.log").write_bytes(b"\n".join(header + batch))
            for report in take(warehouse, folder, source).batches:
                assert_adds_up(report)
            before = everything(warehouse)
            assert all(report.repeated for report in take(warehouse, folder, source).batches)
            assert everything(warehouse) == before
        assert _revisions_are_whole(warehouse)


def _revisions_are_whole(warehouse: Warehouse) -> bool:
    """Every event has revisions 1 to n, and just the last of them is current."""
    rows: list[tuple[Any, ...]] = warehouse.connection.execute(
        "SELECT list(revision ORDER BY revision) = range(1, count(*) + 1) AND count(*) FILTER (closed_by IS NULL) = 1 "
        "AND max(revision) FILTER (closed_by IS NULL) = count(*) FROM events_all_types GROUP BY event_id"
    ).fetchall()
    return all(ok for (ok,) in rows)


def test_a_chunk_is_let_go_before_the_file_ends(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory that a file takes must not grow with the file."""
    held: list[weakref.ref[Any]] = []

    def watched(connection: Any, plan: Any, chunk: Any, file: str, now: datetime, *more: Any) -> None:
        staging.stage(connection, plan, chunk, file, now, *more)
        held.append(weakref.ref(chunk.rows))

    monkeypatch.setattr("warehouse.taking.stage", watched)
    monkeypatch.setattr("warehouse.sources.chunks.BLOCK", 5_000)
    monkeypatch.setattr("warehouse.sources.opening.BLOCK", 5_000)
    alive: list[int] = []
    (tmp_path / "in.jsonl").write_text(lines(*(row(f"e{i}") for i in range(3_000))))
    take(warehouse, tmp_path, progress=lambda *_: alive.append(sum(ref() is not None for ref in held)))
    assert len(held) > 5
    assert max(alive) <= 2


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
