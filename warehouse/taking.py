"""Taking in one file: rows, quarantine, ledger entry and cursor in one transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb

from warehouse import known_ids, ledger, streaming
from warehouse.fingerprint import EMPTY, Fingerprint, fingerprint
from warehouse.keeping_out import kept_out
from warehouse.mapping import Plan, plan
from warehouse.records.errors import SourceError
from warehouse.records.ingest import BatchReport, SourceSpec
from warehouse.records.streams import Stream
from warehouse.redaction import Redactor, redactor
from warehouse.settling import Arrival, settle, settle_early
from warehouse.sources import read
from warehouse.sources.chunks import Chunk, ahead, batched, merged
from warehouse.sources.opening import packing
from warehouse.staging import prepare, stage
from warehouse.store import Warehouse
from warehouse.streaming import Early, Entry
from warehouse.tables import table_of

Progress = Callable[[str, int, int], None]

# What the engine raises when it cannot make sense of data, as against a fault of the store.
_DATA_FAULTS = (duckdb.DataError, duckdb.NotSupportedError, duckdb.InvalidInputException)

# About how many times a packed file grows; a guess is enough.
_UNPACKED = 4
_TEXTS = 60

PART = 1024 * 1024 * 1024
"""About how many bytes of a plain file of lines make one batch: what memory has to do for, however large the file."""


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
) -> Iterator[tuple[BatchReport, Fingerprint]]:
    """What one file brought, and its fingerprint; of content that was read before, the old report with `repeated`.

    A large file of lines comes as several batches, each in a transaction of its own, so that memory does not grow with
    the file. `seen` is the report of what the file held when it was last read under this mapping, if it was.

    Raises:
        SourceError: the file cannot be read now, or the store cannot make sense of it; nothing of that batch was kept.
    """
    mapping = plan(source, stream)
    path = poll.base / name
    clean = redactor(source, stream, poll.environment)
    mark = _fingerprint(warehouse, source, mapping, path, shown(name))
    while True:
        report, mark = _take_part(warehouse, source, stream, name, poll, seen, mark, clean)
        yield report, mark
        if mark.size >= mark.total:
            return
        mark = mark.following(PART)


def _take_part(
    warehouse: Warehouse,
    source: SourceSpec,
    stream: Stream,
    name: str,
    poll: Poll,
    seen: BatchReport | None,
    mark: Fingerprint,
    clean: Redactor,
) -> tuple[BatchReport, Fingerprint]:
    mapping = plan(source, stream)
    file = shown(name)
    path = poll.base / name
    if _may_be_known(warehouse, source, mapping, mark):
        known = _known(warehouse, source, mapping, file, mark, seen)
        if known is not None:
            return replace(known, repeated=True), mark
    try:
        batch = _batch_of_new_rows(warehouse, source, file, mark)
        if batch is not None:
            report = _take_early(warehouse, source, stream, path, file, mark, poll, clean, batch)
            if report is not None:
                return report, mark
            mark = mark.again()
        with warehouse.transaction() as connection:
            prepare(connection, mapping)
            error = _stage_all(connection, source, stream, path, file, mark, poll, clean)
            arrival = _arrival(ledger.next_batch(connection) if batch is None else batch, file, mapping, mark, poll)
            return settle(connection, source, [c.name for c in mapping.columns], arrival, error, warehouse.folder), mark
    except _DATA_FAULTS as fault:
        why = str(fault).splitlines()[0][:200]
        raise SourceError(f"{path.name} holds data that cannot be stored, nothing of it was kept ({why}).") from fault


class _NotAllNew(Exception):
    """Undoes the transaction that let rows in as new; it never leaves this module."""


def _batch_of_new_rows(warehouse: Warehouse, source: SourceSpec, file: str, mark: Fingerprint) -> int | None:
    """The number of the batch where a file is large and likely to hold new rows alone, None for any other."""
    if mark.unread.stop - mark.unread.start <= streaming.LEAST or warehouse.in_transaction:
        return None
    if not streaming.is_likely(warehouse.connection, source.name, file, added=mark.unread.start > 0):
        return None
    # Drawn for good: if the rows are not new after all, the batch that is made the long way bears it.
    return ledger.next_batch(warehouse.connection)


def _take_early(
    warehouse: Warehouse,
    source: SourceSpec,
    stream: Stream,
    path: Path,
    file: str,
    mark: Fingerprint,
    poll: Poll,
    clean: Redactor,
    batch: int,
) -> BatchReport | None:
    """What the file brought, if all of its rows are new; else None, and nothing of it was kept."""
    mapping = plan(source, stream)
    events = f'"{table_of(source.stream)}"'
    texts = tuple(c.name for c in stream.columns if c.type in ("text", "json") and not c.choices)
    entry = Entry(events, batch, source.name, file, poll.now, clean, texts[:_TEXTS])

    def heard(done: int) -> None:
        if poll.progress is not None:
            poll.progress(file, done, mark.total)

    try:
        with kept_out(warehouse.connection) as kept, warehouse.transaction() as connection:
            prepare(connection, mapping)
            index = known_ids.opened(connection, warehouse.folder, source.stream, events)
            chunks = _batches(source, path, mark)
            went_well, error = streaming.let_in(connection, partial(plan, source, stream), chunks, entry, kept, heard)
            if not went_well:
                raise _NotAllNew
            early = Early(index, streaming.flagged(connection, mapping, entry), kept.full(entry.texts))
            arrival = _arrival(batch, file, mapping, mark, poll)
            report = settle_early(connection, source, [c.name for c in mapping.columns], arrival, error, early)
            if report is None:
                raise _NotAllNew
            return report
    except (_NotAllNew, *_DATA_FAULTS):
        return None


def _batches(source: SourceSpec, path: Path, mark: Fingerprint) -> Iterator[Chunk]:
    size = mark.unread.stop - mark.unread.start
    if source.kind == "parquet" or packing(path):
        size *= _UNPACKED
    return ahead(batched(read(source.kind, path, mark.unread, mark.take), size))


def _arrival(batch: int, file: str, mapping: Plan, mark: Fingerprint, poll: Poll) -> Arrival:
    return Arrival(
        batch=batch,
        file=file,
        content_digest=mark.digest,
        mapping_digest=mapping.digest,
        size=mark.size,
        now=poll.now,
        watermark=poll.watermark,
        window_seconds=poll.window_seconds,
    )


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
    return fingerprint(path, before, PART if resumable else None)


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
                poll.progress(file, chunk.done, mark.total)
    except SourceError as error:
        if error.transient:
            raise
        return str(error)
    return None
