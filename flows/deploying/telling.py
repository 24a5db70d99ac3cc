"""What a run shows on the Prefect server: tables and a summary as artifacts, and events that automations hear.

It comes after all that counts: the decision is in the log and the outbox, and a server that is gone costs a warning.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.deploying import artifacts, events

if TYPE_CHECKING:
    from flows.delivering import DeliveryReport
    from flows.once import Pass
    from flows.project import Project
    from flows.stores import Stores

BOARD = "GATEHOLD_BOARD_URL"
"""Environment variable in which `gatehold up` says where the board is."""
_LOG = logging.getLogger("gatehold")


def standing_now(stores: Stores) -> dict[str, str]:
    """What was last published of each rollout."""
    from warehouse.people import standings

    found = standings.latest(stores.people)
    return {name: str(published.body["standing"]["standing"]) for name, published in found.items()}


def passed(project: Project, done: Pass, page: Path, before: Mapping[str, str], *, at: datetime) -> bool:
    """True when the server heard what a pass came to; `before` is what stood of each rollout when it began.

    `at` is the moment of telling: automations count their time from it, whatever moment was judged.
    """
    told = [*of_pass(project, done, before, at=at), *of_deliveries(project, done.delivered, at=at)]
    return _tell([*told, finished(project, done, at=at)], artifacts.of_pass(done, link(project, page)))


def delivered(project: Project, report: DeliveryReport, *, at: datetime) -> bool:
    """True when the server heard which deliveries failed, or none did."""
    found = of_deliveries(project, report, at=at)
    return not found or _tell(found, [])


def link(project: Project, page: Path) -> str:
    """Where people look: the board's address if it is known, else the page as a file."""
    return project.policy.board_url or project.environment.get(BOARD) or page.absolute().as_uri()


def of_pass(project: Project, done: Pass, before: Mapping[str, str], *, at: datetime) -> list[events.Told]:
    """An event for each standing that changed, and one more for each rollout that was paused by it."""
    told: list[events.Told] = []
    for outcome in done.outcomes:
        now = outcome.standing
        if outcome.entry is None or before.get(now.rollout) == now.standing:
            continue
        payload = {
            "standing": now.standing,
            "before": before.get(now.rollout),
            "stage": now.stage,
            "release": now.release,
            "gate": now.binding,
            "summary": now.reasons[0].detail,
            "decision": outcome.entry.id,
            "simulated": now.simulated,
        }
        names = [events.STANDING_CHANGED, *([events.PAUSED] if now.standing == "pause" else [])]
        told += [_of_rollout(project, name, now.rollout, at, outcome.entry.id, payload) for name in names]
    return told


def of_deliveries(project: Project, report: DeliveryReport | None, *, at: datetime) -> list[events.Told]:
    """An event for each message that failed this time, its receiver and its error named."""
    told = []
    for message in (*report.failed, *report.dead) if report is not None else ():
        state = "was given up" if message.state == "dead" else "is tried again"
        payload = {
            "message": message.id,
            "kind": message.kind,
            "target": message.target,
            "attempts": message.attempts,
            "state": message.state,
            "error": message.last_error,
            "summary": f"{message.kind} {message.target} was not reached; the message {state}: {message.last_error}",
        }
        key = f"{message.id}/{message.attempts}"
        told.append(_of_rollout(project, events.UNDELIVERED, message.rollout, at, key, payload))
    return told


def finished(project: Project, done: Pass, *, at: datetime) -> events.Told:
    """The event of a pass that came to its end, whatever it found; its absence is what counts."""
    name = project.policy.prefect.name
    standings = {outcome.standing.rollout: outcome.standing.standing for outcome in done.outcomes}
    payload = {"as_of": done.now.isoformat(), "degraded": list(done.degraded), "standings": standings}
    return events.Told(events.FINISHED, events.PROJECT + name, name, name, at, at.isoformat(), payload)


def _of_rollout(
    project: Project, event: str, rollout: str, at: datetime, key: str, payload: Mapping[str, object]
) -> events.Told:
    return events.Told(event, events.ROLLOUT + rollout, rollout, project.policy.prefect.name, at, key, payload)


def _tell(told: Sequence[events.Told], shown: Sequence[artifacts.Artifact]) -> bool:
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            events.send(client, told)
            artifacts.put(client, shown)
    except Exception as error:  # whatever the server does: all that counts is done already
        _LOG.warning("The Prefect server was not told what this run found (%s).", type(error).__name__)
        return False
    return True
