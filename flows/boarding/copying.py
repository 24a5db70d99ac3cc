"""`gatehold board --export`: the whole board as files, to keep with a release or to send to an auditor."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from flows.project import Project
from warehouse.records.errors import StoreError, UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from dashboards.export.crawling import Crawled
    from warehouse.records.decisions import ChainReport
    from warehouse.records.people import Person

LOG = "/decisions.jsonl"
FOR_PROGRAMS = ("/openapi.json", "/metrics", "/healthz", "/api/v1/rollouts", "/api/v1/metrics", "/api/v1/sources")
ONLY_ON_THE_BOARD = ("/signin", "/signout", "/link", "/version")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the folder, how many files, what was left out and why, and whether the log is whole."""

    out: Path
    files: int
    left_out: dict[str, str]
    chain: ChainReport


def export(project: Project, out: Path, *, now: datetime, say: Callable[[str], None] = lambda text: None) -> Exported:
    """The whole board as it stands at `now`, as files in `out`: nothing of it needs a server or the network.

    All pages are made from one copy of what readers look at, so a run that writes meanwhile does not show in some of
    them. Nobody is signed in there and nothing can be done.

    Raises:
        StoreError: something cannot be read or written.
        UsageError: `out` is there already and not empty.
        ServiceError: the board failed at a page.
    """
    from warehouse.copying import copy

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already. Name a folder that does not exist yet: copies are never mixed.")
    aside = out.with_name(f"{out.name}.part")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        with tempfile.TemporaryDirectory(prefix="gatehold-copy-") as folder:
            data = Path(folder) / "data"
            say("Copying the records")
            copy(project.data, data)
            copied = Project(project.policy, project.file, data, project.environment)
            done = _written(copied, aside, now, say)
        if out.exists():
            out.rmdir()
        os.replace(aside, out)
    except OSError as error:
        raise StoreError(f"{out} could not be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Exported(out, done[0], done[1].left_out, done[2])


def _written(
    project: Project, folder: Path, now: datetime, say: Callable[[str], None]
) -> tuple[int, Crawled, ChainReport]:
    from dashboards.export import manifest
    from dashboards.export.crawling import Kept, crawl
    from flows import exporting
    from warehouse.people import log
    from warehouse.people.store import People

    with People.open(project.data) as people:
        chain = log.verify(people)
        exporting.as_lines(people, folder / "decisions.jsonl")
    ready = {LOG: Kept("decisions.jsonl", LOG, "application/x-ndjson")}
    app = _app(project, now, chain)
    found = crawl(app, folder, _seeds(project), ready=ready, skip=lambda path: path in ONLY_ON_THE_BOARD, say=say)
    say("Writing the manifest")
    about = {"version": metadata.version("gatehold"), "config_digest": project.policy.digest}
    made = manifest.write(folder, found, chain, now=now, about=about)
    return len(made["files"]), found, chain


def _seeds(project: Project) -> list[str]:
    each = [f"/api/v1/rollouts/{quote(rollout.name, safe='')}" for rollout in project.policy.rollouts]
    return ["/", "/decisions", "/people", *FOR_PROGRAMS, *each]


def _app(project: Project, now: datetime, chain: ChainReport) -> FastAPI:
    """The board over the copy: nobody is signed in, everything may be read, and nobody is told that it was."""
    from dashboards.board import asking
    from dashboards.board.routes import managing
    from dashboards.http import create
    from flows.boarding.port import Boarding

    class Copied(Boarding):
        """The port without notes in the log: the log of the copy is as it was."""

        def looked(self, person: Person, what: str, *, now: datetime) -> None:
            """Nothing is noted."""

    app = create(project.data, config=project.file, clock=lambda: now, board=Copied(project, clock=lambda: now))
    app.dependency_overrides[asking.asker] = lambda: asking.Asker(None, "")
    app.dependency_overrides[asking.may_read_raw] = lambda: None
    # Who may sign what is what an auditor asks first; hashes, tokens and links stand on no page.
    app.dependency_overrides[managing.may_see_people] = lambda: None
    head = f", whose head is {chain.head}" if chain.entries else ""
    app.state.copied = f"A copy of the board, made at {now:%Y-%m-%d %H:%M} UTC: {chain.entries} decisions{head}."
    return app
