"""Summarising on a Dask cluster, called from inside one coarse task: the driver splits, workers compute, it adds up.

A task of Dask called directly costs about 2 ms, through Prefect's own task runner about 109 ms. On one host, threads
are faster still: use a cluster for several machines, or for more memory than one process may have.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flows.project import Project
from flows.scaling import worker
from flows.stores import Stores
from flows.summarising import cell_metrics
from warehouse.records.errors import StoreError, UsageError

if TYPE_CHECKING:
    from distributed import Client

    from warehouse.records.metrics import CellMetric
    from warehouse.records.parts import Part

PARTS_PER_WORKER = 4
"""Parts are smaller than a worker's share, so that workers end at about the same time."""
CONNECT_SECONDS = 5
ATTEMPTS = 3
"""How often a part whose worker died is given to another."""

Progress = Callable[[int, int], None]
"""Called with the number of parts done and of all parts."""


def summarise(
    project: Project,
    stores: Stores,
    *,
    workers: int = 2,
    address: str | None = None,
    shared: Path | None = None,
    memory_limit: str | None = None,
    progress: Progress | None = None,
) -> int:
    """The number of pairs of metric and batch that were summarised; the same cells as `flows.summarising` writes.

    `workers` processes are started on this host, or the workers of the cluster at `address` are used. They read the
    project's lake where there is one, else Parquet files in a folder under `shared` that every worker must see (left
    out: the data folder), removed at the end. `memory_limit` is each worker's ("2GB").

    Raises:
        UsageError: Dask is not installed, or the number of workers is below 1.
        StoreError: a part failed, or the cluster cannot be reached; nothing was written, and a new call begins again.
    """
    if workers < 1:
        raise UsageError(f"{workers} workers cannot do anything; give 1 or more.")
    from warehouse import cells

    metrics = cell_metrics(project)
    names = _lake_names(project, stores)
    with tempfile.TemporaryDirectory(prefix=".parts-", dir=shared or project.data) as folder:
        parts = _parts(project, stores, metrics, workers, None if names else Path(folder))
        done = 0
        if parts:
            with _client(workers, address, Path(folder)) as client:
                done = _carry_out(stores, metrics, parts, names, client, memory_limit, progress)
    # What is left is marks: batches of other streams hold nothing for a metric.
    return done + cells.summarise(stores.warehouse, metrics, project.policy.all_streams())


def _lake_names(project: Project, stores: Stores) -> worker.LakeNames | None:
    """How workers find the lake, brought up to the ledger; None where there is none."""
    storage = project.policy.storage
    if storage is None:
        return None
    from datetime import UTC, datetime

    from flows.scaling import lake

    lake.bring_up(project, stores, now=datetime.now(UTC))
    return worker.LakeNames(storage, project.base.absolute())


def _parts(
    project: Project, stores: Stores, metrics: Sequence[CellMetric], workers: int, folder: Path | None
) -> list[Part]:
    from warehouse import parts

    found: list[Part] = []
    for name in sorted({metric.stream for metric in metrics}):
        own = [metric for metric in metrics if metric.stream == name]
        stream = project.policy.stream(name)
        found += parts.split(stores.warehouse, stream, own, workers * PARTS_PER_WORKER, folder)
    return found


def _carry_out(
    stores: Stores,
    metrics: Sequence[CellMetric],
    todo: Sequence[Part],
    names: worker.LakeNames | None,
    client: Client,
    memory_limit: str | None,
    progress: Progress | None,
) -> int:
    """Hand the parts out and add up what comes back, in whatever order."""
    from distributed import as_completed

    from warehouse import parts

    # Taking futures as they end looks for the client of the thread.
    with client.as_current(), parts.Merging(stores.warehouse, metrics) as merging:
        ledger = client.scatter(parts.ledger_of(stores.warehouse, metrics), broadcast=True, hash=False)
        futures = [
            client.submit(worker.work, part, ledger, names, memory_limit, pure=False, retries=ATTEMPTS - 1)
            for part in todo
        ]
        for number, (future, found) in enumerate(as_completed(futures, with_results=True, raise_errors=False), start=1):
            if future.status != "finished":
                raise StoreError(
                    f"A part of the history could not be summarised on the cluster: {future.exception()}. "
                    "Nothing was written; mend the cause and start again."
                )
            merging.add(found)
            future.release()
            if progress is not None:
                progress(number, len(todo))
        return merging.finish()


@contextmanager
def _client(workers: int, address: str | None, scratch: Path) -> Iterator[Client]:
    """A client of the cluster at `address`, or of one that is started here and ends with the block."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise UsageError("Dask is not installed; install Gatehold with its extra `scale`, or use threads.") from error
    if address is not None:
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise StoreError(
                f"The Dask cluster at {address} cannot be reached: {error}. Is its scheduler up?"
            ) from error
        with client:
            yield client
        return
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=str(scratch),
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client
