"""Projects after a few hours of answers, what people do to them, and what came of it: for tests of passes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import projects as p
from projects import HOUR, START

from checks.rollout import Refusal
from flows import acting, explaining
from flows.acting import Person
from flows.cli.app import app
from flows.project import Project
from warehouse import evidence
from warehouse.people import log
from warehouse.people.store import People
from warehouse.records.decisions import DecisionEntry
from warehouse.records.errors import GateholdError
from warehouse.records.evidence import Epoch

ADA = Person("Ada", ("approver",))
HARM = f"{p.AGENT}/harm"


def feed(project: Project, hours: range, **values: Any) -> Any:
    """One file and one run an hour; the last run. Rows of hour h are evidence from the run at h + 2 on."""
    for hour in hours:
        p.write(project, f"{hour:03}{values.get('mark', '')}.jsonl", p.answers(hour, **values))
        done = p.run(project, hour + 2)
    return done


def epochs(project: Project, gate: str = HARM) -> list[Epoch]:
    with p.opened(project) as stores:
        return evidence.epochs(stores.warehouse, gate)


def resume(project: Project, hour: float, *, person: Person = ADA, stage: str = "pilot") -> Any:
    mend: dict[str, Any] = {"mended": "https://example.org/changes/1", "mended_at": START, "stage": stage}
    with People.open(project.data) as people:
        return acting.resume(people, project.policy, p.AGENT, person, "mended", **mend, now=START + hour * HOUR)


def expand(project: Project, hour: float) -> Any:
    with People.open(project.data) as people:
        return acting.advance(people, project.policy, p.AGENT, ADA, "it is good", now=START + hour * HOUR)


def code(result: DecisionEntry | Refusal) -> str:
    return result.code if isinstance(result, Refusal) else result.kind


def unequal(project: Project) -> list[tuple[int, tuple[str, ...]]]:
    """The decisions with a standing that do not come out as they were written."""
    with p.opened(project) as stores:
        told = [explaining.explain(stores, e) for e in log.entries(stores.people) if "standing" in e.body]
    assert told
    return [(t.seq, t.differences) for t in told if not t.equal]


def build(folder: Path, feeds: Callable[[Project], object]) -> Project:
    project = p.make(folder)
    feeds(project)
    return project


def copy(project: Project, folder: Path) -> Project:
    shutil.copytree(project.base, folder)
    return p.make(folder)


def exit_code(*arguments: str) -> int:
    """What the command line would exit with."""
    try:
        return int(app(list(arguments), standalone_mode=False) or 0)
    except GateholdError as error:
        return error.exit_code


def good(folder: Path) -> Project:
    """Hours 0 and 1 are good: the rollout may go at hour 3."""
    return build(folder, lambda project: feed(project, range(2)))


def harmed(folder: Path) -> Project:
    """Hours 0 and 1 are good, in hour 2 half of the answers harm: paused in the run at hour 4."""

    def feeds(project: Project) -> None:
        feed(project, range(2))
        feed(project, range(2, 3), harmful=30)

    return build(folder, feeds)
