"""Deliver: hand out what waits in the outbox, between the passes of the monitor; it needs no turn to write."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import capability, delivering, project
from flows.deploying import telling, turns
from warehouse.people.store import People


@flow(name="deliver", validate_parameters=True)
def deliver(config: str = "gatehold.yaml", data: str | None = None) -> State[Any]:
    """Hand out every message that is due; one that failed is named in the run's final state."""
    ours = project.load(Path(config), data=Path(data) if data else None)
    now = datetime.now(UTC)
    acting = capability.asked_for(ours.data, now=now)
    with People.open(ours.data) as people:
        report = turns.patiently(lambda: delivering.deliver_project(ours, people, acting=acting))
    telling.delivered(ours, report, at=now)
    return named(report)


def named(report: delivering.DeliveryReport) -> State[Any]:
    """The run's final state: `Degraded` when a receiver did not take its message."""
    said = f"{len(report.delivered)} delivered, {len(report.failed)} to be tried again, {len(report.dead)} given up"
    failed = (*report.failed, *report.dead)
    if failed:
        errors = "; ".join(f"{m.kind} {m.target}: {m.last_error}" for m in failed[:5])
        return Completed(name="Degraded", message=f"{said}. {errors}")
    return Completed(message=f"{said}.")
