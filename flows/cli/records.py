"""`gatehold log`: the decision log."""

from __future__ import annotations

from typing import Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json
from warehouse.records.errors import UsageError

app = typer.Typer(help="The decision log: show it, verify its chain, explain a decision.", no_args_is_help=True)


@app.command("show")
def show(
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    rollout: Annotated[str | None, typer.Option(help="Only this rollout.")] = None,
    last: Annotated[int, typer.Option(help="How many of the newest entries.", min=1)] = 30,
    as_json: Json = False,
) -> None:
    """Show the newest decisions, oldest first."""
    from warehouse.people import log
    from warehouse.people.store import People

    with People.open(projects.load(config, data=data).data) as people:
        entries = log.entries(people, rollout=rollout)[-last:]
    if as_json:
        terminal.emit(entries)
        return
    if not entries:
        terminal.say("No decisions yet. `gatehold run` makes the first.")
        return
    terminal.table(
        "Decisions",
        ["seq", "id", "at (UTC)", "rollout", "decision", "by", "why"],
        (
            [str(e.seq), e.id[:12], f"{e.at:%Y-%m-%d %H:%M}", e.rollout, terminal.styled(e.kind), e.actor, e.summary]
            for e in entries
        ),
    )


@app.command("verify")
def verify(config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False) -> None:
    """Walk the chain and name the first entry that is not what was written; exit 5 if there is one."""
    from warehouse.people import log
    from warehouse.people.store import People

    with People.open(projects.load(config, data=data).data) as people:
        report = log.verify(people)
    if as_json:
        terminal.emit(report)
    elif report.ok:
        terminal.say(f"The log is whole: {report.entries} entries, head {report.head[:16]}.", "green")
    else:
        terminal.say(f"The log is broken at entry {report.bad_seq}: {report.reason}", "bold red")
    raise typer.Exit(0 if report.ok else 5)


@app.command("explain")
def explain(
    decision: Annotated[str, typer.Argument(help="Id (or its beginning) or number of a decision.")],
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Recompute a decision from its stored inputs and say whether it comes out the same; exit 5 if not."""
    from flows import explaining
    from flows.stores import open_stores
    from warehouse.people import log

    project = projects.load(config, data=data)
    with open_stores(project) as stores:
        found = [e for e in log.entries(stores.people) if str(e.seq) == decision or e.id.startswith(decision)]
        if len(found) != 1:
            what = "no decision" if not found else f"{len(found)} decisions"
            raise UsageError(f"{decision!r} names {what}. `gatehold log show` lists ids and numbers.")
        explained = explaining.explain(stores, found[0])
    if as_json:
        terminal.emit(explained)
    else:
        for line in explained.lines():
            terminal.say(line)
    raise typer.Exit(0 if explained.equal else 5)
