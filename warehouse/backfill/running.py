"""Run a backfill: readers on threads of their own, one writer, a commit per chunk.

Every chunk commits by itself, with the marks of what it did: killed at any point and run again, it goes on where it
was and ends with the same tables. The deltas of a batch follow from the stored rows alone, so neither the number of
readers nor the order of the chunks changes one of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from queue import SimpleQueue

import duckdb

from warehouse.backfill import reading, writing
from warehouse.backfill.reading import Deltas
from warehouse.backfill.surveying import Survey
from warehouse.chunks import seldom_checkpoints
from warehouse.records.errors import StoreError, UsageError
from warehouse.records.metrics import CellMetric
from warehouse.records.streams import Stream
from warehouse.scope import statement
from warehouse.store import Warehouse

Progress = Callable[[int, int], None]
"""Called with the event rows done and all event rows to be read, counted once per metric."""

CHUNK_ROWS = 500_000
"""Event rows that one reader takes at once, unless one batch alone brings more."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a backfill has to do: pairs of metric and batch in chunks, each metrics of one stream with some batches.

    `again` tells whether what was kept of the pairs is taken away first, `rows` how many event rows are read (a row
    counts once for each time it is read), `pairs` how many pairs there are.
    """

    chunks: tuple[tuple[tuple[CellMetric, ...], tuple[int, ...]], ...]
    again: bool
    request: str
    rows: int
    pairs: int


Reader = Callable[[Warehouse, Work, Mapping[str, Stream], int], Iterator[Deltas]]
"""What gives the deltas of every chunk of the work, in any order; the number is that of workers."""


def plan(warehouse: Warehouse, survey: Survey, *, only_missing: bool) -> Work:
    """What there is to do for a survey: what was not summarised, or everything again that still can be.

    Of a request to do everything again that was killed, only what is left; nothing is written yet.
    """
    lacking = {need.metric.digest: set(need.lacking) for need in survey.needs}
    request = _request(survey)
    left: dict[str, set[int]] = {}
    if not only_missing:
        found = warehouse.connection.execute(statement("backfill_left"), {"request": request}).fetchall()
        for digest, batch in found:
            left.setdefault(digest, set()).add(int(batch))
    todo: dict[str, set[int]] = {}
    for need in survey.needs:
        digest = need.metric.digest
        everything = set(need.touching) if not only_missing and not left else left.get(digest, set())
        todo[digest] = ((everything - set(need.kept)) | lacking[digest]) & set(need.touching)
    metrics = {need.metric.digest: need.metric for need in survey.needs}
    chunks = tuple(_chunks(metrics, todo, survey.rows))
    rows = sum(survey.rows_of(batches) for _, batches in chunks)
    return Work(chunks, not only_missing, request, rows, sum(len(batches) for batches in todo.values()))


def run(
    warehouse: Warehouse,
    work: Work,
    streams: Mapping[str, Stream],
    *,
    workers: int = 1,
    progress: Progress | None = None,
    rows: Mapping[int, int],
    read: Reader | None = None,
) -> int:
    """Do the work; the number of pairs done. `rows` are the event rows by batch.

    `read` computes the deltas in place of threads of this process, on a cluster for example.

    Raises:
        UsageError: fewer than one worker, or a metric does not fit its stream.
        StoreError: the engine could not carry it out; what was committed before stays and is not done again.
    """
    if workers < 1:
        raise UsageError(f"{workers} workers cannot do anything. Take one at least.")
    if work.again:
        _note(warehouse, work)
    done = pairs = 0
    with seldom_checkpoints(warehouse) if work.rows > CHUNK_ROWS else nullcontext():
        for deltas in (read or _read_all)(warehouse, work, streams, workers):
            _write(warehouse, deltas, again=work.again)
            pairs += len(deltas.metrics) * len(deltas.batches)
            done += sum(rows[batch] for batch in deltas.batches)
            if progress is not None:
                progress(done, work.rows)
    return pairs


def _write(warehouse: Warehouse, deltas: Deltas, *, again: bool) -> None:
    try:
        writing.write(warehouse, deltas, again=again)
    except duckdb.Error as error:
        raise StoreError(f"Deltas could not be written: {error}. Run it again: it goes on from here.") from error


def _read_all(warehouse: Warehouse, work: Work, streams: Mapping[str, Stream], workers: int) -> Iterator[Deltas]:
    """The deltas of every chunk, in the order in which readers are done; few are held at once."""
    with ExitStack() as stack:
        views: SimpleQueue[Warehouse] = SimpleQueue()
        for _ in range(workers):
            views.put(stack.enter_context(reading.reader(warehouse)))
        pool = stack.enter_context(ThreadPoolExecutor(workers, thread_name_prefix="backfill"))

        def one(metrics: Sequence[CellMetric], batches: Sequence[int]) -> list[Deltas]:
            view = views.get()
            try:
                return reading.read(view, metrics, streams[metrics[0].stream], batches)
            except duckdb.Error as error:
                raise StoreError(
                    f"Batches {batches[0]} to {batches[-1]} of stream {metrics[0].stream!r} could not be summarised: "
                    f"{error}. Nothing of them was kept; mend the cause and run again."
                ) from error
            finally:
                views.put(view)

        waiting = list(reversed(work.chunks))
        running: set[Future[list[Deltas]]] = set()
        try:
            while waiting or running:
                while waiting and len(running) <= workers:
                    running.add(pool.submit(one, *waiting.pop()))
                ready, running = wait(running, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield from future.result()
        finally:
            for future in running:
                future.cancel()


def _note(warehouse: Warehouse, work: Work) -> None:
    """Write down everything that is to be done again; what an earlier run of the same request left is there already."""
    found = warehouse.connection.execute(statement("backfill_left"), {"request": work.request}).fetchall()
    known = {(digest, int(batch)) for digest, batch in found}
    new = [(m.digest, b) for metrics, batches in work.chunks for m in metrics for b in batches]
    new = [pair for pair in new if pair not in known]
    if new:
        values = {"request": work.request, "digests": [d for d, _ in new], "batches": [b for _, b in new]}
        with warehouse.transaction() as connection:
            connection.execute(statement("backfill_plan"), values)


def _request(survey: Survey) -> str:
    span = survey.span
    asked = [
        span.start.isoformat(),
        span.end.isoformat(),
        span.through_batch,
        sorted(span.sources) if span.sources is not None else None,
        sorted(need.metric.digest for need in survey.needs),
    ]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]


def _chunks(
    metrics: Mapping[str, CellMetric], todo: Mapping[str, set[int]], rows: Mapping[int, int]
) -> Iterator[tuple[tuple[CellMetric, ...], tuple[int, ...]]]:
    """Metrics of one stream that need the same batches are read together, a bounded number of rows at once."""
    groups: dict[tuple[str, tuple[int, ...]], list[CellMetric]] = {}
    for digest, wanted in todo.items():
        if wanted:
            groups.setdefault((metrics[digest].stream, tuple(sorted(wanted))), []).append(metrics[digest])
    for (_, batches), together in groups.items():
        chunk: list[int] = []
        for batch in batches:
            if chunk and sum(rows[b] for b in chunk) + rows[batch] > CHUNK_ROWS:
                yield tuple(together), tuple(chunk)
                chunk = []
            chunk.append(batch)
        yield tuple(together), tuple(chunk)
