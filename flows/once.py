"""One whole monitoring pass: the story that the schedule, the command line and the demo all tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flows.project import Project
from flows.stores import Stores, open_stores
from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    from flows.capability import Acting
    from flows.checking import DataChecks
    from flows.deciding import Outcome
    from flows.delivering import DeliveryReport
    from flows.retaining import Kept
    from warehouse.records.ingest import PullReport

Say = Callable[[str], None]
Reading = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass did: what came in, what the data checks saw, what each rollout came to, what was handed out."""

    now: datetime
    pulled: tuple[PullReport, ...]
    checks: DataChecks
    outcomes: tuple[Outcome, ...]
    delivered: DeliveryReport | None
    lake: str = ""
    """Why the lake is behind the ledger, empty when it is not or there is none."""
    kept: Kept | None = None
    """What retention removed, and the snapshot that readers see from now on."""
    withheld: str = ""
    """Why nothing was handed out, empty when it was, or when nobody asked to."""

    @property
    def degraded(self) -> tuple[str, ...]:
        """Names of the sources that could not be read in full."""
        return tuple(report.source for report in self.pulled if report.degraded)


def silent(_: str) -> None:
    """Say nothing."""


def run_once(project: Project, *, now: datetime, say: Say = silent, acting: Acting | None = None) -> Pass:
    """One pass over every source and rollout at `now`; without `acting` nothing is handed out.

    Raises:
        StoreBusyError: another run holds the writer slot.
        GateholdError: a store cannot be used.
    """
    with open_stores(project) as stores:
        return run_with(project, stores, now=now, say=say, acting=acting)


def run_with(
    project: Project,
    stores: Stores,
    *,
    now: datetime,
    say: Say = silent,
    reading: Reading | None = None,
    acting: Acting | None = None,
) -> Pass:
    """One pass over stores that are open already.

    `acting` is the right to hand out what the outbox holds (`flows.capability`), granted for `now`; without it
    decisions are recorded, and switches and channels stay untouched. `reading` hears how far a file has been read: its
    name, what is done, and of how much.

    Raises:
        UsageError: the right was granted for another moment or data folder.
    """
    from flows import checking, deciding, pulling, retaining, summarising

    if acting is not None and acting.at != now:
        raise UsageError(f"The right to act was granted for {acting.at.isoformat()}, not for {now.isoformat()}.")
    say("Handing out what an earlier run left behind")
    _deliver(project, stores, acting)
    say("Pulling sources")
    pulled = pulling.pull_sources(project, stores, now=now, progress=reading)
    say("Checking the new rows")
    checks = checking.check(project, stores, pulled, now=now)
    say("Summarising")
    summarising.summarise(project, stores)
    say("Judging the gates")
    outcomes = deciding.decide_all(project, stores, checks, now=now)
    say("Handing out decisions")
    delivered = _deliver(project, stores, acting)
    behind = _bring_up_lake(project, stores, now=now, say=say)
    say("Publishing the snapshot")
    kept = retaining.keep(project, stores, now=now)
    return Pass(now, tuple(pulled), checks, tuple(outcomes), delivered, behind, kept)


def _bring_up_lake(project: Project, stores: Stores, *, now: datetime, say: Say) -> str:
    if project.policy.storage is None:
        return ""
    from flows.scaling import lake

    say("Bringing the lake up to the ledger")
    trouble = lake.trouble_of(project, stores, now=now)
    if trouble:
        say(trouble)
    return trouble


def _deliver(project: Project, stores: Stores, acting: Acting | None) -> DeliveryReport | None:
    from flows import delivering

    return None if acting is None else delivering.deliver_project(project, stores.people, acting=acting)
