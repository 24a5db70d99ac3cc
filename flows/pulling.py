"""Pull: every source once, each file in a transaction of its own; review queues hand in before and choose after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from flows.project import Project
from flows.stores import Stores

if TYPE_CHECKING:
    from warehouse.records.ingest import PullReport

Progress = Callable[[str, int, int], None]


def pull_sources(
    project: Project, stores: Stores, *, now: datetime, progress: Progress | None = None
) -> list[PullReport]:
    """What each source brought, in the order of the configuration.

    A source that cannot be read is degraded, named and recorded; the others go on.
    """
    from flows import reviewing
    from warehouse import ingest, merging

    policy = project.policy
    merging.allow_if_due(stores.warehouse, now=now)
    reviewing.hand_in(project, stores, now=now)
    reports = [
        ingest.pull(
            stores.warehouse,
            source,
            policy.stream(source.stream),
            now=now,
            window_seconds=int(policy.window.total_seconds()),
            base=project.base,
            progress=progress,
            environment=project.environment,
        )
        for source in policy.source_specs()
    ]
    reviewing.choose(project, stores, now=now)
    return reports
