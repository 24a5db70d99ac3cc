"""`gatehold red-team`: send probes now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json
from flows.cli.progress import progress
from warehouse.records.errors import UsageError

DEGRADED = 4


def red_team(
    name: Annotated[str | None, typer.Argument(help="The set of probes; all sets if not said.")] = None,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Send the configured probes to your system.

    Each goes to the address that the section `red_team` names, one after the other. What comes back is written where a
    source of the stream `probes` reads it: the next `gatehold run` counts it. Exit 4 if some got no answer.
    """
    from flows import red_teaming

    project = projects.load(config, data=data)
    sets = [one for one in project.policy.red_team if name in (None, one.name)]
    if not sets:
        known = ", ".join(one.name for one in project.policy.red_team) or "none; add a section red_team"
        raise UsageError(f"There is no set of probes {name or ''} to send. Configured: {known}.")
    done = []
    with progress() as say:
        for one in sets:
            say(f"Sending the probes of {one.name}")
            sent = red_teaming.send(
                project,
                one,
                clock=lambda: datetime.now(UTC),
                tick=lambda number, of, name=one.name: say(f"{name}: {number:,} of {of:,}"),  # type: ignore[misc]  # bound now
            )
            done.append(sent)
    if as_json:
        terminal.emit(done)
    else:
        for sent in done:
            terminal.entry("warning" if sent.unanswered or sent.left else "ok", red_teaming.told(sent))
            terminal.say(f"Written: {sent.file}", indent=2)
    raise typer.Exit(DEGRADED if any(sent.unanswered or sent.left for sent in done) else 0)
