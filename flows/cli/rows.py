"""`gatehold rows`: the rows behind a number, read from the warehouse itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, Config, Data, Json, moment
from flows.cli.progress import progress
from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    from warehouse.behind import Behind

SHOWN = 300
"""Characters of a value that the terminal shows."""


def rows(
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="Name of the stream.")],
    start: Annotated[str | None, typer.Option(help="From this moment on (ISO 8601, UTC if no offset).")] = None,
    end: Annotated[str | None, typer.Option(help="Before this moment; now if not said.")] = None,
    metric: Annotated[str | None, typer.Option(help="Show what this metric makes of each row.")] = None,
    rollout: Annotated[str | None, typer.Option(help="Only this rollout.")] = None,
    release: Annotated[str | None, typer.Option(help="Only this release; empty: rows that name none.")] = None,
    arm: Annotated[str | None, typer.Option(help="Only this arm.")] = None,
    segment: Annotated[str | None, typer.Option(help="Only this segment; empty: rows that name none.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many rows.", min=1, max=1_000)] = 20,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show the newest rows of a stream, of a span and a slice.

    Of the day before `--end` if `--start` is not said. It reads the warehouse, raw text included, so it waits for a run
    that is going on; the board shows the same rows as far as they are published.
    """
    from flows.boarding.rows import cell_metric
    from flows.stores import open_stores
    from warehouse import behind
    from warehouse.records.metrics import Slice

    until = moment(end, "--end")
    since = moment(start, "--start") if start is not None else until - timedelta(days=1)
    if since >= until:
        raise UsageError(f"--start {since.isoformat()} is not before --end {until.isoformat()}.")
    project = projects.load(config, data=data)
    where, known = Slice(rollout, release, arm, segment), project.policy.stream(stream)
    measured = cell_metric(project.policy, stream, metric)
    with progress() as step, open_stores(project, say=step) as stores:
        found = behind.read(stores.warehouse, known, where, since, until, metric=measured, limit=limit)
    if as_json:
        terminal.emit(_told(found))
        return
    _show(found, of_metric=measured is not None)


def _told(found: Behind) -> dict[str, object]:
    rows = [
        {"inside": r.inside, "value": r.value, "row": dict(zip(found.columns, r.values, strict=True))}
        for r in found.rows
    ]
    return {"found": found.found, "inside": found.inside, "rows": rows}


def _show(found: Behind, *, of_metric: bool) -> None:
    inside = f"; the metric is about {found.inside:,} of them" if of_metric else ""
    terminal.say(f"{len(found.rows):,} of {found.found:,} rows shown{inside}.", "bold")
    for row in found.rows:
        if of_metric:
            said = "outside" if not row.inside else "unscored" if row.value is None else f"{row.value:g}"
            terminal.say(f"value: {said}", "bold")
        for name, value in zip(found.columns, row.values, strict=True):
            if value is not None:
                terminal.say(f"{name}: {_cut(value)}", indent=2)
        terminal.say("")


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
