"""`gatehold ingest`, `run` and `demo`: the commands that do something."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from flows import project as projects
from flows.cli import look, terminal
from flows.cli.options import DEFAULT_CONFIG, AsOf, Config, Data, Json, moment

if TYPE_CHECKING:
    from warehouse.records.evidence import Finding
    from warehouse.records.ingest import PullReport

DEGRADED = 4


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A line on stderr that says what is being done; a spinner on a terminal, one line per step elsewhere."""
    err = Console(stderr=True, highlight=False, markup=False)
    if not err.is_terminal:
        yield lambda text: err.print(Text(f"{terminal.visible(text)} ...", style="dim"))
        return
    with err.status("Starting ...") as shown:
        yield lambda text: shown.update(Text(f"{terminal.visible(text)} ..."))


def ingest(config: Config = DEFAULT_CONFIG, data: Data = None, as_of: AsOf = None, as_json: Json = False) -> None:
    """Pull every source once; exit 4 if a source could not be read in full."""
    from flows import pulling
    from flows.stores import open_stores

    project = projects.load(config, data=data)
    with progress() as say, open_stores(project) as stores:
        say("Pulling sources")
        pulled = pulling.pull_sources(
            project, stores, now=moment(as_of), progress=lambda file, done, total: say(f"{file}: {_share(done, total)}")
        )
    if as_json:
        terminal.emit(pulled)
    else:
        show_pulled(pulled)
    raise typer.Exit(DEGRADED if any(report.degraded for report in pulled) else 0)


def run(config: Config = DEFAULT_CONFIG, data: Data = None, as_of: AsOf = None, as_json: Json = False) -> None:
    """Do one whole monitoring pass without a server: pull, check, summarise, judge, decide, hand out."""
    from flows import publishing
    from flows.once import run_with
    from flows.stores import open_stores

    project = projects.load(config, data=data)
    now = moment(as_of)
    for warning in project.policy.warnings:
        terminal.note(f"Warning: {warning.file}:{warning.line}: {warning.message} {warning.hint}")
    with progress() as say, open_stores(project) as stores:
        done = run_with(project, stores, now=now, say=say)
        say("Writing the page")
        page = publishing.write_page(project, stores, now=now)
    if as_json:
        terminal.emit(done)
        return
    show_pulled(done.pulled)
    show_findings(done.checks.findings)
    for outcome in done.outcomes:
        look.show_standing(outcome.standing.rollout, terminal.jsonable(outcome.standing))
    terminal.say(f"Page: {page}", "dim")


def demo(
    folder: Annotated[Path, typer.Argument(help="Where the demo may write; made if absent.")] = Path("demo"),
    seed: Annotated[int | None, typer.Option(help="Seed of the traffic; the story is told for the default.")] = None,
    as_json: Json = False,
) -> None:
    """Tell a whole story on six weeks of simulated traffic: it goes wrong, and the rollout is paused."""
    from flows.demo import story

    tell = (lambda line: None) if as_json else terminal.say
    told = story.tell(folder, seed=seed, say=tell, tick=progress)
    if as_json:
        terminal.emit(told)
        return
    for line in told.closing():
        terminal.say(line, "bold" if line.isupper() else "")
    sys.stdout.flush()


def show_pulled(pulled: Sequence[PullReport]) -> None:
    """Print what each source brought, and where it was degraded."""
    rows: list[list[str | terminal.Text]] = []
    for report in pulled:
        new = [b for b in report.batches if not b.repeated]
        counts = [sum(getattr(b, name) for b in new) for name in ("received", "accepted", "duplicate", "restated")]
        rest = [sum(getattr(b, name) for b in new) for name in ("quarantined", "late")]
        state = (
            terminal.Text("degraded", style="bold magenta") if report.degraded else terminal.Text("ok", style="green")
        )
        rows.append([report.source, report.stream, f"{len(new)}", *(f"{n:,}" for n in counts + rest), state])
    terminal.table(
        "Sources",
        [
            "source",
            "stream",
            "new files",
            "received",
            "accepted",
            "duplicate",
            "restated",
            "quarantined",
            "late",
            "state",
        ],
        rows,
    )
    for report in pulled:
        if report.degraded:
            terminal.say(f"{report.source}: {report.degraded}", "magenta")
        reasons: dict[str, int] = {}
        for batch in report.batches:
            for reason, count in ({} if batch.repeated else batch.reasons).items():
                reasons[reason] = reasons.get(reason, 0) + count
        if reasons:
            told = ", ".join(f"{count:,} {reason}" for reason, count in sorted(reasons.items()))
            terminal.say(f"{report.source}: quarantined {told}", "yellow")


def show_findings(findings: Sequence[Finding], most: int = 20) -> None:
    """Print the newest findings of the data checks."""
    if not findings:
        return
    terminal.table(
        "Findings",
        ["severity", "state", "stream", "subject", "what"],
        ([f.severity, f.state, f.stream, f.subject, f.detail] for f in findings[:most]),
    )
    if len(findings) > most:
        terminal.say(f"... and {len(findings) - most} more; --json gives all.", "dim")


def _share(done: int, total: int) -> str:
    return f"{100 * done // total} %" if total else f"{done:,} rows"
