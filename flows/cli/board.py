"""`gatehold board`: the web pages and the HTTP interface alone."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json

if TYPE_CHECKING:
    from flows.project import Project


def board(
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    host: Annotated[str, typer.Option(help="Address to listen on; beyond this machine only once people sign in.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8765,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", help="A further name it may be asked under, behind a proxy.")
    ] = None,
    first_link: Annotated[
        bool, typer.Option("--first-link/--no-first-link", help="Print a link for the first admin while there is none.")
    ] = True,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", metavar="DIR", help="Serve nothing; write the whole board as files into a new folder."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve the pages, and what each rollout may do, over HTTP.

    `/` is every rollout at a glance; `/api/v1/rollouts/NAME/gate` answers 200 for go and 403 for hold or pause;
    `/openapi.json` describes the rest. A run that writes does not hold it up. Reading is open to whoever reaches it on
    this machine only; to act, people sign in. While no admin can, a link is printed with which the first one sets a
    password. Beyond this machine (--host) everybody signs in, and somebody has to be able to.

    With --export every page becomes a file, beside the decision log and a manifest with a digest of each; what is in
    there needs no server and no network. It quotes what the report quotes: give it only to whom the logs may be shown.
    Exits 5 when the log's chain is broken.
    """
    from dashboards.http.serving import on_loopback, serve
    from flows.boarding.port import Boarding

    project = projects.load(config, data=data)
    if export is not None:
        _export(project, export, as_json=as_json)
        return
    if not on_loopback(host):
        _may_listen(project, host)
    serve(
        project.data,
        config=project.file,
        host=host,
        port=port,
        hosts=allow_host or (),
        say=lambda address: _listening(project, address, with_link=first_link, as_json=as_json),
        board=Boarding(project),
    )


def _export(project: Project, out: Path, *, as_json: bool) -> None:
    from flows.boarding.copying import export
    from flows.cli.progress import progress
    from flows.cli.records import BROKEN

    with progress() as say:
        done = export(project, out, now=datetime.now(UTC), say=say)
    if as_json:
        terminal.emit({"out": done.out, "files": done.files, "left_out": done.left_out, "chain": done.chain})
    else:
        terminal.say(f"Written: {done.out}, {done.files} files; begin with {done.out / 'index.html'}.")
        for address, reason in done.left_out.items():
            terminal.say(f"Left out: {address}: {reason}.", "dim")
        if not done.chain.ok:
            terminal.say(f"The log is broken at entry {done.chain.bad_seq}: {done.chain.reason}", "bold red")
    raise typer.Exit(0 if done.chain.ok else BROKEN)


def _may_listen(project: Project, host: str) -> None:
    """Warn of what it takes to listen beyond this machine.

    Raises:
        UsageError: nobody could sign in.
    """
    from flows import boarding
    from warehouse.records.errors import UsageError

    if not boarding.somebody_can_sign_in(project.data):
        raise UsageError(
            f"Nobody can sign in yet, so the board listens on this machine only; given {host!r}. Start it without "
            "--host first and set a password with the link that it prints (or keep it so behind a proxy, --allow-host)."
        )
    terminal.note(
        f"Listening on {host} without TLS: whoever is on the way can read passwords. Put a proxy with TLS before it, "
        "and name it with --allow-host."
    )


def _listening(project: Project, address: str, *, with_link: bool, as_json: bool) -> None:
    from flows import boarding

    link = boarding.first_link(project.data, address, now=datetime.now(UTC)) if with_link else None
    if as_json:
        terminal.emit({"address": address, "first_link": link})
        sys.stdout.flush()
        return
    terminal.say(f"The board listens on {address} - stop it with Ctrl-C.")
    if link is not None:
        terminal.say("No admin can sign in yet. This link lets the first one set a password, once, within an hour:")
        # A link that is broken into lines cannot be followed.
        print(link, flush=True)
