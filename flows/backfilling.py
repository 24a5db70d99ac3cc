"""Backfill: cells and units of a span of history, recomputed from the stored rows; it decides and sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from checks.policy.metric_kinds import CELL_KINDS
from flows.summarising import cell_metrics
from warehouse.records.errors import UsageError
from warehouse.records.intervals import Intervals

if TYPE_CHECKING:
    from flows.project import Project
    from flows.stores import Stores
    from warehouse.backfill.running import Reader, Work
    from warehouse.backfill.surveying import Need, Survey
    from warehouse.records.metrics import CellMetric

Progress = Callable[[int, int], None]

SECONDS_PER_ROW = 4e-7
SECONDS_PER_VALUE = 4e-7
"""What reading a row, and what summarising one metric of it, took on the machine that the estimate comes from."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a backfill is asked for; see the options of `gatehold backfill`. `as_of` None takes all that is known.

    `dask` None computes on threads; "local" on processes of a Dask cluster on this host, else on that at this address.
    """

    start: datetime
    end: datetime
    metrics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    only_missing: bool = False
    workers: int = 1
    as_of: datetime | None = None
    max_rows: int | None = None
    dask: str | None = None


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """What a span holds for one metric, and what a backfill does about it.

    `batches` are those read for it, `rows` their event rows; intervals are of windows that have rows. `kept` batches
    stay as they were summarised: rows of them were erased or removed by age since.
    """

    metric: str
    unit: str
    digest: str
    missing: Intervals
    dirty: Intervals
    restated: Intervals
    batches: int
    rows: int
    kept: int


@dataclass(frozen=True, slots=True)
class MetricSums:
    """What is now stored of one metric over the span, of all traffic, as known at `as_of`; sums are in millionths."""

    metric: str
    unit: str
    items: int
    unscored: int
    total: int
    units: int


@dataclass(frozen=True, slots=True)
class Backfilled:
    """A backfill, or with `done` None its plan.

    `through_batch` is the newest batch known at `as_of` (None: all). `rows` are the event rows to be read, each as
    often as it is read; `seconds` about how long that takes. `done` counts pairs of metric and batch.
    """

    start: datetime
    end: datetime
    through_batch: int | None
    plans: tuple[MetricPlan, ...]
    pairs: int
    rows: int
    seconds: float
    done: int | None = None
    sums: tuple[MetricSums, ...] = ()


def plan(project: Project, stores: Stores, request: Request) -> Backfilled:
    """What a backfill would do, without doing it.

    Raises:
        UsageError: the request names a metric or source that cannot be, or a span that holds no time.
    """
    return _planned(*_work(project, stores, request), request)


def backfill(project: Project, stores: Stores, request: Request, *, progress: Progress | None = None) -> Backfilled:
    """Do it. Killed at any point and asked again for the same, it goes on where it was.

    Raises:
        UsageError: as for `plan`, or more rows would be read than the request allows; nothing is done then.
        StoreError: the engine could not carry it out; what was committed before stays.
    """
    from warehouse.backfill import running

    survey, work = _work(project, stores, request)
    if request.max_rows is not None and work.rows > request.max_rows:
        raise UsageError(
            f"This backfill would read {work.rows:,} rows, more than the {request.max_rows:,} of --max-rows. Nothing "
            "was done. Shorten the span, name fewer metrics, take --only-missing, or raise --max-rows."
        )
    done = running.run(
        stores.warehouse,
        work,
        project.policy.all_streams(),
        workers=request.workers,
        progress=progress,
        rows=survey.rows,
        read=_cluster(project, stores, request),
    )
    planned = _planned(survey, work, request)
    sums = tuple(_sums(stores, need.metric, request, survey.span.through_batch) for need in survey.needs)
    return Backfilled(
        planned.start,
        planned.end,
        planned.through_batch,
        planned.plans,
        planned.pairs,
        planned.rows,
        planned.seconds,
        done,
        sums,
    )


def chosen(project: Project, names: Sequence[str]) -> list[CellMetric]:
    """The metrics of these names as gates use them, or in their own unit where none does; without names all gates'.

    Raises:
        UsageError: there is no such metric, or it is not summarised into cells.
    """
    used = cell_metrics(project)
    if not names:
        return used
    found: list[CellMetric] = []
    for name in dict.fromkeys(names):
        metric = project.policy.metric(name)
        if metric.kind not in CELL_KINDS:
            raise UsageError(
                f"Metric {name!r} is of kind {metric.kind}, which is read when it is needed: nothing to backfill."
            )
        mine = [each for each in used if each.name == name]
        found += mine or [project.policy.cell_metric(name, metric.unit)]
    return found


def _cluster(project: Project, stores: Stores, request: Request) -> Reader | None:
    if request.dask is None:
        return None
    from flows.scaling import cluster

    address = None if request.dask == "local" else request.dask
    return cluster.reader(project, stores, cluster.Cluster(request.workers, address))


def _work(project: Project, stores: Stores, request: Request) -> tuple[Survey, Work]:
    from warehouse.backfill import running, surveying

    if request.workers < 1:
        raise UsageError(f"--workers {request.workers} cannot do anything. Take one at least.")
    through = surveying.known_at(stores.warehouse, request.as_of) if request.as_of else None
    span = surveying.Span(request.start, request.end, request.sources or None, through)
    survey = surveying.survey(stores.warehouse, chosen(project, request.metrics), span)
    return survey, running.plan(stores.warehouse, survey, only_missing=request.only_missing)


def _planned(survey: Survey, work: Work, request: Request) -> Backfilled:
    todo: dict[str, set[int]] = {}
    for metrics, batches in work.chunks:
        for metric in metrics:
            todo.setdefault(metric.digest, set()).update(batches)
    plans = tuple(_plan_of(need, todo.get(need.metric.digest, set()), survey.rows) for need in survey.needs)
    seconds = work.rows * SECONDS_PER_ROW + sum(each.rows for each in plans) * SECONDS_PER_VALUE
    return Backfilled(
        request.start, request.end, survey.span.through_batch, plans, work.pairs, work.rows, round(seconds, 1)
    )


def _plan_of(need: Need, batches: set[int], rows: Mapping[int, int]) -> MetricPlan:
    metric = need.metric
    return MetricPlan(
        metric.name,
        metric.unit,
        metric.digest,
        need.missing,
        need.dirty,
        need.restated,
        len(batches),
        sum(rows[batch] for batch in batches),
        len(need.kept),
    )


def _sums(stores: Stores, metric: CellMetric, request: Request, through: int | None) -> MetricSums:
    from warehouse import cells, units
    from warehouse.records.metrics import UNIT_KINDS, Slice

    asked = (stores.warehouse, metric, Slice(), request.start, request.end)
    found = cells.read_cells(*asked, through_batch=through)
    counted = units.read_units(*asked, through_batch=through) if metric.kind in UNIT_KINDS else []
    return MetricSums(
        metric.name,
        metric.unit,
        sum(cell.items for cell in found),
        sum(cell.unscored for cell in found),
        sum(cell.total for cell in found),
        sum(unit.count for unit in counted),
    )
