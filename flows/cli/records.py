"""`gatehold log`: the decision log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from typing import Literal as OneOf

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


def verify(
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="SEQ:HASH",
            help="An entry that a receiver remembers: `decision.seq` and `decision.head` of a message.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Walk the chain of the decision log.

    Names the first entry that is not as it was written, or is missing; exit 5 then. A log that was cut at its end or
    rewritten whole is seen only by what others remember: every message names the entry it comes from, and `--head`
    compares one.
    """
    remembered = None if head is None else _remembered(head)
    report = _verified(projects.load(config, data=data), remembered)
    if as_json:
        terminal.emit(report)
    else:
        _say_chain(report)
    raise typer.Exit(0 if report.ok else BROKEN)


def _say_chain(report: ChainReport) -> None:
    if report.ok:
        head = f", head {report.head[:16]}" if report.entries else ""
        terminal.say(f"The log is whole: {_entries(report.entries)}{head}.", "green")
    else:
        where = f" at entry {report.bad_seq}" if report.bad_seq is not None else ""
        terminal.say(f"The log is broken{where}: {report.reason}", "bold red")


def _remembered(text: str) -> tuple[int, str]:
    seq, _, given = text.strip().partition(":")
    if not re.fullmatch(r"[1-9][0-9]{0,17}", seq) or not re.fullmatch(r"[0-9a-fA-F]{64}", given):
        raise UsageError(
            f"--head {text[:100]!r} is not an entry. Write it like 17:9c1d..., the position from 1 and the 64 "
            "hexadecimal digits that a message carries as decision.seq and decision.head."
        )
    return int(seq), given.lower()


def _verified(project: Project, remembered: tuple[int, str] | None) -> ChainReport:
    from warehouse.folder import WAREHOUSE_FILE
    from warehouse.people.chain import GENESIS
    from warehouse.people.file import FILE_NAME
    from warehouse.records.decisions import ChainReport

    if (project.data / FILE_NAME).exists():
        from warehouse.people import log
        from warehouse.people.store import People

        with People.open(project.data) as people:
            return log.verify(people, expected_head=remembered)
    if (project.data / WAREHOUSE_FILE).exists():
        reason = f"{project.data / FILE_NAME} is gone, though the warehouse beside it was used."
        return ChainReport(False, 0, GENESIS, None, reason)
    if remembered is not None:
        reason = f"there is no decision log in {project.data}, but entry {remembered[0]} was seen"
        return ChainReport(False, 0, GENESIS, 1, reason)
    return ChainReport(True, 0, GENESIS)


def export(
    format: Annotated[OneOf["jsonl", "page"], typer.Option(help="JSON lines for programs, or a page for people.")],
    out: Annotated[Path, typer.Option(help="The file to write; one that is there is replaced.")],
    rollout: Annotated[str | None, typer.Option(help="Only what is about this rollout.")] = None,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write the decision log to a file for others.

    `jsonl` has one entry a line, and anybody can check its chain without Gatehold (docs/alerts.md tells how). `page` is
    one HTML file that needs no network and can be printed. The log is verified first; a broken one is written all the
    same, says so, and exits 5.
    """
    from flows import exporting
    from warehouse.people.store import People

    project = projects.load(config, data=data)
    if rollout is not None:
        project.policy.rollout(rollout)
    report = _verified(project, None)
    with People.open(project.data) as people:
        if format == "jsonl":
            count = exporting.as_lines(people, out, rollout=rollout)
        else:
            count = exporting.as_page(people, project, out, report, now=datetime.now(UTC), rollout=rollout)
    if as_json:
        terminal.emit({"out": out, "format": format, "entries": count, "chain": report})
    else:
        terminal.say(f"Written: {out}, {_entries(count)}.")
        _say_chain(report)
    raise typer.Exit(0 if report.ok else BROKEN)


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
