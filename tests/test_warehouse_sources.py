"""Every kind of file gives the same rows, and what cannot be read is named."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_tools import current, everything, lines, row, spec, take, take_text

from warehouse import ledger
from warehouse.sources import chunks, jsonl
from warehouse.sources import lines as line_reader
from warehouse.sources.chunks import Reject
from warehouse.sources.lines import whole_lines
from warehouse.store import Warehouse

TWO = lines(row("a", score=0.5, note="x"), row("b"))


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse.in_memory(tmp_path)


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACKED = {
    "in.jsonl": TWO.encode(),
    "in.jsonl.gz": gzip.compress(TWO.encode()),
    "two-members.jsonl.gz": gzip.compress(TWO.encode()[:30]) + gzip.compress(TWO.encode()[30:]),
    "in.jsonl.zst": zstd(TWO.encode()),
    "two-frames.jsonl.zst": zstd(TWO.encode()[:30]) + zstd(TWO.encode()[30:]),
    "no-suffix": gzip.compress(TWO.encode()),
    "marked.jsonl": b"\xef\xbb\xbf" + TWO.encode(),
    "windows.jsonl": TWO.replace("\n", "\r\n").encode(),
    "blank-lines.jsonl": b"\n  \n" + TWO.encode() + b"\n\t\r\n",
    "no-last-newline.jsonl": TWO.rstrip("\n").encode(),
}


@pytest.mark.parametrize("name", PACKED)
def test_json_lines_come_in_from_every_packing(warehouse: Warehouse, tmp_path: Path, name: str) -> None:
    report = take_text(warehouse, tmp_path, PACKED[name], path=name)
    assert (report.received, report.accepted, report.error) == (2, 2, None)
    assert current(warehouse, "event_id", "score", "note") == [("a", 0.5, "x"), ("b", None, None)]


@pytest.mark.parametrize("pack", [gzip.compress, zstd], ids=["gz", "zst"])
def test_a_cut_archive_gives_what_came_before_and_names_the_loss(
    warehouse: Warehouse, tmp_path: Path, pack: object
) -> None:
    assert callable(pack)
    text = lines(*(row(f"e{i}", note=os.urandom(200).hex()) for i in range(3_000)))
    name = "in.jsonl.gz" if pack is gzip.compress else "in.jsonl.zst"
    data = pack(text.encode())
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    report = take(warehouse, tmp_path, spec(name))
    (batch,) = report.batches
    assert 0 < batch.accepted < 3_000
    assert batch.quarantined == 0
    assert report.degraded == batch.error
    assert report.degraded is not None
    assert report.degraded.startswith(f"The archive {name} is cut or damaged (")
    assert report.degraded.endswith(f"{batch.accepted:,} whole lines before that were read; what follows is lost.")
    # It stays a fault for as long as the cut file lies there, and is mended by the whole one.
    assert take(warehouse, tmp_path, spec(name)).degraded == report.degraded
    mended = take_text(warehouse, tmp_path, data, path=name)
    assert (mended.accepted + batch.accepted, mended.duplicate) == (3_000, batch.accepted)


@pytest.mark.parametrize("name", ["in.jsonl.gz", "in.jsonl.zst", "in.csv.gz"])
@pytest.mark.parametrize("content", [b"", b"this is no archive", b"\x1f\x8b\x08\x00rubbish", b"\x28\xb5\x2f\xfd\x00"])
def test_what_is_no_archive_degrades_the_source(
    warehouse: Warehouse, tmp_path: Path, name: str, content: bytes
) -> None:
    kind = "csv" if ".csv" in name else "jsonl"
    (tmp_path / name).write_bytes(content)
    report = take(warehouse, tmp_path, spec(name, kind=kind))
    assert report.degraded is not None
    assert f"{name} is cut or damaged" in report.degraded


def test_other_files_go_on_when_one_cannot_be_read(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "1.jsonl.gz").write_bytes(gzip.compress(TWO.encode())[:-9])
    (tmp_path / "2.jsonl").write_text(lines(row("c")))
    (tmp_path / "3.jsonl").symlink_to(tmp_path / "nowhere")
    report = take(warehouse, tmp_path, spec("*.jsonl*"))
    assert ("c",) in current(warehouse, "event_id")
    assert report.degraded is not None
    assert "(1 more files of it have faults too.)" in report.degraded


def test_a_pipe_is_refused_instead_of_waited_for(warehouse: Warehouse, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "in.jsonl")
    assert take(warehouse, tmp_path).degraded == "in.jsonl is not a regular file."


@given(
    text=st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"").replace(b"\xef", b"")), max_size=12),
    cuts=st.lists(st.integers(1, 20), max_size=20),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_are_the_same_however_the_blocks_fall(
    monkeypatch: pytest.MonkeyPatch, text: list[bytes], cuts: list[int]
) -> None:
    monkeypatch.setattr(line_reader, "LINE_LIMIT", 16)
    data, blocks = b"\n".join(text), []
    for cut in cuts:
        blocks.append((data[:cut], 0))
        data = data[cut:]
    blocks.append((data, 0))
    seen: dict[int, bytes | Reject] = {}
    for found in whole_lines(iter(blocks), 1):
        given_out = [found.overlong] if found.overlong else found.text.split(b"\n")
        seen.update(enumerate(given_out, found.first))
    wanted = text if b"\n".join(text) else []
    for position, line in enumerate(wanted, 1):
        given_out_line = seen.pop(position, b"")
        if isinstance(given_out_line, Reject):
            assert (given_out_line.position, given_out_line.raw_bytes) == (position, len(line))
            assert len(line) > 16
        else:
            assert given_out_line == line
            assert len(line) <= 16
    assert seen == {}


def test_csv_takes_a_header_and_every_value_as_text(warehouse: Warehouse, tmp_path: Path) -> None:
    first = 'a,2026-03-01T10:00:00Z,0.5,"two\nlines, one ""cell""",1'
    text = f'event_id,occurred_at,score,note,extra "x"\n{first}\nb,2026-03-01,,,\n'
    report = take_text(warehouse, tmp_path, text, path="in.csv", kind="csv")
    assert (report.received, report.accepted) == (2, 2), ledger.quarantined(warehouse)
    assert current(warehouse, "score", "note", "position") == [
        (0.5, 'two\nlines, one "cell"', 2),
        (None, None, 4),
    ]
    assert current(warehouse, "attributes")[0] == ('{"extra \\"x\\"":"1"}',)


