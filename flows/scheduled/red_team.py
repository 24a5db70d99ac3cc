"""Red team: the probes of every set go out, and what came back waits for the next monitor run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import project, red_teaming
from flows.red_teaming import Sent


@flow(name="red-team", validate_parameters=True)
def red_team(config: str = "gatehold.yaml", data: str | None = None) -> State[Any]:
    """Send every set of probes; a set that was not answered in full makes the run `Degraded`."""
    ours = project.load(Path(config), data=Path(data) if data else None)
    return named([red_teaming.send(ours, one, clock=lambda: datetime.now(UTC)) for one in ours.policy.red_team])


def named(sent: list[Sent]) -> State[Any]:
    """The run's final state, with what each set came to."""
    said = "; ".join(red_teaming.told(one) for one in sent)
    if any(one.unanswered or one.left for one in sent):
        return Completed(name="Degraded", message=said)
    return Completed(message=said or "No set of probes is configured.")
