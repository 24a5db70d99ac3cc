"""Rituals: once a week people hear what is due for them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import alerting, capability, delivering, digest, project
from flows.deploying import turns
from warehouse.people.store import People


@flow(name="rituals", validate_parameters=True)
def rituals(config: str = "gatehold.yaml", data: str | None = None) -> State[Any]:
    """Tell the channels that ask for it what is due: pauses, waivers, actions, labels."""
    ours = project.load(Path(config), data=Path(data) if data else None)
    now = datetime.now(UTC)
    acting = capability.asked_for(ours.data, now=now)
    with People.open(ours.data) as people:
        due = digest.gather(ours, people, now=now)
        said = digest.summary(due)
        alerting.announce(people, ours.policy, "ritual", said, digest.facts(due), now, about=f"ritual {now:%Y-%m-%d}")
        turns.patiently(lambda: delivering.deliver_project(ours, people, acting=acting))
    return Completed(message=said)
