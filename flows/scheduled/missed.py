"""Missed: run by an automation when the monitor has been silent for too long; it looks for itself and tells people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import alerting, capability, delivering, digest, project
from flows.deploying import turns
from warehouse.people.store import People


@flow(name="missed", validate_parameters=True)
def missed(config: str = "gatehold.yaml", data: str | None = None, missed_after_seconds: float = 7200.0) -> State[Any]:
    """Tell the channels that ask for it that the monitor does not come to an end, if that is so."""
    ours = project.load(Path(config), data=Path(data) if data else None)
    now = datetime.now(UTC)
    acting = capability.asked_for(ours.data, now=now)
    with People.open(ours.data) as people:
        silent = digest.silence(people, timedelta(seconds=missed_after_seconds), now=now)
        if silent is None:
            return Completed(message="The monitor has looked at every rollout in time.")
        about, said = silent
        alerting.announce(people, ours.policy, "missed_run", said, {}, now, about=about)
        turns.patiently(lambda: delivering.deliver_project(ours, people, acting=acting))
    return Completed(name="Degraded", message=said)
