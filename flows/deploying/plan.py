"""What a project has on a Prefect server, as plain values: the deployments, the work pool and the writer's limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from checks.policy.schedules import NEVER, Schedule
from flows.deploying.events import PROJECT

if TYPE_CHECKING:
    from flows.project import Project

HEARTBEAT_SECONDS = 30
"""How often a run says that it lives; Prefect takes no less."""
MISSED_AFTER = "missed_after_seconds"
QUIET: Mapping[str, str] = {
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}
"""Environment that turns the telemetry of Prefect, Great Expectations and others off."""
RUN_ENVIRONMENT: Mapping[str, str] = {**QUIET, "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS)}
ANCHOR = "2020-01-01T00:00:00+00:00"
"""Intervals are counted from here, so that a second registration changes no time."""


@dataclass(frozen=True, slots=True)
class Job:
    """One deployment: a flow by its module path, what it is given, and when it runs (None: only when asked)."""

    flow: str
    entrypoint: str
    description: str
    schedule: Schedule | None
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a project has on a server; `name` is that of every deployment."""

    name: str
    jobs: tuple[Job, ...]
    pool: str
    pool_type: str
    job_variables: Mapping[str, Any]
    timezone: str
    writer_limit: str
    missed_after: timedelta | None

    def job(self, flow: str) -> Job:
        """The deployment of one flow.

        Raises:
            KeyError: there is none.
        """
        return {job.flow: job for job in self.jobs}[flow]

    @property
    def project_resource(self) -> str:
        """The id that the project has in Prefect's events."""
        return PROJECT + self.name


def plan(project: Project) -> Plan:
    """What the project's policy asks for; paths are absolute, for runs start in folders of their own."""
    policy = project.policy
    settings, pool = policy.prefect, policy.prefect.work_pool
    where = {
        "config": settings.config or str(project.file.absolute()),
        "data": settings.data or str(project.data.absolute()),
    }
    variables = dict(pool.job_variables)
    variables["env"] = {**RUN_ENVIRONMENT, **variables.get("env", {})}
    if pool.image is not None:
        variables["image"] = pool.image
    return Plan(
        name=settings.name,
        jobs=_jobs(project, where),
        pool=pool.name,
        pool_type=pool.type,
        job_variables=variables,
        timezone=policy.schedules.timezone,
        writer_limit=settings.writer_limit,
        missed_after=policy.schedules.missed_after,
    )


def _jobs(project: Project, where: Mapping[str, str]) -> tuple[Job, ...]:
    often = project.policy.schedules
    limit = often.missed_after
    missed = {**where, MISSED_AFTER: limit.total_seconds()} if limit else where

    def job(flow: str, entrypoint: str, does: str, often: Schedule | None, given: Mapping[str, Any] = where) -> Job:
        return Job(flow, entrypoint, does, None if often == NEVER else often, given)

    probes = (
        [job("red-team", "flows.scheduled.red_team.red_team", "Sends probes to the system.", often.red_team)]
        if project.policy.red_team
        else []
    )
    history = (
        [
            job(
                "drift-history",
                "flows.scheduled.drift_history.drift_history",
                "Writes windows into Evidently workspaces.",
                often.drift_history,
            )
        ]
        if any(section.workspace for section in project.policy.drift)
        else []
    )
    return (
        job("monitor", "flows.monitor.monitor", "One whole monitoring pass.", often.monitor),
        job("deliver", "flows.scheduled.deliver.deliver", "Hands out what waits in the outbox.", often.deliver),
        job("self-test", "flows.scheduled.self_test.self_test", "Planted traffic for every gate.", often.self_test),
        job("rituals", "flows.scheduled.rituals.rituals", "A digest of what is due for people.", often.rituals),
        *probes,
        *history,
        job("backfill", "flows.scheduled.backfill.backfill", "Recomputes a span of history.", None),
        job("missed", "flows.scheduled.missed.missed", "Tells people that the monitor is silent.", None, missed),
    )
