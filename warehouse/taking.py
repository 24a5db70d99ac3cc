"""Taking in one file: rows, quarantine, ledger entry and cursor in one transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse import ledger
from warehouse.fingerprint import EMPTY, Fingerprint, fingerprint
from warehouse.mapping import Plan, plan
from warehouse.records.errors import SourceError
from warehouse.records.ingest import BatchReport, SourceSpec
from warehouse.records.streams import Stream
from warehouse.redaction import Redactor, redactor
from warehouse.settling import Arrival, settle
from warehouse.sources import read
from warehouse.sources.chunks import ahead, merged
from warehouse.sources.opening import packing
from warehouse.staging import prepare, stage
from warehouse.store import Warehouse

Progress = Callable[[str, int, int], None]

# What the engine raises when it cannot make sense of data, as against a fault of the store.
_DATA_FAULTS = (duckdb.DataError, duckdb.NotSupportedError, duckdb.InvalidInputException)


@dataclass(frozen=True, slots=True)
class Poll:
    """What all files of one poll share: the time, the watermark before it, and the window length.

    `environment` is where the key of hashed ids is looked up by name.
    """

    base: Path
    now: datetime
    watermark: datetime | None
    window_seconds: int
    progress: Progress | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def take(
    warehouse: Warehouse, source: SourceSpec, stream: Stream, name: str, poll: Poll, seen: BatchReport | None = None
) -> tuple[BatchReport, Fingerprint]:
    """What one file brought, and its fingerprint; of content that was read before, the old report with `repeated`.

    `seen` is the report of what the file held when it was last read under this mapping, if it was.

    Raises:
        SourceError: the file cannot be read now, or the store cannot make sense of it; nothing of it was kept.
    """
    mapping = plan(source, stream)
    file = shown(name)
    path = poll.base / name
    mark = _fingerprint(warehouse, source, mapping, path, file)
    if _may_be_known(warehouse, source, mapping, mark):
        known = _known(warehouse, source, mapping, file, mark, seen)
        if known is not None:
            return replace(known, repeated=True), mark
    clean = redactor(source, stream, poll.environment)
    try:
        with warehouse.transaction() as connection:
            prepare(connection, mapping)
            error = _stage_all(connection, source, stream, path, file, mark, poll, clean)
            arrival = Arrival(
                batch=ledger.next_batch(connection),
                file=file,
                content_digest=mark.digest,
                mapping_digest=mapping.digest,
                size=mark.size,
                now=poll.now,
                watermark=poll.watermark,
                window_seconds=poll.window_seconds,
            )
            return settle(connection, source, [c.name for c in mapping.columns], arrival, error, warehouse.folder), mark
    except _DATA_FAULTS as fault:
        why = str(fault).splitlines()[0][:200]
        raise SourceError(f"{path.name} holds data that cannot be stored, nothing of it was kept ({why}).") from fault


def shown(name: str) -> str:
    """The name of a file as text; bytes of it that are no UTF-8 are written in hex."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def is_empty_text(source: SourceSpec, report: BatchReport) -> bool:
    """Whether the file was a plain text file without a single byte, which is a quiet log rather than a broken one."""
    packed = Path(report.file).suffix.lower() in (".gz", ".gzip", ".zst", ".zstd")
    return report.content_digest == EMPTY and source.kind != "parquet" and not packed


def _fingerprint(warehouse: Warehouse, source: SourceSpec, mapping: Plan, path: Path, file: str) -> Fingerprint:
    try:
        resumable = source.kind == "jsonl" and path.is_file() and not packing(path)
    except OSError:
        resumable = False
    before = ledger.cursor(warehouse, source.name, file, mapping.digest) if resumable else None
    return fingerprint(path, before)


def _may_be_known(warehouse: Warehouse, source: SourceSpec, mapping: Plan, mark: Fingerprint) -> bool:
    """Whether the content has to be compared before it is taken in; content of a size never seen is new."""
    return ledger.is_known_size(warehouse, source.name, mapping.digest, mark.size)


def _known(
    warehouse: Warehouse, source: SourceSpec, mapping: Plan, file: str, mark: Fingerprint, seen: BatchReport | None
) -> BatchReport | None:
    """The report of the batch that brought this content before, None when there is none."""
    if seen is not None and seen.content_digest == mark.digest:
        return seen
    where = file if mapping.uses_file else None
    return ledger.same_content(warehouse, source.name, mark.digest, mapping.digest, where)


def _stage_all(
    connection: duckdb.DuckDBPyConnection,
    source: SourceSpec,
    stream: Stream,
    path: Path,
    file: str,
    mark: Fingerprint,
    poll: Poll,
    clean: Redactor,
) -> str | None:
    """Stage every row of the file; returns what was lost of it, None when it was read to the end."""
    if mark.size == 0 and source.kind != "parquet" and not packing(path):
        return f"{path.name} is empty; it brought no rows."
    try:
        for chunk in ahead(merged(read(source.kind, path, mark.unread, mark.take))):
            stage(connection, plan(source, stream, chunk.times), chunk, file, poll.now, clean)
            if poll.progress is not None:
                poll.progress(file, chunk.done, mark.size)
    except SourceError as error:
        if error.transient:
            raise
        return str(error)
    return None
