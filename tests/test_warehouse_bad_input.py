"""Bad input ends as a named quarantine or a one-sentence error, and the rest of the batch goes in."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path
from typing import Any

import pytest
from ingest_tools import ALL_TYPES, current, lines, row, spec, take, take_text

from warehouse import ledger
from warehouse.store import Warehouse

GOOD = row("good", score=0.5)

BAD: dict[str, tuple[str | bytes, str, str]] = {
    "no JSON": ("hello", "not_json", "the line is not JSON: Expecting value at character 1"),
    "cut": (
        '{"event_id": "a", "occ',
        "not_json",
        "the line is not JSON: Unterminated string starting at at character 19",
    ),
    "a list": ("[1, 2]", "not_an_object", "a row must be an object; this one is JSON of type ARRAY"),
    "a number": ("17", "not_an_object", "a row must be an object; this one is JSON of type UBIGINT"),
    "null": ("null", "not_an_object", "a row must be an object; this one is JSON of type NULL"),
    "no UTF-8": (b'{"event_id": "\xff\xfe"}', "not_utf8", "byte 15 of the line (0xff) is not UTF-8"),
    "NUL bytes": (b"\x00\x00\x00", "not_json", "the line is not JSON: Expecting value at character 1"),
    "control code": (
        '{"event_id": "\x1b[31m"}',
        "not_json",
        "the line is not JSON: Invalid control character at at character 15",
    ),
    "lone surrogate": (
        '{"event_id": "\\ud800", "occurred_at": "2026-03-01"}',
        "lone_surrogate",
        "a text holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no character",
    ),
    "too deep": (
        '{"a":' * 300 + "1" + "}" * 300,
        "too_deep",
        "the line nests deeper than 200 levels",
    ),
    "a key twice": (
        '{"event_id": "a", "event_id": "b", "occurred_at": "2026-03-01"}',
        "duplicate_key",
        'an object names the key "event_id" more than once, so its value is not known',
    ),
    "a score twice": (
        '{"event_id": "a", "occurred_at": "2026-03-01", "details": {"harm": 1, "harm": 0}}',
        "duplicate_key",
        'an object names the key "harm" more than once, so its value is not known',
    ),
    "missing column": (
        json.dumps({"occurred_at": "2026-03-01"}),
        "missing_value",
        "column \"event_id\" has no value, and every row needs one; it is read from 'event_id'",
    ),
    "empty key": (json.dumps(row("")), "missing_value", 'column "event_id" has no value'),
    "missing time": (json.dumps({"event_id": "x"}), "missing_value", 'column "occurred_at" has no value'),
    "text for a number": (
        json.dumps(row(score="high")),
        "wrong_type",
        'column "score" is given "high", which is not a number',
    ),
    "part for a whole": (
        json.dumps(row(count=0.5)),
        "wrong_type",
        'column "count" is given "0.5", which is not a whole number',
    ),
    "too large": (
        json.dumps(row(count=10**30)),
        "wrong_type",
        'column "count" is given "1' + "0" * 30 + '", which is not a whole number',
    ),
    "number for a truth": (
        json.dumps(row(done=7)),
        "wrong_type",
        'column "done" is given "7", which is not true, false, 1 or 0',
    ),
    "list for a number": (
        json.dumps(row(score=[1])),
        "wrong_type",
        'column "score" is given "[1]", which is not a number',
    ),
    "out of range": (json.dumps(row(score=1.5)), "outside_range", 'column "score" is given "1.5"; allowed is 0 to 1'),
    "below range": (json.dumps(row(count=-1)), "outside_range", 'column "count" is given "-1"; allowed is at least 0'),
    "no choice": (
        json.dumps(row(colour="blue")),
        "not_a_choice",
        'column "colour" is given "blue"; allowed is one of red, green',
    ),
    "NaN": (
        json.dumps(row(score=float("nan"))),
        "not_finite",
        'column "score" is given "NaN"; allowed is a finite number, or nothing',
    ),
    "infinity": (json.dumps(row(score=float("-inf"))), "not_finite", 'column "score" is given "-Infinity"'),
    "huge exponent": (
        '{"event_id": "a", "occurred_at": "2026-03-01", "score": 1e999}',
        "not_finite",
        'column "score" is given "1e999"',
    ),
    "no time": (
        json.dumps(row(occurred_at="yesterday")),
        "time_unreadable",
        'column "occurred_at" is given "yesterday", which is not a time with time_format \'iso\'',
    ),
    "epoch seconds": (
        json.dumps(row(occurred_at=1772359200)),
        "time_unreadable",
        'column "occurred_at" is given "1772359200", which is not a time with time_format \'iso\'; '
        'time_format "unix_s" would read it as epoch seconds',
    ),
    "epoch milliseconds": (
        json.dumps(row(occurred_at=1772359200123)),
        "time_unreadable",
        'column "occurred_at" is given "1772359200123", which is not a time with time_format \'iso\'; '
        'time_format "unix_ms" would read it as epoch milliseconds',
    ),
    "year 1970": (
        json.dumps(row(occurred_at="1970-01-01T00:00:00Z")),
        "time_implausible",
        'column "occurred_at" is given "1970-01-01T00:00:00Z", which reads as 1970-01-01 00:00:00+00; '
        "allowed is from 2000-01-01 up to one day after the time of reading",
    ),
    "future": (
        json.dumps(row(occurred_at="2026-03-02T12:00:01Z")),
        "time_implausible",
        'column "occurred_at" is given "2026-03-02T12',
    ),
    "endless": (json.dumps(row(occurred_at="infinity")), "time_unreadable", 'column "occurred_at" is given "infinity"'),
    "before Christ": (
        json.dumps(row(occurred_at="0044-03-15 (BC)")),
        "time_unreadable",
        'column "occurred_at" is given',
    ),
    "bad second time": (json.dumps(row(due_at="soon")), "time_unreadable", 'column "due_at" is given "soon"'),
}


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse.in_memory(tmp_path)


@pytest.mark.parametrize("name", BAD)
def test_each_bad_row_is_named_and_the_good_ones_go_in(warehouse: Warehouse, tmp_path: Path, name: str) -> None:
    bad, reason, detail = BAD[name]
    data = bad if isinstance(bad, bytes) else bad.encode()
    good = json.dumps(GOOD).encode()
    report = take_text(warehouse, tmp_path, good + b"\n" + data + b"\n" + good.replace(b"good", b"more") + b"\n")
    assert current(warehouse, "event_id") == [("good",), ("more",)]
    assert report.reasons == {reason: 1}
    (found,) = ledger.quarantined(warehouse)
    assert (found.reason, found.position, found.file, found.batch) == (reason, 2, "in.jsonl", report.batch)
    assert found.detail.startswith(detail), found.detail
    assert found.raw_bytes == len(data)
    assert len(found.raw) <= 2_000


def test_all_bad_rows_at_once(warehouse: Warehouse, tmp_path: Path) -> None:
    data = b"\n".join(bad if isinstance(bad, bytes) else bad.encode() for bad, _, _ in BAD.values())
    report = take_text(warehouse, tmp_path, data + b"\n" + json.dumps(GOOD).encode())
    wanted: dict[str, int] = {}
    for _, reason, _ in BAD.values():
        wanted[reason] = wanted.get(reason, 0) + 1
    assert report.reasons == wanted
    assert report.accepted == 1


def test_an_empty_file_is_said_to_be_empty_and_does_not_stop_the_source(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").touch()
    report = take(warehouse, tmp_path)
    assert [batch.error for batch in report.batches] == ["in.jsonl is empty; it brought no rows."]
    assert report.degraded is None
    assert ledger.source_states(warehouse)[0].received == 0


def test_binary_noise_is_kept_out_line_by_line(warehouse: Warehouse, tmp_path: Path) -> None:
    noise = os.urandom(200_000)
    report = take_text(warehouse, tmp_path, noise + b"\n" + json.dumps(GOOD).encode())
    assert report.accepted == 1
    assert set(report.reasons) <= {"not_utf8", "not_json", "not_an_object"}
    assert report.quarantined > 100


@pytest.mark.slow
def test_a_line_of_fifty_megabytes_is_read_past_in_bounded_memory(warehouse: Warehouse, tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with (tmp_path / "in.jsonl").open("wb") as file:
        file.write(json.dumps(GOOD).encode() + b"\n" + b'{"event_id": "')
        for _ in range(50):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n' + json.dumps(row("after")).encode() + b"\n")
    report = take(warehouse, tmp_path).batches[0]
    assert (report.accepted, report.reasons) == (2, {"line_too_long": 1})
    (found,) = ledger.quarantined(warehouse)
    assert (found.position, found.raw_bytes, len(found.raw)) == (2, 50_000_016, 2_000)
    assert found.detail == "the line has 50,000,016 bytes; allowed are 16,777,216"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


@pytest.mark.slow
@pytest.mark.parametrize("opener", ['{"a":', "["])
def test_hostile_depth_does_not_crash_the_process(warehouse: Warehouse, tmp_path: Path, opener: str) -> None:
    depth = 15_000_000 // (len(opener) + 1)
    closer = "1" + ("}" if opener.startswith("{") else "]") * depth
    report = take_text(warehouse, tmp_path, opener * depth + closer + "\n" + json.dumps(GOOD))
    assert (report.accepted, report.reasons) == (1, {"too_deep": 1})


HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE batches; --",
    '"); DELETE FROM events_all_types; --',
    "\x1b[2J\x1b]0;title\x07",
    "\u0000\u0001\u202e",
    "$now {0} {row} %s ${HOME}",
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "a\x1fb\x1ec",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_stored_as_it_is_in_every_text_column(warehouse: Warehouse, tmp_path: Path, text: str) -> None:
    names = ["event_id", "session_id", "rollout", "release", "segment", "note"]
    hostile: dict[str, Any] = {**row(), **dict.fromkeys(names, text), "details": {text: text}, text: text}
    report = take_text(warehouse, tmp_path, lines(hostile, GOOD | {"rollout": "agent"}), fields={})
    assert report.accepted == 2, ledger.quarantined(warehouse)
    found = warehouse.connection.execute(
        f"SELECT {', '.join(names)}, details, attributes FROM events_all_types WHERE event_id = $t", {"t": text}
    ).fetchone()
    assert found is not None
    assert list(found[:6]) == [text] * 6
    assert [json.loads(value) for value in found[6:]] == [{text: text}, {text: text}]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_a_bad_value_is_only_quoted(warehouse: Warehouse, tmp_path: Path, text: str) -> None:
    report = take_text(warehouse, tmp_path, lines(row(score=text), row(colour=text), row(occurred_at=text), GOOD))
    assert (report.accepted, report.quarantined) == (1, 3)
    assert all(json.loads(q.raw)["event_id"] == "e1" for q in ledger.quarantined(warehouse))


def test_every_bad_row_of_every_column_type_has_a_reason(warehouse: Warehouse, tmp_path: Path) -> None:
    """No value of any JSON type in any column makes ingest raise or lose a row."""
    values: list[Any] = [None, True, 0, -1, 1.5, 10**40, float("nan"), "", "x", "1", [], [1], {}, {"a": None}]
    rows = [row(f"{c.name}-{i}", **{c.name: v}) for c in ALL_TYPES.columns for i, v in enumerate(values)]
    report = take_text(warehouse, tmp_path, lines(*rows))
    assert report.received == len(rows)
    assert report.accepted > len(rows) // 3


def test_not_a_number_inside_json_is_preserved(warehouse: Warehouse, tmp_path: Path) -> None:
    text = '{"event_id": "a", "occurred_at": "2026-03-01", "details": {"harm": NaN}, "other": -Infinity}\n'
    report = take_text(warehouse, tmp_path, text)
    assert report.accepted == 1
    assert current(warehouse, "details", "attributes") == [('{"harm":NaN}', '{"other":-Infinity}')]


def test_a_flagged_column_lets_not_a_number_in_and_counts_it(warehouse: Warehouse, tmp_path: Path) -> None:
    report = take_text(warehouse, tmp_path, lines(row(loose=float("nan"))))
    assert (report.accepted, report.flagged) == (1, {"loose": 1})


def test_an_unreadable_file_is_one_sentence(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").symlink_to(tmp_path / "in.jsonl")
    report = take(warehouse, tmp_path, spec())
    assert report.batches == ()
    assert report.degraded is not None
    assert "\n" not in report.degraded
