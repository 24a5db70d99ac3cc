"""`gatehold board`: the web page and the HTTP interface alone."""

from __future__ import annotations

from typing import Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json


def board(
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    host: Annotated[str, typer.Option(help="Address of this machine's loopback.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8765,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", help="A further name it may be asked under, behind a proxy.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve the latest page, and what each rollout may do, over HTTP.

    Reading only, on this machine only. `/` is the page, `/api/v1/rollouts/NAME/gate` answers 200 for go and 403 for
    hold or pause, `/openapi.json` describes the rest. A run that writes does not hold it up.
    """
    from dashboards.http.serving import serve

    def listening(address: str) -> None:
        if as_json:
            terminal.emit({"address": address})
        else:
            terminal.say(f"The board listens on {address} - stop it with Ctrl-C.")

    project = projects.load(config, data=data)
    serve(
        project.data,
        config=project.file,
        host=host,
        port=port,
        hosts=allow_host or (),
        say=listening,
    )
