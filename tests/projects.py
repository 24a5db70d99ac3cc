"""A small real project on disk: a policy, logs, a file switch and a file channel, and runs of the monitor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from acting_examples import acting
from ingest_tools import everything

from flows import project as projects
from flows.deciding import Outcome
from flows.once import Pass, run_once
from flows.project import Project
from flows.stores import Stores, open_stores
from warehouse.people import log, outbox
from warehouse.records.decisions import DecisionEntry, Delivery

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
AGENT, SEARCH = "support-agent", "search-agent"

HISTORY = ("standings", "verdicts")
"""Tables of the warehouse that keep what every run said; all others change only when something is new."""


def source(name: str, path: str, rollout: str = AGENT, stream: str = "interactions") -> dict[str, Any]:
    fields = {"event_id": "id", "occurred_at": "ts", "session_id": "talk", "rollout": f"={rollout}", "release": "build"}
    return {"name": name, "kind": "jsonl", "path": path, "stream": stream, "lateness": "1h", "fields": fields}


def rollout(name: str = AGENT) -> dict[str, Any]:
    people = {"owner": {"name": "Ada", "contact": "ada@example.org"}, "deputy": {"name": "Bo", "contact": "bo@x.org"}}
    return {"name": name, **people, "stages": ["pilot", "limited", "general"], "switch": switch(name)}


def switch(name: str) -> dict[str, str]:
    return {"kind": "file", "path": f"{name}.switch.json"}


def harm_gate(name: str = "harm", rollout: str = AGENT, **changes: Any) -> dict[str, Any]:
    gate = {"name": name, "rollout": rollout, "metric": "harmful_output_rate", "at_most": 0.1, "alpha": 0.02}
    return {**gate, "beta": 0.05, "max_age": "6h", **changes}


def policy(**changes: Any) -> dict[str, Any]:
    """The policy as YAML values: one source, one rollout, a harm gate and two gates that only compare."""
    return {
        "window": "1h",
        "session_gap": "5m",
        "lease": "3h",
        "sources": [source("logs", "logs/*.jsonl")],
        "rollouts": [rollout()],
        "gates": [
            {"name": "readable", "rollout": AGENT, "metric": "quarantine_share", "at_most": 0.5},
            harm_gate(),
            {"name": "people-named", "rollout": AGENT, "metric": "owner_and_deputy_named", "at_least": 1},
        ],
        "alerts": [
            {
                "name": "on-call",
                "kind": "file",
                "path": "alerts.jsonl",
                "when": ["pause", "stale", "error", "restate", "delivery_failed"],
            }
        ],
        **changes,
    }


def make(folder: Path, values: Mapping[str, Any] | None = None) -> Project:
    """The project in `folder` with this policy, written anew; logs and data that are there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "logs").mkdir(exist_ok=True)
    (folder / projects.CONFIG_NAME).write_text(yaml.safe_dump(dict(values or policy())), encoding="utf-8")
    return open_project(folder)


def open_project(folder: Path) -> Project:
    """The project that is in `folder` already."""
    return projects.load(folder, environment={})


def answers(
    hour: int, *, harmful: int = 0, count: int = 60, release: str = "r1", mark: str = "", hours: int = 1
) -> list[dict[str, Any]]:
    """Rows of `hours` hours from START + `hour`: `count` an hour, each a session, the first `harmful` of them bad."""
    return [
        {
            "id": f"{mark}{at}-{n}",
            "ts": (START + at * HOUR + n * (HOUR / count)).isoformat(),
            "talk": f"t{mark}{at}-{n}",
            "build": release,
            "prompt": "Where is my parcel?",
            "answer": "On its way.",
            "scores": {"harm": 0.9 if n < harmful else 0.1},
        }
        for at in range(hour, hour + hours)
        for n in range(count)
    ]


def write(project: Project, name: str, rows: Sequence[Mapping[str, Any]], *, folder: str = "logs") -> Path:
    path = project.base / folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def run(project: Project, hour: float) -> Pass:
    now = START + hour * HOUR
    return run_once(project, now=now, acting=acting(project.data, now))


def outcome(done: Pass, name: str = AGENT) -> Outcome:
    return next(o for o in done.outcomes if o.standing.rollout == name)


def said(done: Pass, gate: str = "harm", name: str = AGENT) -> tuple[str, str]:
    """Outcome and sentence of one gate."""
    verdict = next(v for v in outcome(done, name).standing.verdicts if v.gate == gate)
    return verdict.outcome, verdict.detail


def standing(done: Pass, name: str = AGENT) -> str:
    return outcome(done, name).standing.standing


@contextmanager
def opened(project: Project) -> Iterator[Stores]:
    with open_stores(project) as stores:
        yield stores


def decisions(project: Project, name: str = AGENT) -> list[DecisionEntry]:
    with opened(project) as stores:
        return log.entries(stores.people, rollout=name)


def kinds(project: Project, name: str = AGENT) -> list[str]:
    return [entry.kind for entry in decisions(project, name)]


def deliveries(project: Project) -> list[Delivery]:
    with opened(project) as stores:
        return outbox.all(stores.people)


def stored(project: Project) -> dict[str, Any]:
    """All that is stored but polls, history, leases and what only saves work: what a run without news leaves alone."""
    with opened(project) as stores:
        return stored_in(stores)


def stored_in(stores: Stores) -> dict[str, Any]:
    """As `stored`, of stores that are open."""
    tables = everything(stores.warehouse)
    people = {"log": log.entries(stores.people), "outbox": outbox.all(stores.people)}
    return {name: rows for name, rows in tables.items() if name not in (*HISTORY, "sightings")} | people


def switched(project: Project, name: str = AGENT) -> dict[str, Any]:
    """What the rollout's file switch says now."""
    found: dict[str, Any] = json.loads((project.base / f"{name}.switch.json").read_text(encoding="utf-8"))
    return found


def alerts(project: Project) -> list[dict[str, Any]]:
    path = project.base / "alerts.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
