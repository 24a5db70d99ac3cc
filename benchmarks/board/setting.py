"""A rollout with twenty gates, and a year of history behind it: its rows, and what runs said every hour."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import yaml

from benchmarks.hourly import setting
from benchmarks.ingest import rows as logs
from flows import project as projects
from flows.once import run_with
from flows.project import Project
from flows.stores import Stores, open_stores
from warehouse.people import log
from warehouse.records.decisions import MONITOR, NewDecision

PAST = """
INSERT INTO standings SELECT '{rollout}', hour, hour + INTERVAL 3 HOUR,
       if(epoch(hour)::BIGINT // 86_400 % 5 < 3, 'go', 'hold'), 'pilot', 'Units needed.', 'harm'
FROM range($begin::TIMESTAMPTZ, $end::TIMESTAMPTZ, INTERVAL 1 HOUR) hours(hour)
"""
SAID = """
INSERT INTO verdicts SELECT '{rollout}', gate, hour, 'insufficient', 0.05 + hash(hour) % 1000 / 1e5, 100, 'v0'
FROM range($begin::TIMESTAMPTZ, $end::TIMESTAMPTZ, INTERVAL 1 HOUR) hours(hour), (SELECT unnest($gates) AS gate)
"""
DAYS = 365
LATER = {
    "harm": 0.7,
    "refusals": 0.2,
    "success": 0.7,
    "escalations": 0.1,
    "slow": 0.9,
    "dear": 0.7,
    "helpful": 0.3,
    "readable": 0.4,
    "fresh": 6,
    "people-named": 1,
}
"""Limits of the second gate on each metric."""


def make(folder: Path, rows: int, batches: int) -> Project:
    """The project in a folder, with a year of rows in batches of one size, after its first run."""
    project = _with_more_gates(setting.make(folder))
    with open_stores(project) as stores:
        setting.fill(stores, rows, batches)
        _past(stores, [gate.name for gate in project.policy.gates])
        # A source is complete up to a time only once it was read.
        logs.write(project.base / "logs" / "first.jsonl", 0, 1)
        run_with(project, stores, now=logs.BEGIN + timedelta(minutes=30))
        _decided(stores)
    return project


def _with_more_gates(project: Project) -> Project:
    """The project with a second gate beside each, on the same metric with another limit."""
    policy = yaml.safe_load(project.file.read_text(encoding="utf-8"))
    for gate in list(policy["gates"]):
        if "alpha" in gate:
            gate["alpha"] = 0.01
        limit = "at_most" if "at_most" in gate else "at_least"
        policy["gates"].append(gate | {"name": f"{gate['name']}-later", limit: LATER[gate["name"]]})
    # The generated models change from row to row, and every change would begin the evidence anew.
    for name in ("model_requested", "model_answered"):
        del policy["sources"][0]["fields"][name]
    project.file.write_text(yaml.safe_dump(policy), encoding="utf-8")
    return projects.load(project.file.parent, environment={})


def _past(stores: Stores, gates: list[str]) -> None:
    """What a run said every hour of the year before."""
    begin = logs.BEGIN - setting.YEAR
    with stores.warehouse.transaction() as connection:
        hours = {"begin": begin, "end": logs.BEGIN}
        connection.execute(PAST.format(rollout=setting.ROLLOUT), hours)
        connection.execute(SAID.format(rollout=setting.ROLLOUT), {**hours, "gates": gates})


def _decided(stores: Stores) -> None:
    """A decision of every day of that year: each as the first run's, with all that decisions of twenty gates hold."""
    said = log.latest(stores.people, rollout=setting.ROLLOUT, limit=1)[0]
    for day in range(DAYS):
        at = logs.BEGIN - setting.YEAR + timedelta(days=day)
        new = NewDecision(
            f"day/{day}", at, said.rollout, said.kind, MONITOR, said.summary, f"{day}", said.config_digest, said.body
        )
        log.append(stores.people, new)
