"""What the commands of people's acts share: who acts, what came of it, and what the switch was told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from flows import project as projects
from flows.cli import terminal

if TYPE_CHECKING:
    from checks.acts.refusal import Refusal
    from flows.project import Project
    from warehouse.people.store import People
    from warehouse.records.decisions import DecisionEntry
    from warehouse.records.people import Person

REFUSED = 3
PATIENCE = 10.0
"""Seconds that an act waits for another process that is handing out."""

Name = Annotated[str, typer.Argument(metavar="ROLLOUT", help="Name of the rollout.")]
Because = Annotated[str, typer.Option("--reason", help="Why; it stands in the decision log for good.")]

Act = Callable[["People", "Project", "Person", datetime], "DecisionEntry | Refusal"]


def perform(config: Path, data: Path | None, *, act: str, rollout: str, do: Act, as_json: bool) -> None:
    """Do an act as the person whose token the environment holds, tell the switch at once, and say what came of it."""
    from checks.acts.refusal import Refusal

    project, now = projects.load(config, data=data), datetime.now(UTC)
    project.policy.rollout(rollout)
    with opened(project) as people:
        person = person_of(people, project, act=act, rollout=rollout, now=now, as_json=as_json)
        found = do(people, project, person, now)
        if isinstance(found, Refusal):
            refuse(found, as_json=as_json)
        told, trouble = _hand_out(project, people, now)
        messages = [message for message in told if message.decision_id == found.id]
    if as_json:
        sent = [
            {"id": m.id, "kind": m.kind, "target": m.target, "state": m.state, "error": m.last_error} for m in messages
        ]
        terminal.emit({"decision": found, "deliveries": sent, "trouble": trouble})
        return
    terminal.say(f"{rollout}: {found.kind.replace('_', ' ')} by {found.actor}: {found.summary}", "green")
    terminal.say(f"Decision {found.seq} ({found.id}).", "dim")
    for message in messages:
        _say_told(message)
    if trouble:
        terminal.say(trouble, "yellow")


@contextmanager
def opened(project: Project) -> Iterator[People]:
    """The people's records alone: an act never waits for the warehouse."""
    from warehouse.people.store import People

    with People.open(project.data) as people:
        yield people


def person_of(people: People, project: Project, *, act: str, now: datetime, as_json: bool, rollout: str = "") -> Person:
    """The person whose token the environment holds; the command ends where there is none."""
    from checks.acts.refusal import Refusal
    from flows import access

    found = access.identify(people, project.environment, act=act, rollout=rollout, now=now)
    if isinstance(found, Refusal):
        refuse(found, as_json=as_json)
    return found


def refuse(refusal: Refusal, *, as_json: bool) -> NoReturn:
    """Say why an act was refused, everything that is missing at once, and end with exit 3."""
    missing = [{"code": m.code, "detail": m.typed} for m in refusal.missing]
    terminal.fail("\n".join([f"refused ({m['code']}): {m['detail']}" for m in missing] or [refusal.typed]))
    if as_json:
        error = {"kind": "refused", "code": refusal.code, "message": refusal.typed, "missing": missing}
        terminal.emit({"error": {**error, "exit": REFUSED}})
    raise typer.Exit(REFUSED)


def _hand_out(project: Project, people: People, now: datetime) -> tuple[list[Any], str]:
    """The messages of an act as they are after one attempt to hand them out, and what kept that from happening."""
    from flows import capability, delivering
    from warehouse.people import outbox
    from warehouse.records.errors import GateholdError

    trouble = ""
    try:
        acting = capability.asked_for(project.data, now=now)
        delivering.deliver_project(project, people, acting=acting, wait_seconds=PATIENCE)
    except GateholdError as error:
        trouble = f"{error} The act stands; `gatehold run` and the schedule hand it out."
    return outbox.all(people), trouble


def _say_told(message: Any) -> None:
    what = message.body.get("action") or message.body.get("event")
    where = f"{message.kind} {message.target}"
    if message.state == "delivered":
        terminal.entry("ok", f"{where} took {what}")
    elif message.state == "dead":
        terminal.entry("error", f"{where} did not take {what} and was given up: {message.last_error}")
    else:
        because = f": {message.last_error}" if message.last_error else ""
        terminal.entry("warning", f"{where} has not taken {what} yet and is tried again{because}")
