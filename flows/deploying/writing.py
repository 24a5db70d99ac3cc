"""The plan as files that Prefect's own command line reads: `prefect deploy --all` and `prefect automation create`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

from flows.deploying.automations import automations
from flows.deploying.plan import ANCHOR, Job, Plan
from flows.deploying.schedules import collision

FILE = "prefect.yaml"
_HEAD = (
    "# Made by `gatehold deploy --write DIR`: the same deployments as `gatehold deploy` registers.\n"
    "# First make the pool ({pool}) and the limit of one writer ({limit}):\n"
    "#   prefect work-pool create --type {type} {pool}\n"
    "#   prefect gcl create {limit} --limit 1\n"
    "# then: prefect deploy --all --prefect-file {file}\n"
)
_AUTOMATION_HEAD = (
    "# Made by `gatehold deploy --write DIR`; `gatehold deploy` registers it by itself.\n"
    "# By hand: put the ids of deployments in, then `prefect automation create --from-file {file}`.\n"
)


def write(plan: Plan, folder: Path) -> list[Path]:
    """The files written into `folder`: `prefect.yaml` and one file for each automation."""
    written = []
    for name, text in texts(plan).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def texts(plan: Plan) -> Mapping[str, str]:
    """Every file by its path, with its text."""
    import yaml

    head = _HEAD.format(pool=plan.pool, limit=plan.writer_limit, type=plan.pool_type, file=FILE)
    found = {FILE: head + yaml.safe_dump(_deployments(plan), sort_keys=False, width=120)}
    ids = {job.flow: f"ID-OF-{job.flow.upper()}" for job in plan.jobs}
    for name, automation in automations(plan, ids).items():
        file = f"automations/{name}.yaml"
        found[file] = _AUTOMATION_HEAD.format(file=file) + yaml.safe_dump(automation, sort_keys=False, width=120)
    return found


def _deployments(plan: Plan) -> dict[str, Any]:
    return {"name": plan.name, "pull": [], "deployments": [_deployment(plan, job) for job in plan.jobs]}


def _deployment(plan: Plan, job: Job) -> dict[str, Any]:
    return {
        "name": plan.name,
        "entrypoint": job.entrypoint,
        "description": job.description,
        "tags": [plan.name],
        "parameters": dict(job.parameters),
        "schedules": list(_schedules(plan, job)),
        "concurrency_limit": {"limit": 1, "collision_strategy": collision(job)},
        "work_pool": {"name": plan.pool, "job_variables": deepcopy(dict(plan.job_variables))},
        "pull": [],
    }


def _schedules(plan: Plan, job: Job) -> Iterator[dict[str, Any]]:
    if isinstance(job.schedule, timedelta):
        yield {"interval": int(job.schedule.total_seconds()), "anchor_date": ANCHOR, "timezone": "UTC", "active": True}
    elif job.schedule is not None:
        yield {"cron": job.schedule, "timezone": plan.timezone, "day_or": True, "active": True}
