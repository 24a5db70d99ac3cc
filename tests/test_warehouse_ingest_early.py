"""A file of new rows alone goes straight into the event table; whatever it holds, the store comes out the same."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_tools import ALL_TYPES, NOW, assert_adds_up, current, everything, lines, row, spec, take, take_text

from warehouse import erasure, keeping_out, known_ids, streaming, taking
from warehouse.records.errors import SourceError
from warehouse.records.redaction import Redaction
from warehouse.records.storage import Erasure
from warehouse.sources import chunks
from warehouse.sources.chunks import Chunk, Reject, batched
from warehouse.store import Warehouse

Ways = list[bool]


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Ways:
    """Every file may go the short way; which of those that tried came to its end."""
    found: Ways = []
    known = taking._take_early

    def watched(*given: Any) -> Any:
        report = known(*given)
        found.append(report is not None)
        return report

    monkeypatch.setattr(streaming, "LEAST", 0)
    monkeypatch.setattr(taking, "_take_early", watched)
    return found


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "store") as opened:
        yield opened


def rows_of(count: int, first: int = 0, **values: Any) -> list[dict[str, Any]]:
    return [row(f"e{i:05}", **{"score": 0.5, "words": {"a": i}, **values}) for i in range(first, first + count)]


BAD = ['{"event_id": "b"}', "no json", "[1]", '{"event_id": "b", "event_id": "c"}', "", "  ", '{"score": "\\ud800"}']
LINE = (
    st.sampled_from(BAD)
    | st.builds(
        lambda number, score, loose, hour, more: json.dumps(
            {
                "event_id": f"e{number}",
                "occurred_at": f"2026-03-01T{hour:02}:00:00Z",
                "score": score,
                "loose": loose,
                **more,
            }
        ),
        st.integers(0, 5),
        st.sampled_from([0.0, 0.5, 2.0, None]),
        st.sampled_from([0.5, 1.5]),
        st.integers(0, 9),
        st.dictionaries(st.sampled_from(["note", "x", "y"]), st.sampled_from(["", "é", None, {"a": 1}]), max_size=2),
    )
    | st.integers(0, 10**6).map(lambda number: json.dumps(row(f"new-{number}", note="n")))
)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(LINE, max_size=9), min_size=1, max_size=3), st.sampled_from([1, 200, 10**6]), st.booleans())
def test_both_ways_give_the_same_store(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[str]], piece: int, index: bool
) -> None:
    folder = tmp_path_factory.mktemp("files")
    for number, texts in enumerate(files):
        (folder / f"{number}.jsonl").write_text("".join(text + "\n" for text in texts))
    found = []
    for least in (0, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(streaming, "LEAST", least)
            patch.setattr(chunks, "_LEAST", piece)
            patch.setattr("warehouse.sources.opening.BLOCK", piece * 2)
            patch.setattr(known_ids, "SMALL", 0 if index else 10**6)
            with Warehouse.open(folder / str(least)) as warehouse:
                reports = take(warehouse, folder, spec("*.jsonl")).batches
                # Twice, so that all of it is looked up as well.
                take(warehouse, folder, spec("*.jsonl", time_format="unix_ms"))
                found.append((reports, repr({k: v for k, v in everything(warehouse).items() if k != "id_runs"})))
    assert found[0] == found[1]


def test_new_rows_alone_go_the_short_way_and_repeats_the_long_one(
    warehouse: Warehouse, tmp_path: Path, ways: Ways
) -> None:
    report = take_text(warehouse, tmp_path, lines(*rows_of(500, loose=2), "broken", row("x", score=7)), path="1.jsonl")
    assert (report.accepted, report.quarantined, report.flagged, ways) == (500, 2, {"loose": 500}, [True])
    report = take_text(warehouse, tmp_path, lines(*rows_of(10, 495, loose=2)), path="2.jsonl")
    assert (report.batch, report.accepted, report.duplicate, ways) == (2, 5, 5, [True, False])
    # What came with repeats is expected to bring more of them: no file of it is taken twice again.
    report = take_text(warehouse, tmp_path, lines(*rows_of(10, 1_000)), path="3.jsonl")
    assert (report.batch, report.accepted, len(ways)) == (3, 10, 2)
    assert warehouse.connection.execute("SELECT count(*), max(revision) FROM events_all_types").fetchone() == (515, 1)


def test_a_file_that_is_written_anew_goes_the_long_way_and_one_that_grows_the_short_one(
    warehouse: Warehouse, tmp_path: Path, ways: Ways
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(lines(*rows_of(5)))
    take(warehouse, tmp_path)
    path.write_text(lines(*rows_of(9)))
    # The last line is read again, since it may not have been whole, and then it is whole.
    assert take(warehouse, tmp_path).batches[0].accepted == 4
    path.write_text(lines(*rows_of(9, score=0.25)))
    assert take(warehouse, tmp_path).batches[0].restated == 9
    assert ways == [True, True]


def test_a_file_of_which_most_cannot_be_read_goes_the_long_way(
    warehouse: Warehouse, tmp_path: Path, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_out, "_MOST_KEPT_OUT", 100)
    report = take_text(warehouse, tmp_path, lines(*(row(f"e{i}", score=7, note="x" * 50) for i in range(50)), row("a")))
    assert (report.accepted, report.reasons, ways) == (1, {"outside_range": 50}, [False])
    monkeypatch.setattr(streaming, "_MOST_REJECTS", 5)
    report = take_text(warehouse, tmp_path, b"\xff\n" * 9 + lines(row("b")).encode(), path="2.jsonl")
    assert (report.accepted, report.reasons) == (1, {"not_utf8": 9})


def test_another_shape_in_the_middle_is_seen_and_gives_the_same(
    warehouse: Warehouse, tmp_path: Path, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.sources.opening.BLOCK", 5_000)
    monkeypatch.setattr(chunks, "_LEAST", 5_000)
    made: list[int] = []
    statement = streaming._statement
    monkeypatch.setattr(streaming, "_statement", lambda *given: made.append(len(given[2])) or statement(*given))
    first = rows_of(300)
    second = [row(f"z{i}", note="n", other={"b": i, "c": [1]}) for i in range(300)]
    report = take_text(warehouse, tmp_path, lines(*first, *second))
    assert (report.accepted, ways) == (600, [True])
    # Once for each of the two, and at most once more where they meet.
    assert 2 <= len(made) <= 3
    kept = dict(current(warehouse, "event_id", "attributes"))
    assert (kept["e00007"], kept["z7"]) == ('{"words":{"a":7}}', '{"other":{"b":7,"c":[1]}}')


def test_a_damaged_archive_keeps_what_was_read(warehouse: Warehouse, tmp_path: Path, ways: Ways) -> None:
    packed = gzip.compress(lines(*(row(f"e{i}", note=f"{i * 7919}") for i in range(20_000))).encode())
    (tmp_path / "in.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    report = take(warehouse, tmp_path, spec("in.jsonl.gz")).batches[0]
    assert_adds_up(report)
    assert report.error is not None
    assert "damaged" in report.error
    assert (report.accepted > 1_000, ways) == (True, [True])


def test_nothing_is_kept_of_a_file_that_goes_away_while_it_is_read(
    warehouse: Warehouse, tmp_path: Path, ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.jsonl").write_text(lines(*rows_of(50)))

    def lost(*_: Any) -> Iterator[Chunk]:
        yield from [Chunk(pa.table({"position": [1], "raw": [json.dumps(row("a"))]}))]
        raise SourceError("in.jsonl cannot be read.", transient=True)

    with monkeypatch.context() as patch:
        patch.setattr(taking, "read", lost)
        assert take(warehouse, tmp_path).degraded == "in.jsonl cannot be read."
    assert everything(warehouse)["events_all_types"] == []
    assert take(warehouse, tmp_path).batches[0].accepted == 50


def test_erased_rows_do_not_come_back_the_short_way(warehouse: Warehouse, tmp_path: Path, ways: Ways) -> None:
    take_text(warehouse, tmp_path, lines(row("a", session_id="s1"), row("b", session_id="s2")), path="1.jsonl")
    erasure.erase(warehouse, Erasure("session_id", ("s1",), "A", "asked"), now=NOW)
    report = take_text(warehouse, tmp_path, lines(row("c", session_id="s1"), row("d", session_id="s3")), path="2.jsonl")
    assert (report.accepted, report.reasons, ways) == (1, {"erased": 1}, [True, False])
    take_text(warehouse, tmp_path, lines(row("e", session_id="s3")), path="3.jsonl")
    assert current(warehouse, "event_id") == [("b",), ("d",), ("e",)]


def test_what_is_redacted_is_gone_from_rows_and_quarantine(warehouse: Warehouse, tmp_path: Path, ways: Ways) -> None:
    source = {"redaction": Redaction(patterns=("email",))}
    rows = [row("a", note="to a@b.example"), row("b", note="to a@b.example", score=7)]
    report = take_text(warehouse, tmp_path, lines(*rows), **source)
    assert (report.accepted, report.quarantined, ways) == (1, 1, [True])
    assert "b.example" not in repr(everything(warehouse))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_go_the_short_way_too(warehouse: Warehouse, tmp_path: Path, ways: Ways, kind: str) -> None:
    count = 300
    table = pa.table(
        {
            "event_id": [f"e{i}" for i in range(count)],
            "occurred_at": [datetime(2026, 3, 1, tzinfo=UTC)] * count,
            "score": [0.5] * (count - 1) + [7.0],
            "extra": ["x"] * count,
        }
    )
    if kind == "csv":
        import pyarrow.csv as writer

        writer.write_csv(table, tmp_path / "in.csv")
    else:
        import pyarrow.parquet as parquet

        parquet.write_table(table, tmp_path / "in.parquet", row_group_size=50)
    report = take(warehouse, tmp_path, spec(f"in.{kind}", kind=kind)).batches[0]
    assert (report.accepted, report.reasons, ways) == (count - 1, {"outside_range": 1}, [True])
    assert current(warehouse, "attributes")[0] == ('{"extra":"x"}',)


def test_a_listener_that_fails_is_heard_and_nothing_is_kept(warehouse: Warehouse, tmp_path: Path, ways: Ways) -> None:
    (tmp_path / "in.jsonl").write_text(lines(*rows_of(5)))

    def fail(*_: Any) -> None:
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        take(warehouse, tmp_path, progress=fail)
    assert everything(warehouse)["events_all_types"] == []
    assert take(warehouse, tmp_path).batches[0].accepted == 5


def test_the_short_way_is_not_taken_inside_a_transaction(warehouse: Warehouse, tmp_path: Path, ways: Ways) -> None:
    with warehouse.transaction():
        take_text(warehouse, tmp_path, lines(*rows_of(5)))
    assert (ways, len(current(warehouse, "event_id"))) == ([], 5)


def test_batches_are_bounded_and_many_enough_for_every_thread() -> None:
    given = [Chunk(piece(0, 10_000)) for _ in range(300)]
    many, few = (list(batched(iter(given), size)) for size in (10**9, 16))
    assert sum(chunk.rows.num_rows for chunk in many) == sum(chunk.rows.num_rows for chunk in few) == 3_000_000
    # By less than what the reader gives at a time.
    assert max(chunk.rows.nbytes for chunk in many) < chunks.BLOCK + given[0].rows.nbytes
    assert max(chunk.rows.nbytes for chunk in few) < 1024 * 1024 + given[0].rows.nbytes


def test_rejects_and_order_survive_the_batching() -> None:
    reject = Reject(7, "not_utf8", "", "", 1)
    made = list(batched(iter([Chunk(piece(0, 10), (reject,)), Chunk(piece(10, 5))]), 100))
    assert [r for chunk in made for r in chunk.rejects] == [reject]
    assert [p for chunk in made for p in chunk.rows["position"].to_pylist()] == list(range(15))
    assert all(len(chunk.rows.to_batches()) == 1 for chunk in made)


def piece(first: int, count: int) -> pa.Table:
    return pa.table({"position": pa.array(range(first, first + count), pa.int64()), "raw": pa.array(["x" * 6] * count)})


def test_all_types_come_in_alike(warehouse: Warehouse, tmp_path: Path, ways: Ways) -> None:
    values = {"note": "n", "colour": "red", "count": 3, "score": 1, "loose": 9, "done": True, "due_at": "2026-03-02"}
    take_text(warehouse, tmp_path, lines(row("a", **values, details={"x": [1]})))
    assert ways == [True]
    assert current(warehouse, *ALL_TYPES.names()[-2:]) != []
