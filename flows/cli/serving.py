"""`gatehold up` and `deploy`: the project on a Prefect server, one of its own or one that is there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json

if TYPE_CHECKING:
    from flows.deploying.plan import Plan
    from flows.deploying.registering import Registered


def up(
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of Prefect's server; from 4200 on if not said.")
    ] = None,
    board_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the board; from 8700 on if not said.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run everything here: Prefect's server, a worker, the board.

    They begin and end together; what dies is started again. Runs come on schedule, the first when its time is there.
    All of it is kept in the data folder, and nothing is sent anywhere but to the switches and channels of the
    configuration. Stop it with Ctrl-C (or SIGTERM); started again, also after it was killed, it goes on.
    """
    from flows.serving import up as serving

    project = projects.load(config, data=data)
    if as_json:
        # One document once everything runs; what happens until then and after is told beside it.
        serving.run(project, port=port, board_port=board_port, say=terminal.note, ready=terminal.emit)
    else:
        serving.run(project, port=port, board_port=board_port, say=terminal.say)


def deploy(
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write prefect.yaml and automations/ into DIR instead; no server is needed."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Register schedules and automations with a Prefect server.

    PREFECT_API_URL names it. Doing it again changes nothing; what the configuration no longer asks for is removed.
    A worker has to take the runs from the pool: `prefect worker start --pool NAME`.
    """
    from flows.deploying.plan import plan as planned

    plan = planned(projects.load(config, data=data))
    if write is not None:
        _write(plan, write, as_json)
        return
    from flows.deploying.registering import register

    registered = register(plan, now=datetime.now(UTC))
    if as_json:
        terminal.emit(registered)
    else:
        _show(plan, registered)


def _write(plan: Plan, folder: Path, as_json: bool) -> None:
    from flows.deploying import writing

    written = writing.write(plan, folder)
    if as_json:
        terminal.emit({"files": written})
        return
    terminal.say(f"Wrote {len(written)} files into {folder}. Next: prefect deploy --all --prefect-file {written[0]}")


def _show(plan: Plan, registered: Registered) -> None:
    from checks.policy.schedules import schedule_text

    rows = [
        (f"{job.flow}/{plan.name}", schedule_text(job.schedule) if job.schedule else "when asked", job.description)
        for job in plan.jobs
    ]
    terminal.table(f"Deployments on {registered.api}", ("Deployment", "Schedule", "What it does"), rows)
    terminal.say(f"Work pool {registered.pool} ({plan.pool_type}); one writer at a time by {registered.writer_limit}.")
    for name in registered.automations:
        terminal.say(f"Automation: {name}")
