"""`gatehold storage` and `gatehold erase`: what is kept, what it costs, and taking a person's rows out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import terminal
from flows.cli.options import DEFAULT_CONFIG, AsOf, Config, Data, Json, moment
from flows.cli.progress import progress
from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    from flows.retaining import Kept
    from warehouse.records.storage import Month, SnapshotState, StorageReport

app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)
SMALL = 0.005
"""Share of the whole below which an item is not listed by itself."""


@app.callback()
def show(context: typer.Context, config: Config = DEFAULT_CONFIG, data: Data = None, as_json: Json = False) -> None:
    """Show what takes how much room.

    Rows and bytes of every stream (raw text apart), summaries, evidence, quarantine, snapshot, people's records and
    reports; what was removed; how old the snapshot is. Takes the writer slot for a moment.
    """
    if context.invoked_subcommand is not None:
        return
    from flows import retaining
    from flows.stores import open_stores
    from warehouse import snapshot, storage

    project = projects.load(config, data=data)
    with progress() as say, open_stores(project, say=say) as stores:
        say("Measuring")
        report = storage.report(stores.warehouse, retaining.texts(project), reports=project.reports)
    state = snapshot.state(project.data)
    if as_json:
        terminal.emit({**terminal.jsonable(report), "snapshot": state})
        return
    _show_stored(report)
    _show_months(report.months)
    _show_removed(report)
    terminal.say(f"Snapshot: {state.detail}{_advice(state)}", "" if state.state == "ready" else "yellow")


def compact(config: Config = DEFAULT_CONFIG, data: Data = None, as_of: AsOf = None, as_json: Json = False) -> None:
    """Remove what has reached its age, and write the file anew.

    Nothing of removed rows and text is left in it then, and unused room is given back. Runs do this by themselves for
    text that was removed `rewrite_after` ago.
    """
    from flows import retaining, snapshotting, summarising
    from flows.scaling import lake
    from flows.stores import open_stores
    from warehouse import retention, storage

    project, now = projects.load(config, data=data), moment(as_of)
    with progress() as say, open_stores(project, say=say) as stores:
        # What rows say has to be counted before they may go.
        say("Summarising")
        summarising.summarise(project, stores)
        say("Removing what has reached its age")
        removed = retention.apply(stores.warehouse, retaining.rules(project), now=now)
        say("Writing the file anew")
        rewritten = storage.compact(stores.warehouse, now=now, force=True)
        published = snapshotting.publish(project, stores, now=now, fresh=True)
        behind = lake.trouble_forgetting(project, stores, now=now)
    kept = retaining.Kept(tuple(removed), rewritten, published, lake=behind)
    if as_json:
        terminal.emit(kept)
        return
    show_kept(kept)


def erase(
    by: Annotated[str, typer.Option(help="Who carries it out.")],
    reason: Annotated[str, typer.Option(help="Why; do not name the person here, it stays for good.")],
    session: Annotated[str | None, typer.Option(help="Erase every row of this session.")] = None,
    event: Annotated[str | None, typer.Option(help="Erase this event, all of its revisions.")] = None,
    where_column: Annotated[
        str | None, typer.Option(metavar="COLUMN=VALUE", help="Erase every row with this value in this column.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Erase a person's rows.

    All revisions, their text and mentions in quarantine go, from every file. Sums, evidence and decisions stay as they
    are. Rows of that person are not let in again. The decision log says what was erased, by a digest and not by the id.
    """
    from flows import erasing
    from flows.stores import open_stores

    column, value = _asked(session, event, where_column)
    project = projects.load(config, data=data)
    with progress() as say, open_stores(project, say=say) as stores:
        say("Erasing")
        done = erasing.erase(project, stores, column=column, value=value, by=by, reason=reason, now=datetime.now(UTC))
    if as_json:
        terminal.emit(done or {"record": None, "entries": [], "rewritten": None, "snapshot": None})
        return
    if done is None:
        terminal.say("No stored row matches; nothing was changed.")
        return
    record = done.record
    for stream, count in sorted(record.rows.items()):
        terminal.say(f"{stream}: {count:,} rows erased", indent=2)
    if record.quarantined:
        terminal.say(f"quarantine: {record.quarantined:,} mentions erased", indent=2)
    for stream, count in sorted(record.kept.items()):
        terminal.say(f"{stream}: {count:,} rows stay, for they record what people did", "yellow", indent=2)
    terminal.say(
        f"Erasure {record.erasure} is in the decision log. Sums, evidence and decisions are unchanged.", "green"
    )
    if done.lake:
        terminal.entry("warning", done.lake)
    terminal.say("Log files, backups and exported pages are yours to clean.", "yellow")


