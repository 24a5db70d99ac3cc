"""The shape of a configuration file: its sections and the few settings that stand beside them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator

from checks.policy.alerts import Alert, BoardAddress, Maintenance
from checks.policy.base import Duration, Many, Section, Words, compact, refuse
from checks.policy.drift import Drift
from checks.policy.gates import Gate
from checks.policy.judges import Judge
from checks.policy.metrics import Metric
from checks.policy.privacy import Retention
from checks.policy.quality import DataCheck
from checks.policy.red_team import RedTeam
from checks.policy.reviews import Review
from checks.policy.rollouts import Rollout
from checks.policy.schedules import Prefect, Schedules
from checks.policy.sources import Source
from checks.policy.storage import Storage
from checks.policy.streams import StreamSection


def _between(shortest: timedelta, longest: timedelta) -> AfterValidator:
    def within(length: timedelta) -> timedelta:
        if not shortest <= length <= longest:
            refuse("is out of range.", allowed=f"{compact(shortest)} to {compact(longest)}")
        return length

    return AfterValidator(within)


class Settings(Section):
    """Settings of the whole policy."""

    window: Annotated[Duration, _between(timedelta(minutes=1), timedelta(days=7))] = timedelta(hours=1)
    """Length of a window."""
    session_gap: Annotated[Duration, _between(timedelta(seconds=1), timedelta(days=1))] = timedelta(minutes=30)
    """Silence after which a session is over."""
    lease: Annotated[Duration, _between(timedelta(minutes=1), timedelta(days=60))] = timedelta(hours=3)
    """How long a standing lasts when nobody renews it."""
    retention: Retention | None = None
    """How long what is kept; without it everything is kept for good."""
    storage: Storage | None = None
    """Where a copy of all events is kept beside the embedded file."""
    board_url: BoardAddress | None = None
    """Address of the board, for links in alerts; without it they name the command that explains the decision."""
    maintenance: Many[Maintenance] = ()
    """Spans in which no channel is told; their end brings one summary. Switches are told all the same."""
    schedules: Schedules = Schedules()
    """How often each flow runs."""
    prefect: Prefect = Prefect()
    """How the flows are registered with Prefect."""


class Configuration(Settings):
    """Settings and sections."""

    sources: Many[Source] = ()
    """Where rows come from."""
    streams: Many[StreamSection] = ()
    """Kinds of log rows beside the built-in ones."""
    metrics: Many[Metric] = ()
    """Metrics beside the built-in ones."""
    judges: Many[Judge] = ()
    """What judges must show before a gate may rest on them."""
    rollouts: Many[Rollout] = ()
    """The staged releases that are watched."""
    gates: Many[Gate] = ()
    """Conditions that the rollouts must keep."""
    alerts: Many[Alert] = ()
    """Who is told of what."""
    checks: Many[DataCheck] = ()
    """Expectations of new rows."""
    drift: Many[Drift] = ()
    """Columns compared with their past."""
    red_team: Many[RedTeam] = ()
    """Probes that are sent to the system on purpose."""
    reviews: Many[Review] = ()
    """Queues of rows that people label."""


class ConfigurationFile(Configuration):
    """What one file may hold."""

    include: Many[Words] = ()
    """Further files, relative to this one, whose sections are added."""
