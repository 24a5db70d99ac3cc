"""When a deployment runs, and what becomes of a run that meets another one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flows.deploying.plan import ANCHOR, Job, Plan

if TYPE_CHECKING:
    from prefect.client.schemas.actions import DeploymentScheduleCreate


def collision(job: Job) -> str:
    """What Prefect does with a run that finds one of the same deployment going.

    A run on schedule is dropped, for the next one does the same work: else the runs of a night without a worker would
    all be made up for in the morning. A run that somebody asked for waits.
    """
    return "CANCEL_NEW" if job.schedule is not None else "ENQUEUE"


def schedules(plan: Plan, job: Job) -> list[DeploymentScheduleCreate]:
    """The job's schedules as Prefect's records: one, or none."""
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule

    if isinstance(job.schedule, timedelta):
        every = IntervalSchedule(interval=job.schedule, anchor_date=datetime.fromisoformat(ANCHOR), timezone="UTC")
        return [DeploymentScheduleCreate(schedule=every, active=True)]
    if job.schedule is not None:
        at = CronSchedule(cron=job.schedule, timezone=plan.timezone, day_or=True)
        return [DeploymentScheduleCreate(schedule=at, active=True)]
    return []
