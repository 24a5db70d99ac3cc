"""Cells: what each arrival batch changed in the sums of each metric, and the sums read back.

Deltas make the state as of any batch a sum over the batches up to it. They are integers, so any order and any split
into batches gives the same state, bit for bit. Cost follows the rows of the new batches and the sessions they touch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta

import duckdb

from warehouse import fused, units
from warehouse.chunks import TEMPORARY, Chunk, chunk_of, seldom_checkpoints
from warehouse.deltas import negative, read
from warehouse.measures import measures
from warehouse.records.errors import StoreError, UsageError
from warehouse.records.metrics import UNIT_KINDS, Bin, Cell, CellMetric, Slice
from warehouse.records.streams import Stream
from warehouse.scope import statement, utc
from warehouse.store import Warehouse

Progress = Callable[[int, int], None]
"""Called with the number of pairs done and of all pairs of this run."""

CHUNK_ROWS = 4_000_000
"""Event rows that are summarised in one transaction, unless one batch alone brings more."""
CHUNK_ROWS_OF_SESSIONS = 1_000_000
"""The same where a metric's unit is the session: sessions are held in memory, cells hardly need any."""


def summarise(
    warehouse: Warehouse,
    metrics: Sequence[CellMetric],
    streams: Mapping[str, Stream],
    *,
    progress: Progress | None = None,
) -> int:
    """The number of pairs of metric and batch summarised now; those done before are left alone.

    Batches go in order of arrival, several at a time, each pair with all of its cells, units and bins or not at all.

    Raises:
        UsageError: a metric names a stream that is not in `streams`, or its expressions do not fit the stream.
        StoreError: the engine could not carry it out; nothing of that step is kept.
    """
    by_digest = {metric.digest: metric for metric in metrics}
    for metric in by_digest.values():
        _check(metric, _stream(metric, streams))
    with warehouse.transaction():
        done = _mark_others(warehouse, by_digest)
        todo = _pending(warehouse, by_digest)
    total = done + sum(len(group) * len(batches) for group, batches in todo)
    rows = sum(count for _, batches in todo for _, count in batches)
    with seldom_checkpoints(warehouse) if rows > CHUNK_ROWS_OF_SESSIONS else nullcontext():
        for group, batches in todo:
            for step in _summarise_group(warehouse, [by_digest[d] for d in group], streams, batches):
                done += step
                if progress is not None:
                    progress(done, total)
    for name in TEMPORARY:
        warehouse.connection.execute(f"DROP TABLE IF EXISTS {name}")
    return done


def read_cells(
    warehouse: Warehouse,
    metric: CellMetric,
    where: Slice,
    start: datetime,
    end: datetime,
    *,
    through_batch: int | None = None,
) -> list[Cell]:
    """One cell per window that starts within [start, end) and has rows, in order; windows without rows are left out.

    `through_batch` asks what was known when that batch was in.

    Raises:
        LedgerError: a sum is negative, so that deltas are missing or doubled.
    """
    length = timedelta(seconds=metric.window_seconds)
    cells = [
        Cell(utc(at), utc(at) + length, int(items), int(unscored), int(total), int(squares))
        for at, items, unscored, total, squares in read(
            warehouse, "cells_read", metric, where, start, end, through_batch
        )
    ]
    if bad := next((c for c in cells if c.items < 0 or c.unscored < 0 or c.unscored > c.items), None):
        raise negative(metric, bad.window_start, "rows", bad.items)
    return cells


def read_bins(
    warehouse: Warehouse,
    metric: CellMetric,
    where: Slice,
    start: datetime,
    end: datetime,
    *,
    through_batch: int | None = None,
) -> list[Bin]:
    """The non-empty bins of a histogram, per window that starts within [start, end), in order of window and bin.

    Raises:
        LedgerError: a sum is negative.
    """
    found = read(warehouse, "bins_read", metric, where, start, end, through_batch)
    bins = [Bin(utc(at), int(number), int(items)) for at, number, items in found]
    if bad := next((b for b in bins if b.items < 0), None):
        raise negative(metric, bad.window_start, "rows in a bin", bad.items)
    return bins


def _stream(metric: CellMetric, streams: Mapping[str, Stream]) -> Stream:
    if metric.stream not in streams:
        raise UsageError(
            f"Metric {metric.name!r} is over stream {metric.stream!r}, which is not declared. "
            f"Declared are: {', '.join(sorted(streams))}."
        )
    return streams[metric.stream]


