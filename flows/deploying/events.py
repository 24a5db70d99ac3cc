"""The events that Gatehold has on a Prefect server: their names, what they are about, and how one is sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

STANDING_CHANGED = "gatehold.standing.changed"
PAUSED = "gatehold.rollout.paused"
UNDELIVERED = "gatehold.delivery.failed"
FINISHED = "gatehold.monitor.finished"
DEPLOYED = "gatehold.deployed"
ROLLOUT = "gatehold.rollout."
"""Begin of the id of a rollout, as a resource of events."""
PROJECT = "gatehold.project."
"""Begin of the id of a project."""
PROJECT_LABEL = "gatehold.project"
_NAMESPACE = uuid.UUID("5f3c9d0e-0b3e-5b52-9a83-6f0a4a3f1d11")


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened; `about` is the id of the resource, `key` makes the event exist once."""

    event: str
    about: str
    name: str
    project: str
    at: datetime
    key: str
    payload: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> uuid.UUID:
        """The same for the same key, so that an event sent twice is one event."""
        return uuid.uuid5(_NAMESPACE, f"{self.project}/{self.event}/{self.key}")


def send(client: SyncPrefectClient, told: Iterable[Told]) -> int:
    """How many events the server took; they are sent in one request, and waited for.

    Raises:
        httpx.HTTPError: the server is not there or refused them.
    """
    from prefect.events import Event

    made = [
        Event.model_validate(
            {
                "id": one.id,
                "occurred": one.at,
                "event": one.event,
                "resource": {
                    "prefect.resource.id": one.about,
                    "prefect.resource.name": one.name,
                    PROJECT_LABEL: one.project,
                },
                "payload": dict(one.payload),
            }
        )
        for one in told
    ]
    if made:
        body = [event.model_dump(mode="json") for event in made]
        client.request("POST", "/events", json=body)
    return len(made)
