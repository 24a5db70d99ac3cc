"""`gatehold drift-history`: the windows of the drift comparisons, written where `evidently ui` shows them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json, moment
from flows.cli.progress import progress

if TYPE_CHECKING:
    from flows.drift_history import Line

STYLES = {"failed": "bold red", "left_out": "yellow", "no_data": "bright_black", "kept": "dim"}


def drift_history(
    stream: Annotated[str | None, typer.Option(help="Only comparisons of this stream.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only windows that begin at this moment or later (ISO 8601, UTC if no offset).")
    ] = None,
    workspace: Annotated[
        Path | None,
        typer.Option(help="Its folder; if not said, that of the configuration, else evidently/ in the data folder."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write windows of drift for Evidently's own server.

    One snapshot for every whole window after the reference, the newest 300 of each comparison; what is there and still
    right stays. Exit 1 when a window failed: what was there of it is kept.
    """
    from flows import drift_history as history

    start = None if since is None else moment(since, "--since")
    project = projects.load(config, data=data)
    with progress() as step:
        lines = history.write(project, workspace=workspace, stream=stream, since=start, say=step)
    if as_json:
        terminal.emit({"windows": lines, "counts": history.outcome(lines)})
    else:
        _show(lines)
    if any(line.state == "failed" for line in lines):
        raise typer.Exit(1)


def _show(lines: Sequence[Line]) -> None:
    if not lines:
        terminal.say("No drift comparison has a reference; one is written under `drift:` in the configuration.")
        return
    cells = [(_word(line.state), line.comparison, _time(line.start), _time(line.end), line.why) for line in lines]
    terminal.table("Drift history", ("", "comparison", "from (UTC)", "to (UTC)", "why"), cells)
    held = ("written", "replaced", "kept")
    for place in dict.fromkeys(line.workspace for line in lines if line.state in held):
        terminal.say(f"Open it: DO_NOT_TRACK=1 evidently ui --workspace {shlex.quote(place)}")


def _word(state: str) -> terminal.Text:
    return terminal.Text(state.replace("_", " "), style=STYLES.get(state, ""))


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"
