"""`gatehold ingest`, `run` and `demo`: the commands that do something."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import project as projects
from flows.cli import look, storage, terminal
from flows.cli.options import DEFAULT_CONFIG, AsOf, Config, Data, Json, moment
from flows.cli.progress import progress, reading

if TYPE_CHECKING:
    from flows.delivering import DeliveryReport
    from warehouse.records.evidence import Finding
    from warehouse.records.ingest import PullReport

DEGRADED = 4
SCENE = len("Mon 01 Jan 00:00  RESTATE    ")


def ingest(config: Config = DEFAULT_CONFIG, data: Data = None, as_of: AsOf = None, as_json: Json = False) -> None:
    """Pull every source once.

    Exit 4 if a source could not be read in full. Nothing is judged: that is `gatehold run`, which pulls as well.
    """
    from flows import pulling
    from flows.stores import open_stores

    project, now = projects.load(config, data=data), moment(as_of)
    with progress() as say, open_stores(project, say=say) as stores:
        say("Pulling sources")
        pulled = pulling.pull_sources(project, stores, now=now, progress=reading(say))
    if as_json:
        terminal.emit(pulled)
    else:
        show_pulled(pulled)
    raise typer.Exit(DEGRADED if any(report.degraded for report in pulled) else 0)


def run(config: Config = DEFAULT_CONFIG, data: Data = None, as_of: AsOf = None, as_json: Json = False) -> None:
    """Do one whole monitoring pass.

    Pull, check, summarise, judge, decide, hand out, write the page; no server is needed. Exit 0 whatever the standing:
    ask `gatehold gate`. Run it again at any time; what is known already is not counted twice. With --as-of in the past
    decisions are recorded and nothing is handed out.
    """
    from flows import capability, publishing
    from flows.once import run_with
    from flows.stores import open_stores

    project, now = projects.load(config, data=data), moment(as_of)
    granted = capability.granted(project.data, now=now)
    acting = granted if isinstance(granted, capability.Acting) else None
    for warning in project.policy.warnings:
        terminal.note(f"Warning: {warning.file}:{warning.line}: {warning.message} {warning.hint}")
    with progress() as say, open_stores(project, say=say) as stores:
        done = run_with(project, stores, now=now, say=say, reading=reading(say), acting=acting)
        done = done if isinstance(granted, capability.Acting) else replace(done, withheld=granted.reason)
        say("Writing the page")
        page = publishing.write_page(project, stores, now=now, drift=list(done.checks.drift.values()))
    if as_json:
        terminal.emit({**terminal.jsonable(done), "page": page})
        return
    show_pulled(done.pulled)
    show_findings(done.checks.findings)
    found = [terminal.jsonable(outcome.standing) for outcome in done.outcomes]
    for outcome, standing in zip(done.outcomes, found, strict=True):
        (look.show_standing if len(found) == 1 else look.show_briefly)(standing)
        if outcome.reopened is not None:
            terminal.say(outcome.reopened.summary, "yellow", indent=2)
    if len(found) > 1:
        terminal.say("`gatehold gate ROLLOUT` shows every gate of one.", "dim")
    look.mark_simulated(found)
    if done.withheld:
        terminal.entry("warning", done.withheld)
    show_undelivered(done.delivered)
    if done.lake:
        terminal.entry("warning", done.lake)
    if done.kept is not None:
        storage.show_kept(done.kept)
    terminal.say(f"Page: {page}", "dim")


def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the demo may write; made if absent.")] = Path(
        "demo"
    ),
    seed: Annotated[int | None, typer.Option(help="Seed of the traffic; the story is told for the default.")] = None,
    as_json: Json = False,
) -> None:
    """Tell a whole story on simulated traffic.

    Six weeks of one support agent: it goes wrong, and the rollout is paused. Everything in it is marked as simulated.
    """
    from flows.demo import story

    tell = (lambda line: None) if as_json else (lambda line: terminal.hanging(line, SCENE))
    told = story.tell(folder, seed=seed, say=tell, tick=progress)
    if as_json:
        terminal.emit(told)
        return
    # Typed from a checkout the command is not on the path: the lines to copy have to work as they are.
    command = "gatehold" if shutil.which("gatehold") else sys.argv[0]
    for line in told.closing(command):
        terminal.say(line, "bold" if line.isupper() else "")
    sys.stdout.flush()


def show_pulled(pulled: Sequence[PullReport]) -> None:
    """Print what each source brought, and where it was degraded."""
    terminal.say("Sources", "bold")
    for report in pulled:
        state = "degraded" if report.degraded else "ok"
        because = f". {report.degraded}" if report.degraded else ""
        terminal.entry(state, f"{report.source} ({report.stream}): {', '.join(_brought(report))}{because}")
        for batch in report.batches:
            if batch.error and not batch.repeated and batch.error not in (report.degraded or ""):
                terminal.say(batch.error, "yellow", indent=terminal.LABEL + 4)


def _brought(report: PullReport) -> Iterator[str]:
    new = [batch for batch in report.batches if not batch.repeated]
    if not new:
        yield "nothing new"
        return
    yield f"{len(new):,} new file{'' if len(new) == 1 else 's'}"
    for name in ("received", "accepted", "duplicate", "restated", "late"):
        count = sum(getattr(batch, name) for batch in new)
        if count or name in ("received", "accepted"):
            yield f"{count:,} {name}"
    reasons: dict[str, int] = {}
    for batch in new:
        for reason, count in batch.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + count
    if reasons:
        told = ", ".join(f"{count:,} {reason}" for reason, count in sorted(reasons.items()))
        yield f"{sum(reasons.values()):,} in quarantine ({told})"


def show_undelivered(report: DeliveryReport | None) -> None:
    """Print whom a decision did not reach, and what happens next."""
    if report is None:
        return
    for message in report.failed:
        detail = f"{message.kind} {message.target} was not reached (attempt {message.attempts}): {message.last_error}"
        terminal.entry("warning", detail)
    for message in report.dead:
        terminal.entry("error", f"{message.kind} {message.target} was given up: {message.last_error}")


def show_findings(findings: Sequence[Finding], most: int = 20) -> None:
    """Print the newest findings of the data checks."""
    if not findings:
        return
    terminal.say("Findings of the data checks", "bold")
    for finding in findings[:most]:
        where = f"{finding.stream}.{finding.subject}" if finding.subject else finding.stream
        # In a history that came in at once, what a change means hangs on when it was.
        when = f" (data of {finding.seen_at:%Y-%m-%d})" if finding.seen_at else ""
        terminal.entry(finding.severity, f"{where}{when}: {finding.detail}")
    if len(findings) > most:
        terminal.say(f"... and {len(findings) - most} more; --json gives all.", "dim")
