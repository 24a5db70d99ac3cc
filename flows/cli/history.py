"""`gatehold backfill` and `replay`: what was, computed again, and what another policy would have said of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, AsOf, Config, Data, Json, moment
from flows.cli.progress import progress, remaining

if TYPE_CHECKING:
    from dashboards.replay.model import Replay
    from flows.backfilling import Backfilled, MetricPlan
    from warehouse.records.intervals import Intervals

Start = Annotated[str, typer.Option("--start", help="First moment of the span (ISO 8601, UTC if no offset).")]
End = Annotated[str, typer.Option("--end", help="Moment at which the span ends; it is not part of it.")]


def backfill(
    start: Start,
    end: End,
    metric: Annotated[list[str] | None, typer.Option(help="Only this metric; may be said several times.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only what this source brought; may be repeated.")] = None,
    only_missing: Annotated[
        bool, typer.Option("--only-missing", help="Leave alone what is summarised; else all is computed again.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Readers at once; one writes.")] = 1,
    dask: Annotated[
        str | None, typer.Option(help="Read on a Dask cluster: its address, or `local` for processes on this host.")
    ] = None,
    as_of: AsOf = None,
    max_rows: Annotated[int | None, typer.Option(min=0, help="Do nothing if more rows would have to be read.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Compute the summaries of a span of history again.

    Cells and units of evidence come anew from the stored rows: for a metric that is new or was changed, or because
    what is stored is doubted. The result is the same as that of the hourly run, bit for bit. Nothing is decided, paused
    or sent: what follows from it is said by the next `gatehold run`. Killed and typed again, it goes on where it was.
    """
    from flows import backfilling
    from flows.stores import open_stores

    project = projects.load(config, data=data)
    request = backfilling.Request(
        start=moment(start, "--start"),
        end=moment(end, "--end"),
        metrics=tuple(metric or ()),
        sources=tuple(source or ()),
        only_missing=only_missing,
        workers=workers,
        as_of=moment(as_of) if as_of else None,
        max_rows=max_rows,
        dask=dask,
    )
    with progress() as say, open_stores(project, say=say) as stores:
        if dry_run:
            say("Looking for what there is to do")
            found = backfilling.plan(project, stores, request)
        else:
            found = backfilling.backfill(project, stores, request, progress=remaining(say, "Backfilling"))
    if as_json:
        terminal.emit(found)
    else:
        show(found)


def show(found: Backfilled) -> None:
    """Print what a backfill does or did, metric by metric."""
    heads = ("Metric", "Unit", "Missing", "Dirty", "Restated", "Batches", "Rows")
    terminal.table(
        f"From {found.start:%Y-%m-%d %H:%M} to {found.end:%Y-%m-%d %H:%M} UTC", heads, map(_row, found.plans)
    )
    if kept := sum(plan.kept for plan in found.plans):
        terminal.say(f"{kept:,} summaries stay as they are: rows under them were erased or removed by age.", "dim")
    if found.through_batch is not None:
        terminal.say(f"As known when batch {found.through_batch} was in.", "dim")
    if found.done is None:
        terminal.say(
            f"Nothing was done. {found.pairs:,} summaries (metric and batch) from {found.rows:,} rows, about "
            f"{found.seconds:,.0f} s."
        )
        return
    terminal.say(f"{found.done:,} summaries (metric and batch) computed from {found.rows:,} rows.")
    sums = ("Metric", "Unit", "Rows inside", "Unscored", "Units of evidence")
    told = [(s.metric, s.unit, f"{s.items:,}", f"{s.unscored:,}", f"{s.units:,}") for s in found.sums]
    terminal.table("What is stored of the span now", sums, told)
    terminal.say("Nothing was decided: the next `gatehold run` says what follows from it.", "dim")


def _row(plan: MetricPlan) -> tuple[str, ...]:
    spans = (_spans(plan.missing), _spans(plan.dirty), _spans(plan.restated))
    return (plan.metric, plan.unit, *spans, f"{plan.batches:,}", f"{plan.rows:,}")


def _spans(spans: Intervals, most: int = 2) -> str:
    """Spans in words: the first few, and how many more there are."""
    if not spans:
        return "none"
    told = [f"{span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M}" for span in spans[:most]]
    return ", ".join(told) + (f" and {len(spans) - most:,} more" if len(spans) > most else "")


def replay(
    start: Start,
    end: End,
    out: Annotated[
        Path | None, typer.Option(help="Where the page of differences goes; reports/replay.html if not said.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Say what another policy would have decided on this history.

    Every run of the monitor in the span is judged again under the policy of --config, with what was known then, on a
    copy of the data in --data. Nothing of the live rollouts is touched. It is exploratory: a policy chosen because it
    looks good on the past has proved nothing yet.
    """
    from flows import replaying

    project = projects.load(config, data=data)
    with progress() as say:
        found = replaying.replay(project, start=moment(start, "--start"), end=moment(end, "--end"), say=say)
    page = out or project.reports / "replay.html"
    replaying.write_page(found, page)
    if as_json:
        terminal.emit({**terminal.jsonable(found), "page": page})
        return
    show_replay(found)
    terminal.say(f"Page: {page}", "dim")


def show_replay(found: Replay) -> None:
    """Print where the two policies part."""
    terminal.say("Exploratory: computed afterwards, on a copy; nothing was decided.", "bold")
    if not found.moments:
        terminal.say("The span holds no moment at which anything was known.")
        return
    terminal.say(f"{found.moments:,} moments judged, {len(found.differences):,} spans in which the policies part.")
    heads = ("Rollout", "From", "To", "Then", "Replayed", "Because")
    terminal.table(
        "Differences",
        heads,
        [
            (d.rollout, f"{d.start:%Y-%m-%d %H:%M}", f"{d.end:%Y-%m-%d %H:%M}", d.then, d.replayed, d.reason)
            for d in found.differences
        ],
    )
