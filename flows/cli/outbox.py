"""`gatehold outbox`: messages to switches and channels, what became of them, and those that were given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from typing import Literal as OneOf

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json
from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    from warehouse.people.store import People
    from warehouse.records.decisions import Delivery

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
State = OneOf["waiting", "delivered", "superseded", "dead"]
LONGEST = 160
"""Characters of an error that a line shows; `--json` shows all."""


def show(
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    rollout: Annotated[str | None, typer.Option(help="Only this rollout.")] = None,
    state: Annotated[State | None, typer.Option(help="Only messages in this state.")] = None,
    last: Annotated[int, typer.Option(help="How many of the newest messages.", min=1)] = 30,
    as_json: Json = False,
) -> None:
    """List messages to switches and channels, oldest first.

    A message is `waiting` (for its first attempt or the next), `delivered`, `superseded` (a newer one for the same
    switch took its place), or `dead` (given up: a person has to look).
    """
    from warehouse.people import outbox

    with _people(config, data) as people:
        found = outbox.all(people, rollout=rollout, state=state)[-last:]
    _shown(found, "There are no such messages.", as_json)


def dead(config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False) -> None:
    """List the messages that were given up, with the reason.

    Mend what was in the way, then `gatehold outbox retry` sends them again.
    """
    from warehouse.people import outbox

    with _people(config, data) as people:
        found = outbox.dead(people)
    _shown(found, "No message was given up.", as_json)


def retry(
    message: Annotated[
        str | None, typer.Argument(metavar="MESSAGE", help="Id of a message that was given up, or its beginning.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every message that was given up.")] = False,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Send messages that were given up once more.

    They go out at once, with all their attempts. A message for a switch is refused when a newer one was written since:
    sending the old one now would undo that.
    """
    from flows import capability, delivering
    from warehouse.people import outbox

    if everything == (message is not None):
        raise UsageError("Name one message, or give --all. `gatehold outbox dead` lists them.")
    project = projects.load(config, data=data)
    with _people(config, data) as people:
        chosen = outbox.dead(people) if message is None else [_named(people, message)]
        now = datetime.now(UTC)
        acting = capability.asked_for(project.data, now=now)
        refused = [text for one in chosen if (text := _again(people, one.id, now, alone=message is not None))]
        delivering.deliver_project(project, people, acting=acting)
        found = [outbox.get(people, one.id) for one in chosen]
    if not as_json:
        for text in refused:
            terminal.note(text)
    _shown(found, "No message was given up.", as_json)


def _people(config: Config, data: Data) -> People:
    from warehouse.people.store import People

    return People.open(projects.load(config, data=data).data)


def _again(people: People, id: str, now: datetime, *, alone: bool) -> str | None:
    """Why the message stays given up; of many, one that is too old does not keep the others from going out."""
    from warehouse.people import outbox

    try:
        outbox.retry(people, id, now=now)
    except UsageError as error:
        if alone:
            raise
        return str(error)
    return None


def _named(people: People, name: str) -> Delivery:
    from warehouse.people import outbox

    every = outbox.all(people)
    found = [d for d in every if d.id == name] or [d for d in every if name and d.id.startswith(name)]
    if len(found) != 1:
        what = "no message" if not found else f"{len(found)} messages"
        raise UsageError(f"{name!r} names {what}. `gatehold outbox dead` lists ids.")
    return found[0]


def _shown(found: Sequence[Delivery], nothing: str, as_json: bool) -> None:
    if as_json:
        terminal.emit(found)
        return
    if not found:
        terminal.say(nothing)
    for d in found:
        what = str(d.body.get("action") or d.body.get("event") or "message")
        about = f"  {terminal.visible(d.rollout)}" if d.rollout else ""
        line = (terminal.styled(d.state), f"  {terminal.visible(what)} to {d.kind} {terminal.visible(d.target)}{about}")
        terminal.say(terminal.Text.assemble((f"{d.id}  ", "dim"), *line))
        terminal.say(_fate(d), indent=6)


def _fate(d: Delivery) -> str:
    tries = f"{d.attempts} {'attempt' if d.attempts == 1 else 'attempts'}"
    if d.delivered_at is not None and d.state == "delivered":
        return f"delivered {d.delivered_at:%Y-%m-%d %H:%M:%S} UTC, {tries}"
    next_ = f", next from {d.next_at:%Y-%m-%d %H:%M:%S} UTC" if d.state == "waiting" else ""
    error = d.last_error or ""
    error = error if len(error) <= LONGEST else f"{error[:LONGEST]}..."
    return f"{tries}{next_}{f': {error}' if error else ''}"
