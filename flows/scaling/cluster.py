"""Summarising on a Dask cluster, called from inside one coarse task: the driver splits, workers compute, it adds up.

A task of Dask called directly costs about 2 ms, through Prefect's own task runner about 109 ms. On one host, threads
are faster still: use a cluster for several machines, or for more memory than one process may have.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.project import Project
from flows.scaling import worker
from flows.stores import Stores
from flows.summarising import cell_metrics
from warehouse.records.errors import StoreError, UsageError

if TYPE_CHECKING:
    from distributed import Client

    from warehouse.backfill.reading import Deltas
    from warehouse.backfill.running import Reader, Work
    from warehouse.parts import Merging, Packed
    from warehouse.records.metrics import CellMetric
    from warehouse.records.parts import Part
    from warehouse.records.streams import Stream
    from warehouse.store import Warehouse

PARTS_PER_WORKER = 4
"""Parts are smaller than a worker's share, so that workers end at about the same time."""
CONNECT_SECONDS = 5
ATTEMPTS = 3
"""How often a part whose worker died is given to another."""

Progress = Callable[[int, int], None]
"""Called with the number of parts done and of all parts."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which workers compute: `workers` processes started on this host, or those of the cluster at `address`.

    They read the project's lake where there is one, else Parquet files in a folder under `shared` that every worker
    must see (None: the data folder). `memory_limit` is each worker's ("2GB").
    """

    workers: int = 2
    address: str | None = None
    shared: Path | None = None
    memory_limit: str | None = None

    def __post_init__(self) -> None:
        """Refuse a cluster without workers."""
        if self.workers < 1:
            raise UsageError(f"{self.workers} workers cannot do anything; give 1 or more.")


def summarise(project: Project, stores: Stores, cluster: Cluster, *, progress: Progress | None = None) -> int:
    """The number of pairs of metric and batch that were summarised; the same cells as `flows.summarising` writes.

    Raises:
        UsageError: Dask is not installed, or the lake is not fully configured.
        StoreError: a part failed, or the cluster or the lake cannot be reached; nothing was written.
    """
    from warehouse import cells, parts
    from warehouse.backfill import writing

    metrics = cell_metrics(project)
    groups: dict[tuple[str, tuple[int, ...]], list[CellMetric]] = {}
    lacking = parts.lacking(stores.warehouse, metrics)
    for metric in metrics:
        if lacking[metric.digest]:
            groups.setdefault((metric.stream, tuple(sorted(lacking[metric.digest]))), []).append(metric)
    todo = [(tuple(found), batches) for (_, batches), found in groups.items()]
    # The lake is brought up first, which is a transaction of its own.
    deltas = list(compute(project, stores, cluster, todo, progress=progress))
    with stores.warehouse.transaction():
        for each in deltas:
            writing.write(stores.warehouse, each, again=False)
    # What is left is marks: batches of other streams hold nothing for a metric.
    cells.summarise(stores.warehouse, metrics, project.policy.all_streams())
    return sum(len(found) * len(batches) for found, batches in todo)


def compute(
    project: Project,
    stores: Stores,
    cluster: Cluster,
    todo: Sequence[tuple[Sequence[CellMetric], Sequence[int]]],
    *,
    progress: Progress | None = None,
) -> Iterator[Deltas]:
    """The deltas of each entry of `todo` (metrics of one stream, batches in order), computed on the cluster.

    All of the history that they need is read before the first is given.

    Raises:
        UsageError: Dask is not installed, or the lake is not fully configured.
        StoreError: a part failed, or the cluster or the lake cannot be reached.
    """
    from warehouse import parts

    wanted: dict[str, set[int]] = {}
    metrics = {metric.digest: metric for group, _ in todo for metric in group}
    for group, batches in todo:
        for metric in group:
            wanted.setdefault(metric.digest, set()).update(batches)
    names = _lake_names(project, stores) if wanted else None
    with (
        tempfile.TemporaryDirectory(prefix=".parts-", dir=cluster.shared or project.data) as folder,
        parts.Merging(stores.warehouse) as merging,
    ):
        split = _parts(project, stores, list(metrics.values()), cluster, None if names else Path(folder))
        if split:
            ledger = parts.ledger_of(stores.warehouse, list(metrics.values()), wanted)
            with _client(cluster, Path(folder)) as client:
                _carry_out(client, split, ledger, names, cluster.memory_limit, merging, progress)
        for group, batches in todo:
            yield merging.deltas(group, batches)


def reader(project: Project, stores: Stores, cluster: Cluster) -> Reader:
    """What a backfill reads with in place of threads (`warehouse.backfill.running.run`)."""

    def read(_: Warehouse, work: Work, __: Mapping[str, Stream], ___: int) -> Iterator[Deltas]:
        yield from compute(project, stores, cluster, work.chunks)

    return read


def _lake_names(project: Project, stores: Stores) -> worker.LakeNames | None:
    """How workers find the lake, brought up to the ledger; None where there is none."""
    storage = project.policy.storage
    if storage is None:
        return None
    from flows.scaling import lake

    lake.bring_up(project, stores, now=datetime.now(UTC))
    return worker.LakeNames(storage, project.base.absolute())


def _parts(
    project: Project, stores: Stores, metrics: Sequence[CellMetric], cluster: Cluster, folder: Path | None
) -> list[Part]:
    from warehouse import parts

    found: list[Part] = []
    for name in sorted({metric.stream for metric in metrics}):
        own = [metric for metric in metrics if metric.stream == name]
        stream = project.policy.stream(name)
        found += parts.split(stores.warehouse, stream, own, cluster.workers * PARTS_PER_WORKER, folder)
    return found


def _carry_out(
    client: Client,
    todo: Sequence[Part],
    ledger: Packed,
    names: worker.LakeNames | None,
    memory_limit: str | None,
    merging: Merging,
    progress: Progress | None,
) -> None:
    """Hand the parts out and add up what comes back, in whatever order."""
    from distributed import as_completed

    # Taking futures as they end looks for the client of the thread.
    with client.as_current():
        known = client.scatter(ledger, broadcast=True, hash=False)
        futures = [
            client.submit(worker.work, part, known, names, memory_limit, pure=False, retries=ATTEMPTS - 1)
            for part in todo
        ]
        for number, (future, found) in enumerate(as_completed(futures, with_results=True, raise_errors=False), start=1):
            if future.status != "finished":
                raise StoreError(
                    f"A part of the history could not be summarised on the cluster: {future.exception()}. "
                    "Nothing of this was written; mend the cause and start again."
                )
            merging.add(found)
            future.release()
            if progress is not None:
                progress(number, len(todo))


@contextmanager
def _client(cluster: Cluster, scratch: Path) -> Iterator[Client]:
    """A client of the cluster at `address`, or of one that is started here and ends with the block."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise UsageError("Dask is not installed; install Gatehold with its extra `scale`, or use threads.") from error
    address = cluster.address
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
            n_workers=cluster.workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=str(scratch),
            silence_logs=logging.ERROR,
        ) as local,
        Client(local, set_as_default=False) as client,
    ):
        yield client
