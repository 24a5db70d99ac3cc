"""Standings, gates and sources that tests of the machine interface use, and a board over a project that has run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import projects
from asking import Client

from checks.gates.records import LayerState, Reason, Standing, Verdict
from dashboards.http import create
from flows.project import Project
from warehouse.records.ingest import SourceState

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOSTILE = '"><script>alert(1)</script>\n\\ \u202e{{7*7}}'


def verdict(gate: str, outcome: Any = "pass", **changes: Any) -> Verdict:
    base = Verdict(
        gate=gate,
        rollout="support",
        metric=f"{gate}_rate",
        kind="rate",
        layer="model",
        outcome=outcome,
        reason="limit_kept",
        detail=f"What {gate} says: {HOSTILE}",
        direction="at_most",
        limit=0.1,
        measure="share",
        unit="session",
        estimate=0.02,
        low=0.01,
        high=0.04,
        units=300,
        unscored=2,
        evidence_breach=-1.0,
        evidence_pass=3.0,
        proof_breach=4.0,
        proof_pass=3.0,
        more_units=None,
        newest=NOW - HOUR,
        epoch="e1",
        release=HOSTILE,
        on_breach="pause",
        required=True,
        owner="Ines",
        evidence_digest="d",
        headroom=0.6,
    )
    return replace(base, **changes)


def standing(rollout: str = "support", says: Any = "go", **changes: Any) -> Standing:
    base = Standing(
        rollout=rollout,
        standing=says,
        stage="pilot",
        release=HOSTILE,
        at=NOW,
        valid_until=NOW + 3 * HOUR,
        reasons=(Reason("all_pass", HOSTILE),),
        binding=None,
        runner_up=None,
        if_mended=None,
        layers=(LayerState("model", "pass", None, 1, 1),),
        verdicts=(verdict("harm", rollout=rollout),),
        evidence_digest="e",
        config_digest="c",
        simulated=False,
    )
    return replace(base, **changes)


def source(name: str = "logs", **changes: Any) -> SourceState:
    return replace(SourceState(name, "interactions", NOW, NOW - HOUR, NOW, None, 9, 5, 1, 1, 2, 3), **changes)


def ran(folder: Path, *, hours: int = 3) -> Project:
    """A project that ran a few times: hostile text in its rows, one row in quarantine, one source degraded."""
    values = projects.policy()
    values["sources"].append(projects.source("gone", "gone/*.jsonl"))
    project = projects.make(folder, values)
    rows = projects.answers(0, hours=hours)
    hostile = [{**row, "build": HOSTILE, "prompt": HOSTILE, "talk": HOSTILE} for row in projects.answers(0, mark="h")]
    projects.write(project, "a.jsonl", [*rows, *hostile, {"id": HOSTILE, "ts": HOSTILE}])
    for hour in range(2, hours + 2):
        projects.run(project, hour)
    return project


def client(project: Project, hour: float) -> Client:
    """The board over the project at that hour."""
    at = projects.START + hour * projects.HOUR
    return Client(create(project.data, config=project.file, clock=lambda: at))