def show_kept(kept: Kept) -> None:
    """Print what a run or a compaction removed, and what could not be done."""
    for removal in kept.removed:
        if removal.rows:
            of = f" of {removal.stream}" if removal.stream else ""
            what = removal.what.replace("_", " ")
            terminal.say(f"{removal.rows:,} rows{of}: {what} from before {removal.bound:%Y-%m-%d} removed", indent=2)
    if kept.rewritten is not None:
        terminal.say(f"File written anew: {_size(kept.rewritten.before)} before, {_size(kept.rewritten.after)} now")
    for trouble in filter(None, (kept.trouble, kept.lake)):
        terminal.entry("warning", trouble)


def _asked(session: str | None, event: str | None, where_column: str | None) -> tuple[str, str]:
    given = [("session_id", session), ("event_id", event)]
    if where_column is not None:
        column, equals, value = where_column.partition("=")
        if not equals or not column:
            raise UsageError(f"--where-column {where_column!r} is not COLUMN=VALUE, for example rater=ann.")
        given.append((column, value))
    named = [(column, value) for column, value in given if value is not None]
    if len(named) != 1:
        raise UsageError("Say what to erase by exactly one of --session, --event and --where-column.")
    return named[0]


def _show_stored(report: StorageReport) -> None:
    whole = report.total or 1
    listed = [item for item in report.stored if item.group == "files" or item.bytes >= SMALL * whole]
    rest = [item for item in report.stored if item not in listed]
    rows: list[tuple[str, ...]] = [
        (
            item.group,
            item.name,
            "" if item.rows is None else f"{item.rows:,}",
            _size(item.bytes),
            _share(item.bytes, whole),
        )
        for item in listed
    ]
    if rest:
        small = sum(item.bytes for item in rest)
        rows.append(("", f"{len(rest)} smaller ones", "", _size(small), _share(small, whole)))
    terminal.table("Stored", ("what", "name", "rows", "size", "share"), rows)
    terminal.say(f"In all {_size(report.total)}, of which {_size(report.free)} are unused blocks.")


def _show_months(months: Sequence[Month]) -> None:
    rows = [(m.stream, m.month, f"{m.rows:,}", _size(m.text_bytes), _size(m.narrow_bytes)) for m in months[-36:]]
    if rows:
        terminal.table("Rows by month (sizes shared out by rows)", ("stream", "month", "rows", "text", "rest"), rows)


def _show_removed(report: StorageReport) -> None:
    if report.removals:
        newest = report.removals[-1]
        terminal.say(
            f"Retention removed something {len(report.removals)} times, last on {newest.at:%Y-%m-%d %H:%M} UTC."
        )
    if report.erasures:
        terminal.say(f"{report.erasures:,} erasures; `gatehold log show` has them.")
    if report.text_waiting_since is not None:
        since = f"{report.text_waiting_since:%Y-%m-%d %H:%M}"
        terminal.say(
            f"What was removed since {since} UTC may still stand in unused blocks; `gatehold storage compact` ends it.",
            "yellow",
        )


def _advice(state: SnapshotState) -> str:
    return "" if state.state == "ready" else " `gatehold run` publishes a new one."


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"
