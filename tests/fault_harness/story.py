"""What the harness lives through: a project with two rollouts, and the runs, deliveries and acts of one bad morning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import projects as p
from acting_examples import acting as acting_at
from projects import AGENT, HOUR, SEARCH, START

from flows import acting, delivering
from flows import project as projects
from flows.project import Project
from warehouse.people.store import People
from warehouse.records.people import Person

from .receiving import SECRET

ADA = Person("Ada", ("approver",))
LATER = timedelta(minutes=1)
"""How long after its death a step is started again."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a process does: a run of the monitor, a delivery, or a person's act, at that hour.

    What an act wrote is handed out by the delivery behind it: `handed_out_after` is how many steps later that is.
    """

    name: str
    hour: float
    work: Callable[[Project, datetime], object]
    handed_out_after: int = 0

    @property
    def at(self) -> datetime:
        """When it is done."""
        return START + self.hour * HOUR


def policy() -> dict[str, Any]:
    """Two rollouts, three sources; gates on evidence and on numbers; a webhook and a file switch; two channels."""
    asked = ["pause", "hold", "stale", "error", "restate", "delivery_failed", "recovered"]
    return p.policy(
        sources=[
            p.source("agent", "logs/agent-*.jsonl"),
            p.source("agent-late", "logs/second-*.jsonl"),
            p.source("search", "logs/search-*.jsonl", rollout=SEARCH),
        ],
        rollouts=[
            {**p.rollout(), "switch": {"kind": "webhook", "url_env": "HOOK", "secret_env": "HOOK_SECRET"}},
            p.rollout(SEARCH),
        ],
        gates=[
            {"name": "readable", "rollout": [AGENT, SEARCH], "metric": "quarantine_share", "at_most": 0.5},
            {**p.harm_gate(), "rollout": [AGENT, SEARCH]},
            p.harm_gate("harm-strict", at_most=0.3, on_breach="hold"),
            {"name": "people-named", "rollout": AGENT, "metric": "owner_and_deputy_named", "at_least": 1},
        ],
        alerts=[
            {"name": "on-call", "kind": "file", "path": "alerts.jsonl", "when": asked},
            {"name": "desk", "kind": "webhook", "url_env": "DESK", "secret_env": "HOOK_SECRET", "when": asked},
        ],
    )


def make(folder: Path) -> None:
    """The project's files, with nothing run yet."""
    p.make(folder, policy())


def opened(folder: Path, address: str, path: str) -> Project:
    """The project in a folder, whose webhooks lead to that path of the receiver."""
    url = f"{address}/{path}"
    return projects.load(folder, environment={"HOOK": url, "DESK": url, "HOOK_SECRET": SECRET})


def feed(folder: Path, step: int) -> None:
    """The log files that are new at that step, as an agent would have written them meanwhile."""
    project = p.open_project(folder) if step in NEWS else None
    for name, rows in NEWS.get(step, {}).items():
        assert project is not None
        p.write(project, name, rows)
    if step == PAUSING:
        with (folder / "logs" / "search-002.jsonl").open("a") as file:
            file.write("not JSON at all\n")


def _run(project: Project, now: datetime) -> object:
    from flows.once import run_once

    return run_once(project, now=now, acting=acting_at(project.data, now))


def _deliver(project: Project, now: datetime) -> object:
    with People.open(project.data) as people:
        return delivering.deliver_project(project, people, acting=acting_at(people, now))


def _pause(project: Project, now: datetime, *, rollout: str) -> object:
    with People.open(project.data) as people:
        return acting.pause(people, project.policy, rollout, ADA, "complaints by telephone", now=now)


def _resume(project: Project, now: datetime, *, rollout: str) -> object:
    with People.open(project.data) as people:
        return acting.resume(
            people,
            project.policy,
            rollout,
            ADA,
            "mended",
            mended="https://example.org/changes/7",
            mended_at=START,
            now=now,
        )


STEPS = (
    Step("first run", 2, _run),
    Step("run that lets go", 3, _run),
    Step("a person pauses", 3.2, partial(_pause, rollout=SEARCH), handed_out_after=1),
    Step("delivery of the person's pause", 3.25, _deliver),
    Step("run that pauses", 4, _run),
    Step("a person resumes", 4.2, partial(_resume, rollout=SEARCH), handed_out_after=1),
    Step("delivery of the resume", 4.25, _deliver),
    Step("run that sees the mended release", 5, _run),
    Step("a person resumes on the mended release", 5.2, partial(_resume, rollout=AGENT), handed_out_after=1),
    Step("delivery to the webhook", 5.25, _deliver),
    Step("run that pauses the other", 7, _run),
)
PAUSING = 4
"""Which of the steps is the run that pauses."""

NEWS: Mapping[int, Mapping[str, list[dict[str, Any]]]] = {
    0: {
        "agent-000.jsonl": p.answers(0, mark="a"),
        "second-000.jsonl": p.answers(0, count=20, mark="b"),
        "search-000.jsonl": p.answers(0, mark="c"),
    },
    1: {
        "agent-001.jsonl": p.answers(1, mark="a"),
        "second-001.jsonl": p.answers(1, count=20, mark="b"),
        "search-001.jsonl": p.answers(1, mark="c"),
    },
    4: {
        "agent-002.jsonl": p.answers(2, harmful=50, mark="a"),
        "agent-000-mended.jsonl": p.answers(0, harmful=3, mark="a"),
        "search-002.jsonl": p.answers(2, mark="c"),
    },
    7: {
        "agent-003.jsonl": p.answers(3, release="r2", mark="a"),
        "search-003.jsonl": p.answers(3, mark="c"),
        "search-004.jsonl": p.answers(4, mark="c"),
    },
    10: {
        "agent-004.jsonl": p.answers(4, release="r2", mark="a"),
        "search-005.jsonl": p.answers(5, harmful=50, mark="c"),
    },
}
"""The log files that are new at each step."""

TOLD = {
    AGENT: ["start", "go", "pause", "restate", "pause", "resume", "go"],
    SEARCH: ["start", "go", "pause", "pause", "resume", "hold", "pause"],
}
"""What the log says of each rollout in the end, when nobody disturbs the story."""
