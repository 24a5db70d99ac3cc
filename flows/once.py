"""One whole monitoring pass: the story that the schedule, the command line and the demo all tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flows.project import Project
from flows.stores import Stores, open_stores

if TYPE_CHECKING:
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

    @property
    def degraded(self) -> tuple[str, ...]:
        """Names of the sources that could not be read in full."""
        return tuple(report.source for report in self.pulled if report.degraded)


def silent(_: str) -> None:
    """Say nothing."""


def run_once(project: Project, *, now: datetime, say: Say = silent, act: bool = True) -> Pass:
    """One pass over every source and rollout at `now`.

    Raises:
        StoreBusyError: another run holds the writer slot.
        GateholdError: a store cannot be used.
    """
    with open_stores(project) as stores:
        return run_with(project, stores, now=now, say=say, act=act)


def run_with(
    project: Project,
    stores: Stores,
    *,
    now: datetime,
    say: Say = silent,
    reading: Reading | None = None,
    act: bool = True,
) -> Pass:
    """One pass over stores that are open already.

    `act` False hands nothing out (replays): decisions are recorded, switches and channels stay untouched. `reading`
    hears how far a file has been read: its name, what is done, and of how much.
    """
    from flows import checking, deciding, pulling, retaining, summarising

    say("Handing out what an earlier run left behind")
    _deliver(project, stores, now=now, act=act)
    say("Pulling sources")
    pulled = pulling.pull_sources(project, stores, now=now, progress=reading)
    say("Checking the new rows")
    checks = checking.check(project, stores, pulled, now=now)
    say("Summarising")
    summarising.summarise(project, stores)
    say("Judging the gates")
    outcomes = deciding.decide_all(project, stores, checks, now=now)
    say("Handing out decisions")
    delivered = _deliver(project, stores, now=now, act=act)
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


def _deliver(project: Project, stores: Stores, *, now: datetime, act: bool) -> DeliveryReport | None:
    from flows import delivering

    if not act:
        return None
    return delivering.deliver_project(project, stores.people, now=now)
