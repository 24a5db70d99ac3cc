"""Backfill: a span of history computed again, when somebody asks for it; it decides and sends nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import backfilling, project
from flows.deploying import turns


@flow(name="backfill", validate_parameters=True)
def backfill(
    start: datetime,
    end: datetime,
    config: str = "gatehold.yaml",
    data: str | None = None,
    metrics: list[str] | None = None,
    only_missing: bool = True,
    workers: int = 1,
    dask: str | None = None,
) -> State[Any]:
    """Compute the summaries of a span again, as `gatehold backfill` does; threads or Dask do the work, not tasks."""
    ours = project.load(Path(config), data=Path(data) if data else None)
    request = backfilling.Request(
        start=start, end=end, metrics=tuple(metrics or ()), only_missing=only_missing, workers=workers, dask=dask
    )
    with turns.turn(ours) as stores:
        done = backfilling.backfill(ours, stores, request)
    return Completed(message=f"{done.done or 0:,} summaries of {len(done.plans)} metrics from {done.rows:,} rows.")