def _lists(metrics: Sequence[CellMetric]) -> dict[str, object]:
    return {"digests": [m.digest for m in metrics], "streams": [m.stream for m in metrics]}


def _mark_others(warehouse: Warehouse, metrics: Mapping[str, CellMetric]) -> int:
    values = {**_lists(list(metrics.values())), "names": [m.name for m in metrics.values()]}
    marked = warehouse.connection.execute(statement("cells_mark_others"), values).fetchone()
    return int(marked[0]) if marked else 0


def _pending(warehouse: Warehouse, metrics: Mapping[str, CellMetric]) -> list[tuple[list[str], list[tuple[int, int]]]]:
    """What is to be done: metrics of one stream that lack the same batches, with those batches and their rows."""
    found = warehouse.connection.execute(statement("cells_pending"), _lists(list(metrics.values()))).fetchall()
    lacking: dict[str, list[tuple[int, int]]] = {}
    for digest, batch, rows in found:
        lacking.setdefault(digest, []).append((int(batch), int(rows)))
    groups: dict[tuple[str, tuple[tuple[int, int], ...]], list[str]] = {}
    for digest, batches in lacking.items():
        groups.setdefault((metrics[digest].stream, tuple(batches)), []).append(digest)
    return [(digests, list(batches)) for (_, batches), digests in groups.items()]


def _summarise_group(
    warehouse: Warehouse,
    metrics: Sequence[CellMetric],
    streams: Mapping[str, Stream],
    batches: Sequence[tuple[int, int]],
) -> Iterator[int]:
    """Summarise chunk by chunk; yields the number of pairs done after each. A chunk that is too much work is halved."""
    stream = _stream(metrics[0], streams)
    sessions = any(metric.kind in UNIT_KINDS and metric.unit == "session" for metric in metrics)
    waiting = _chunks(batches, min(CHUNK_ROWS, CHUNK_ROWS_OF_SESSIONS) if sessions else CHUNK_ROWS)
    while waiting:
        chunk = waiting.pop(0)
        try:
            with warehouse.transaction():
                fits = _summarise_chunk(warehouse, metrics, stream, chunk)
        except duckdb.Error as error:
            raise StoreError(
                f"Batches {chunk[0]} to {chunk[-1]} of stream {stream.name!r} could not be summarised: {error}. "
                "Nothing of them was kept; mend the cause and run again."
            ) from error
        if fits:
            yield len(metrics) * len(chunk)
        else:
            half = len(chunk) // 2
            waiting[:0] = [chunk[:half], chunk[half:]]


def _chunks(batches: Sequence[tuple[int, int]], most: int) -> list[list[int]]:
    """Batches in order, together up to so many rows."""
    chunks: list[list[int]] = []
    filled = 0
    for batch, rows in batches:
        if not chunks or filled + rows > most:
            chunks.append([])
            filled = 0
        chunks[-1].append(batch)
        filled += rows
    return chunks


def _summarise_chunk(
    warehouse: Warehouse, metrics: Sequence[CellMetric], stream: Stream, batches: Sequence[int]
) -> bool:
    """Write the deltas of some batches and mark them; False, with nothing written, when it is too much at once."""
    chunk = chunk_of(warehouse, stream, batches)
    if chunk is not None and not write(warehouse, metrics, chunk):
        return False
    marks = {"digests": [m.digest for m in metrics], "names": [m.name for m in metrics], "batches": list(batches)}
    warehouse.connection.execute(statement("cells_mark"), marks)
    return True


def write(warehouse: Warehouse, metrics: Sequence[CellMetric], chunk: Chunk) -> bool:
    """Write the deltas of a chunk for metrics of its stream; False, with nothing written, when it is too much at once.

    A single batch is never too much.
    """
    numbered = dict(enumerate(metrics))
    if not units.write_sessions(warehouse, numbered, chunk):
        return False
    for seconds in sorted({metric.window_seconds for metric in metrics}):
        same = {index: metric for index, metric in numbered.items() if metric.window_seconds == seconds}
        fused.write(warehouse, same, chunk)
        units.write_items(warehouse, same, chunk)
    return True


def _check(metric: CellMetric, stream: Stream) -> None:
    measures({0: metric}, stream, {})