def test_csv_rows_that_do_not_fit_are_kept_out_by_position(warehouse: Warehouse, tmp_path: Path) -> None:
    text = (
        b"event_id;occurred_at;note\n"
        b"a;2026-03-01;x\n"
        b"b;2026-03-01\n"
        b"c;2026-03-01;x;y\n"
        b'd;2026-03-01;"open\n'
        b"e;2026-03-01;x\n"
        b'f;2026-03-01;"x"y\n'
        b"g;2026-03-01;\xff\n"
        b"h;2026-03-01;x\n"
    )
    report = take_text(warehouse, tmp_path, text, path="in.csv", kind="csv")
    assert current(warehouse, "event_id") == [("a",), ("e",), ("h",)]
    assert report.reasons == {"broken_quotes": 2, "not_utf8": 1, "wrong_column_count": 2}
    found = {q.position: (q.reason, q.raw) for q in ledger.quarantined(warehouse)}
    assert found[3] == ("wrong_column_count", "b;2026-03-01")
    assert found[5] == ("broken_quotes", 'd;2026-03-01;"open')
    assert found[8] == ("not_utf8", "g;2026-03-01;\\xff")


def test_an_open_quote_near_the_end_costs_one_row(warehouse: Warehouse, tmp_path: Path) -> None:
    rows = "".join(f"e{i},2026-03-01\n" for i in range(500))
    report = take_text(warehouse, tmp_path, f'event_id,occurred_at\nx,"2026\n{rows}', path="in.csv", kind="csv")
    assert (report.accepted, report.reasons) == (500, {"broken_quotes": 1})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("\n\n", "in.csv has no header line; the first line must name the columns."),
        ("a,b,a\n1,2,3\n", "The header of in.csv names 'a' more than once; name each column once."),
        ('a,"b\n1,2\n', "The header of in.csv is not readable CSV in UTF-8"),
    ],
)
def test_a_csv_without_a_usable_header_degrades(warehouse: Warehouse, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "in.csv").write_text(content)
    degraded = take(warehouse, tmp_path, spec("in.csv", kind="csv")).degraded
    assert degraded is not None
    assert degraded.startswith(said)


def test_parquet_values_keep_their_types_and_times_need_no_format(warehouse: Warehouse, tmp_path: Path) -> None:
    moment = datetime(2026, 3, 1, 10, tzinfo=UTC)
    table = pa.table(
        {
            "event_id": ["a", "b", "c"],
            "occurred_at": pa.array([moment, moment, None], pa.timestamp("us", tz="UTC")),
            "score": [0.1, float("nan"), 0.3],
            "count": pa.array([1, 2, 3], pa.int32()),
            "details": [{"x": [1]}, None, None],
            'odd "name': [b"\xff", None, None],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    report = take(warehouse, tmp_path, spec("in.parquet", kind="parquet", time_format="unix_s")).batches[0]
    assert (report.accepted, report.reasons) == (1, {"not_finite": 1, "missing_value": 1})
    assert current(warehouse, "occurred_at", "score", "count", "details") == [(moment, 0.1, 1, '{"x":[1]}')]
    before = everything(warehouse)
    assert take(warehouse, tmp_path, spec("in.parquet", kind="parquet", time_format="unix_s")).batches[0].repeated
    assert everything(warehouse) == before


@pytest.mark.parametrize("content", [b"", b"PAR1 this is not", os.urandom(4096)], ids=["empty", "text", "noise"])
def test_a_file_that_is_not_parquet_degrades(warehouse: Warehouse, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.parquet").write_bytes(content)
    degraded = take(warehouse, tmp_path, spec("in.parquet", kind="parquet")).degraded
    assert degraded is not None
    assert degraded.startswith("in.parquet is not a sound Parquet file (")


def test_a_damaged_parquet_degrades_and_never_raises(warehouse: Warehouse, tmp_path: Path) -> None:
    table = pa.table({"event_id": [f"e{i}" for i in range(50_000)], "occurred_at": ["2026-03-01"] * 50_000})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=10_000, compression="zstd")
    data = bytearray((tmp_path / "in.parquet").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = b"\xff" * 200
    (tmp_path / "in.parquet").write_bytes(data)
    report = take(warehouse, tmp_path, spec("in.parquet", kind="parquet"))
    assert report.degraded is not None


def test_chunks_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(lines(*(row(f"e{i}") for i in range(2_000))))
    monkeypatch.setattr("warehouse.sources.opening.BLOCK", 10_000)
    found = list(jsonl.chunks(path, chunks.Span(0, path.stat().st_size)))
    assert sum(chunk.rows.num_rows for chunk in found) == 2_000
    assert max(chunk.rows.nbytes for chunk in found) < 20_000
    positions = [p for chunk in found for p in chunk.rows["position"].to_pylist()]
    assert positions == list(range(1, 2_001))
