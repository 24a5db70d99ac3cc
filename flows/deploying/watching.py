"""Does the Prefect server do its work? It answers, it makes runs, and no run is left over from a dead worker."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flows.deploying.plan import Plan
from warehouse.records.errors import ServiceError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

PATIENCE_SECONDS = 60.0
"""How long the scheduler may take to make its first run."""
PAGE = 200


def scheduled(client: SyncPrefectClient, deployments: Mapping[str, str]) -> int:
    """How many runs of these deployments wait for their time (at most 200); 0 means that no run will come."""
    from prefect.client.schemas.filters import FlowRunFilterDeploymentId

    ours = FlowRunFilterDeploymentId(any_=[uuid.UUID(id) for id in deployments.values()])
    return len(_runs(client, ["SCHEDULED"], deployment_id=ours))


def await_runs(
    client: SyncPrefectClient,
    plan: Plan,
    deployments: Mapping[str, str],
    *,
    patience: float = PATIENCE_SECONDS,
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """How many runs the scheduler has made; 0 only when nothing runs on schedule, or `stopped` said so.

    Raises:
        ServiceError: none came within `patience` seconds: the server answers, and yet nothing will ever run.
    """
    timed = {job.flow: deployments[job.flow] for job in plan.jobs if job.schedule is not None}
    until = time.monotonic() + patience
    while timed and not stopped():
        if found := scheduled(client, timed):
            return found
        if time.monotonic() >= until:
            raise not_scheduling(patience)
        time.sleep(0.5)
    return 0


def not_scheduling(patience: float) -> ServiceError:
    """The error of a server that answers and makes no runs."""
    return ServiceError(
        f"The Prefect server answers, but in {patience:g} s its scheduler has made no run, so nothing would ever be "
        "checked. `gatehold doctor` names versions that do not go together; the server's own log says more.",
        transient=False,
    )


def bury(client: SyncPrefectClient, plan: Plan, *, now: datetime) -> tuple[int, int]:
    """How many runs were marked as crashed, and how many that are overdue were removed.

    To be called while no worker runs: whatever is said to run then was killed with its worker, and would be said to
    run for good. Runs that were not started in time are not made up for; the next one does their work.
    """
    from prefect.client.schemas.filters import FlowRunFilterExpectedStartTime, FlowRunFilterTags
    from prefect.states import Crashed

    ours = FlowRunFilterTags(all_=[plan.name])
    late = FlowRunFilterExpectedStartTime(before_=now)
    crashed = removed = 0
    while going := _runs(client, ["RUNNING", "PENDING", "CANCELLING"], tags=ours):
        for run in going:
            client.set_flow_run_state(run.id, Crashed(message="It was going when Gatehold was stopped."), force=True)
        crashed += len(going)
    while overdue := _runs(client, ["SCHEDULED"], tags=ours, expected_start_time=late):
        for run in overdue:
            client.delete_flow_run(run.id)
        removed += len(overdue)
    return crashed, removed


def _runs(client: SyncPrefectClient, types: Sequence[str], **conditions: Any) -> Sequence[FlowRun]:
    """At most `PAGE` runs in states of these types."""
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
    from prefect.client.schemas.objects import StateType

    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType(name) for name in types]))
    return client.read_flow_runs(flow_run_filter=FlowRunFilter(state=state, **conditions), limit=PAGE)
