"""`gatehold log`: the decision log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import look, terminal
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json
from flows.cli.progress import progress
from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    from flows.project import Project
    from warehouse.records.decisions import ChainReport, DecisionEntry

BROKEN = 5
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def show(
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    rollout: Annotated[str | None, typer.Option(help="Only this rollout.")] = None,
    last: Annotated[int, typer.Option(help="How many of the newest entries.", min=1)] = 30,
    as_json: Json = False,
) -> None:
    """Show the newest decisions, oldest first."""
    from warehouse.people import glance

    entries = glance.entries(projects.load(config, data=data).data, rollout=rollout, last=last)
    if as_json:
        terminal.emit(entries)
        return
    if not entries:
        of = f" about {rollout}" if rollout else ""
        terminal.say(f"There are no decisions{of} yet. `gatehold run` makes the first.")
    for e in entries:
        head = (f"{e.seq:>4}  {e.at:%Y-%m-%d %H:%M} UTC  ", terminal.styled(e.kind), f"  {terminal.visible(e.rollout)}")
        terminal.say(terminal.Text.assemble(*head, (f"  {e.id[:12]}", "dim")))
        terminal.say(f"{e.actor}: {e.summary}", indent=6)


def verify(config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False) -> None:
    """Walk the chain of the decision log.

    Names the first entry that is not as it was written, or is missing; exit 5 then.
    """
    report = _verified(projects.load(config, data=data))
    if as_json:
        terminal.emit(report)
    elif report.ok:
        head = f", head {report.head[:16]}" if report.entries else ""
        terminal.say(f"The log is whole: {_entries(report.entries)}{head}.", "green")
    else:
        where = f" at entry {report.bad_seq}" if report.bad_seq is not None else ""
        terminal.say(f"The log is broken{where}: {report.reason}", "bold red")
    raise typer.Exit(0 if report.ok else BROKEN)


def _verified(project: Project) -> ChainReport:
    from warehouse.folder import WAREHOUSE_FILE
    from warehouse.people.chain import GENESIS
    from warehouse.people.file import FILE_NAME
    from warehouse.records.decisions import ChainReport

    if (project.data / FILE_NAME).exists():
        from warehouse.people import log
        from warehouse.people.store import People

        with People.open(project.data) as people:
            return log.verify(people)
    if (project.data / WAREHOUSE_FILE).exists():
        reason = f"{project.data / FILE_NAME} is gone, though the warehouse beside it was used."
        return ChainReport(False, 0, GENESIS, None, reason)
    return ChainReport(True, 0, GENESIS)


def explain(
    decision: Annotated[
        str, typer.Argument(metavar="DECISION", help="Number of a decision, or its id or the beginning of it.")
    ],
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Recompute a decision from its stored inputs.

    Shows what it rested on and whether it comes out the same; exit 5 if not.
    """
    from flows import explaining
    from flows.stores import open_stores
    from warehouse.people import log

    project = projects.load(config, data=data)
    with progress() as say, open_stores(project, say=say) as stores:
        entry = _named(log.entries(stores.people), decision)
        say("Recomputing")
        explained = explaining.explain(stores, entry) if "standing" in entry.body else None
    if as_json:
        nothing = {"seq": entry.seq, "id": entry.id, "summary": entry.summary, "equal": None, "differences": []}
        terminal.emit(explained or {**nothing, "standing": None})
    else:
        terminal.say(
            f"Decision {entry.seq} ({entry.id}), {entry.kind} by {entry.actor} at {entry.at:%Y-%m-%d %H:%M} UTC"
        )
        if explained is None:
            terminal.say(entry.summary, indent=2)
            terminal.say("It rests on no evidence, so there is nothing to recompute.")
        else:
            look.show_standing(explained.standing)
            for line in explained.result():
                terminal.say(line, "green" if explained.equal else "bold red")
    raise typer.Exit(0 if explained is None or explained.equal else BROKEN)


def _named(entries: Sequence[DecisionEntry], name: str) -> DecisionEntry:
    # An id may begin with digits: a number that is one is meant as one.
    found = [e for e in entries if str(e.seq) == name] or [e for e in entries if name and e.id.startswith(name)]
    if len(found) != 1:
        what = "no decision" if not found else f"{len(found)} decisions"
        raise UsageError(f"{name!r} names {what}. `gatehold log show` lists numbers and ids.")
    return found[0]


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"
