"""A project whose people act at fake times: what flows' tests of acts share."""

from __future__ import annotations

from typing import Any

import projects as p
from projects import AGENT, HOUR, START

from flows import acting
from flows.project import Project
from warehouse.people import log
from warehouse.people.store import People
from warehouse.records.decisions import DecisionEntry
from warehouse.records.people import Person

ADA = Person("Ada", ("approver",))
BO = Person("Bo", ("approver",))
REVIEWER = Person("Rita", ("reviewer",))
MEND: dict[str, Any] = {"mended": "https://example.org/changes/7", "mended_at": START}


def policy(**rollout: Any) -> dict[str, Any]:
    """The small policy with more keys in its rollout."""
    return p.policy(rollouts=[{**p.rollout(), **rollout}])


def act(project: Project, name: str, hour: float, person: Person = ADA, reason: str = "so it is", **given: Any) -> str:
    """What came of an act at that hour: the kind of its entry, or the code of the refusal."""
    found = done(project, name, hour, person, reason, **given)
    return found.kind if isinstance(found, DecisionEntry) else found.code


def done(
    project: Project, name: str, hour: float, person: Person = ADA, reason: str = "so it is", **given: Any
) -> DecisionEntry | acting.Refusal:
    """As `act`, but the entry or refusal itself. Only the people's records are opened."""
    more = {**MEND, **given} if name == "resume" else given
    with People.open(project.data) as people:
        found: DecisionEntry | acting.Refusal = getattr(acting, name)(
            people, project.policy, AGENT, person, reason, now=START + hour * HOUR, **more
        )
    return found


def feed(project: Project, hours: range, **values: Any) -> Any:
    """One file and one run an hour; the last run. Rows of hour h are evidence from the run at h + 2 on."""
    for hour in hours:
        p.write(project, f"{hour:03}{values.get('mark', '')}.jsonl", p.answers(hour, **values))
        run = p.run(project, hour + 2)
    return run


def entries(project: Project, rollout: str = AGENT) -> list[DecisionEntry]:
    with People.open(project.data) as people:
        return log.entries(people, rollout=rollout)


def codes(run: Any) -> list[str]:
    return [reason.code for reason in p.outcome(run).standing.reasons]
