"""A file that has not changed is not read again, and one that may have changed always is."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from ingest_tools import NOW, current, everything, lines, row, spec, take

from warehouse import fingerprint, ingest, taking
from warehouse.records.ingest import PullReport, SourceSpec
from warehouse.store import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    # The tests write their files just before they are read.
    monkeypatch.setattr(fingerprint, "SETTLED_NS", 0)
    return Warehouse.in_memory(tmp_path)


@pytest.fixture
def again(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[SourceSpec], tuple[PullReport, list[str]]]:
    """Pull once more, and tell which files were opened."""

    def pull(source: SourceSpec) -> tuple[PullReport, list[str]]:
        opened: list[str] = []

        def watched(path: Path, before: tuple[int, str] | None, *most: int | None) -> fingerprint.Fingerprint:
            opened.append(path.name)
            return fingerprint.fingerprint(path, before, *most)

        with monkeypatch.context() as patch:
            patch.setattr(taking, "fingerprint", watched)
            return take(warehouse, tmp_path, source, now=NOW + timedelta(hours=1)), opened

    return pull


Again = Callable[[SourceSpec], tuple[PullReport, list[str]]]


def test_files_that_have_not_changed_are_reported_as_before_without_being_opened(
    warehouse: Warehouse, tmp_path: Path, again: Again
) -> None:
    source = spec("*.jsonl")
    for name in "abc":
        (tmp_path / f"{name}.jsonl").write_text(lines(row(name), "broken"))
    first = take(warehouse, tmp_path, source)
    before = everything(warehouse)
    report, opened = again(source)
    assert opened == []
    assert all(batch.repeated for batch in report.batches)
    told = [(b.file, b.batch, b.content_digest, b.accepted, b.reasons) for b in first.batches]
    assert [(b.file, b.batch, b.content_digest, b.accepted, b.reasons) for b in report.batches] == told
    assert everything(warehouse) == before
    (tmp_path / "d.jsonl").write_text(lines(row("d")))
    report, opened = again(source)
    assert opened == ["d.jsonl"]
    assert [b.repeated for b in report.batches] == [True, True, True, False]


def test_a_change_that_keeps_size_and_modification_time_is_seen(
    warehouse: Warehouse, tmp_path: Path, again: Again
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(lines(row("a", note="one")))
    take(warehouse, tmp_path)
    status = path.stat()
    path.write_text(lines(row("a", note="two")))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    report, opened = again(spec())
    assert opened == ["in.jsonl"]
    assert report.batches[0].restated == 1
    assert current(warehouse, "note") == [("two",)]


def test_a_file_that_changed_a_moment_ago_is_looked_into_again(
    warehouse: Warehouse, tmp_path: Path, again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "SETTLED_NS", 3600 * 10**9)
    (tmp_path / "in.jsonl").write_text(lines(row("a")))
    take(warehouse, tmp_path)
    for settled, wanted in ((3600 * 10**9, ["in.jsonl"]), (0, ["in.jsonl"]), (0, [])):
        monkeypatch.setattr(fingerprint, "SETTLED_NS", settled)
        report, opened = again(spec())
        assert opened == wanted
        assert report.batches[0].repeated


def test_a_touched_or_renamed_file_is_known_by_its_content(warehouse: Warehouse, tmp_path: Path, again: Again) -> None:
    (tmp_path / "in.jsonl").write_text(lines(row("a")))
    take(warehouse, tmp_path, spec("in*"))
    (tmp_path / "in.jsonl").rename(tmp_path / "in.jsonl.1")
    for wanted in (["in.jsonl.1"], []):
        report, opened = again(spec("in*"))
        assert (opened, report.batches[0].repeated, report.degraded) == (wanted, True, None)
    (tmp_path / "in.jsonl.1").touch()
    for wanted in (["in.jsonl.1"], []):
        report, opened = again(spec("in*"))
        assert (opened, report.batches[0].repeated) == (wanted, True)


def test_a_damaged_file_degrades_its_source_at_every_poll(warehouse: Warehouse, tmp_path: Path, again: Again) -> None:
    packed = gzip.compress(lines(*(row(str(n)) for n in range(500))).encode())
    (tmp_path / "in.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    source = spec("in.jsonl.gz")
    first = take(warehouse, tmp_path, source)
    assert first.degraded is not None
    report, opened = again(source)
    assert (opened, report.degraded) == ([], first.degraded)
    assert report.batches[0].repeated


def test_another_mapping_reads_the_file_again(warehouse: Warehouse, tmp_path: Path, again: Again) -> None:
    (tmp_path / "in.jsonl").write_text(lines(row("a", words="hello")))
    take(warehouse, tmp_path)
    changed = spec(fields={"rollout": "=agent", "note": "words"})
    report, opened = again(changed)
    assert (opened, report.batches[0].restated) == (["in.jsonl"], 1)


def test_a_pull_that_dies_notes_nothing(
    warehouse: Warehouse, tmp_path: Path, again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.jsonl").write_text(lines(row("a")))

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ingest.ledger, "add_poll", crash)
        with pytest.raises(KeyboardInterrupt):
            take(warehouse, tmp_path)
    assert everything(warehouse, polls=True)["sightings"] == []
    report, opened = again(spec())
    assert (opened, report.batches[0].repeated) == (["in.jsonl"], True)
