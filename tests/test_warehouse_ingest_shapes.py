"""Rows of a shape that was seen come in just as rows that are looked into one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_tools import ALL_TYPES, NOW, current, lines, row, spec, take, take_text

from warehouse import mapping, shapes, staging
from warehouse.mapping import plan
from warehouse.records.streams import Column, Stream
from warehouse.sources.chunks import Chunk
from warehouse.store import Warehouse

WIDE = Stream(
    "wide",
    "Texts, numbers and JSON from nested places.",
    (
        Column("note", "text", ""),
        Column("count", "integer", "", low=0),
        Column("score", "number", "", low=0, high=1),
        Column("loose", "number", "", outside="flag", low=0, high=1),
        Column("done", "boolean", ""),
        Column("due_at", "time", ""),
        Column("details", "json", ""),
        Column("more", "json", ""),
    ),
)
FIELDS = {
    "event_id": "{a}-{meta.id}",
    "occurred_at": "at",
    "rollout": "=r",
    "note": "meta.note",
    "count": "usage.count",
    "details": "details",
    "more": "meta.more",
    "session_id": "list.0",
}

PLAIN = {name: place for name, place in FIELDS.items() if name != "session_id"}
"""Without a place by number, after which no shape is plain."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path_factory.mktemp("store")) as warehouse:
        yield warehouse


def staged(warehouse: Warehouse, fields: dict[str, str], texts: list[str], known: bool) -> str:
    """What the rows become, with or without the shapes of all of them."""
    mapped, connection = plan(spec(stream="wide", fields=fields), WIDE), warehouse.connection
    incoming = pa.table({"position": pa.array(range(len(texts)), pa.int64()), "raw": pa.array(texts, pa.string())})
    staging.prepare(connection, mapped)
    found = staging._shapes(connection, mapped, Chunk(incoming), {}) if known else []
    sql, bound = staging.statement(mapped, 0, found)
    staging._run(connection, sql, {**bound, "now": NOW}, incoming)
    # As text, so that NaN is equal to itself.
    return repr(connection.execute("SELECT * FROM staged ORDER BY position").fetchall())


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**22), 10**22)
    | st.floats()
    | st.sampled_from(["", "x", "nan", "-inf", "1e-08", "abe-12", "2026-03-01T10:00:00Z", "é\n\"'", '{"x": 1}', "[1"])
    | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "note", "more", "count", "0", "b"]) | st.text(max_size=3), inner, max_size=4
        )
    ),
    max_leaves=6,
)
KEYS = [
    "a",
    "at",
    "meta",
    "usage",
    "details",
    "list",
    "score",
    "loose",
    "done",
    "due_at",
    "meta.note",
    "usage.count",
    "z",
]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=2), VALUES, max_size=9), min_size=1, max_size=6)
)
def test_rows_become_the_same_whether_their_shape_is_known_or_not(store: Warehouse, rows: list[dict[str, Any]]) -> None:
    texts = [json.dumps(one, ensure_ascii=False).encode("utf-8", "replace").decode() for one in rows]
    for fields in (FIELDS, PLAIN):
        assert staged(store, fields, texts, True) == staged(store, fields, texts, False)


@pytest.mark.parametrize(
    "value", ["1e-8", "0.00007", "1E3", "12345678901234567890123", "1e400", "-0.0", "NaN", "-Infinity", "1.50", '"nan"']
)
def test_a_number_in_a_text_column_is_written_as_in_any_other_row(store: Warehouse, value: str) -> None:
    texts = [f'{{"a": {value}, "at": "2026-03-01", "meta": {{"id": {value}, "note": {value}}}}}']
    assert staged(store, PLAIN, texts, True) == staged(store, PLAIN, texts, False)


def test_a_plain_shape_says_what_is_kept_and_where_values_are() -> None:
    mapped = plan(spec(fields={"rollout": "=agent", "note": "meta.note"}), ALL_TYPES)
    keys = {(): ["event_id", "occurred_at", "meta", "x"], ("meta",): ["note", "y"]}
    found = shapes.shape(mapped, [keys.get(place) for place in mapped.keyed])
    assert found is not None
    # As a merge patch leaves them: the object that a key was taken out of comes last.
    assert found.kept == ('{"x":', ("x",), ',"meta":{"y":', ("meta", "y"), "}}")
    assert ("meta", "note") in found.texts
    assert ("score",) not in found.texts
    assert shapes.tree([found])["meta"] == {"note": "VARCHAR", "y": "JSON"}


@pytest.mark.parametrize(
    "keys",
    [["event_id", "event_id"], [], ['quo"te'], ["line\nfeed"], [""], ["meta.note", "meta"]],
    ids=["twice", "none", "quoted", "unprintable", "empty", "rivals"],
)
def test_a_shape_that_needs_a_closer_look_is_not_plain(keys: list[str]) -> None:
    mapped = plan(spec(fields={"rollout": "=agent", "note": "meta.note"}), ALL_TYPES)
    inside = {("meta",): ["note"]} if "meta" in keys else {}
    found: dict[mapping.Place, list[str]] = {(): keys, **inside}
    assert shapes.shape(mapped, [found.get(place) for place in mapped.keyed]) is None


def test_a_row_with_a_key_that_the_sample_did_not_show_keeps_it(tmp_path: Path) -> None:
    rows = [row(f"e{i:05}", **({"rare": i} if i == 1_777 else {})) for i in range(3_000)]
    with Warehouse.in_memory(tmp_path) as warehouse:
        report = take_text(warehouse, tmp_path, lines(*rows))
        assert (report.accepted, report.quarantined) == (3_000, 0)
        kept = warehouse.connection.execute(
            "SELECT event_id, attributes FROM events_all_types WHERE attributes::VARCHAR <> '{}'"
        ).fetchall()
    assert kept == [("e01777", '{"rare":1777}')]


def test_a_stream_may_name_its_columns_as_it_likes(tmp_path: Path) -> None:
    names = ("reason", "detail", "raw", "raw_bytes", "flags", "fault", "twice", "keys", "v", "j", "g_note", "note")
    stream = Stream("names", "", tuple(Column(name, "text", "") for name in names))
    with Warehouse.in_memory(tmp_path) as warehouse:
        (tmp_path / "in.jsonl").write_text(lines(row("a", **{name: name for name in names}), "broken"))
        report = take(warehouse, tmp_path, spec(stream="names"), stream).batches[0]
        assert (report.accepted, report.quarantined) == (1, 1)
        assert current(warehouse, *names, stream="names") == [names]
