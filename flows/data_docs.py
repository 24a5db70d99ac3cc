"""Data docs: a page of the kept results of the expectations for each stream, written when somebody asks."""

from __future__ import annotations

import os
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import cast

from checks.quality.data_docs import Checked, Result, StreamDocs, stream_docs
from checks.quality.expectations import suite
from checks.quality.records import CheckState
from dashboards.data_docs.model import DocsPage
from flows import deciding
from flows.project import Project
from flows.stores import Stores
from warehouse import check_runs, findings

LIMIT = 500
"""The most runs and the most findings of a stream that its page shows."""


def write(project: Project, stores: Stores, *, main_page: Path, now: datetime) -> list[Path]:
    """The paths of the pages, beside the main page; each replaces the one before in one step.

    Streams that a source fills or that the policy expects something of have a page, checked or not.
    """
    from dashboards.data_docs.page import page

    policy = project.policy
    streams = sorted({source.stream for source in policy.sources} | {check.stream for check in policy.checks})
    names = tuple((stream, f"data-docs-{stream}.html") for stream in streams)
    last = [deciding.last_standing(stores, rollout.name) for rollout in policy.rollouts]
    simulated = any(standing is not None and standing.simulated for standing in last)
    version = metadata.version("gatehold")
    written = []
    for stream, name in names:
        shown = DocsPage(gather(project, stores, stream), now, version, simulated, names, main_page.name, LIMIT)
        written.append(_replace(main_page.parent / name, page(shown)))
    return written


def gather(project: Project, stores: Stores, stream: str) -> StreamDocs:
    """What was kept of the checks of one stream, beside what the policy expects of it now."""
    known = project.policy.stream(stream)
    carried_out = check_runs.recent(stores.warehouse, stream, limit=LIMIT)
    runs = [
        Checked(r.checked_at, r.first_batch, r.last_batch, r.passed, r.failed, r.errored, r.no_data)
        for r in carried_out
    ]
    kept = check_runs.results(stores.warehouse, carried_out[0]) if carried_out else []
    results = {r.name: Result(cast(CheckState, r.state), r.observed) for r in kept}
    found = findings.of_stream(stores.warehouse, stream, kind="expectation", limit=LIMIT)
    checks = suite(known, project.policy.expectations(stream))
    return stream_docs(stream, known.description, checks, runs, found, results)


def _replace(path: Path, html: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    aside.write_text(html, encoding="utf-8")
    os.replace(aside, path)
    return path
