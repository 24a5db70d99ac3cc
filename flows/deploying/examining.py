"""What a doctor says of the Prefect server that a project runs on: is it there, is the project on it, do runs come?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flows.project import Project
from warehouse.records.errors import GateholdError

if TYPE_CHECKING:
    from flows.deploying.plan import Plan
    from flows.doctoring import Diagnosis

WHAT = "Prefect server"


def examine(project: Project) -> Iterator[Diagnosis]:
    """One diagnosis of the server that PREFECT_API_URL names or `gatehold up` has started; nothing where neither is."""
    from flows.deploying.plan import plan
    from flows.doctoring import Diagnosis

    address = project.environment.get("PREFECT_API_URL") or _ours(project)
    if not address:
        return
    try:
        yield _look(plan(project), address)
    except GateholdError as error:
        yield Diagnosis(WHAT, "wrong", str(error), "`gatehold run` works without it.")


def _look(plan: Plan, address: str) -> Diagnosis:
    from prefect.exceptions import ObjectNotFound
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.deploying import watching
    from flows.deploying.registering import server
    from flows.doctoring import Diagnosis

    timed = [job.flow for job in plan.jobs if job.schedule is not None]
    with temporary_settings(updates={PREFECT_API_URL: address}), server() as client:
        try:
            ids = {flow: str(client.read_deployment_by_name(f"{flow}/{plan.name}").id) for flow in timed}
        except ObjectNotFound:
            return Diagnosis(WHAT, "warning", f"{plan.name} is not registered there", "Type `gatehold deploy`.")
        waiting = watching.scheduled(client, ids) if ids else 0
        if timed and not waiting:
            advice = "Its scheduler makes none: look at its log and at the versions above, and start it again."
            return Diagnosis(WHAT, "wrong", "answers, but no run is waiting for its time", advice)
        return Diagnosis(WHAT, "ok", f"{len(ids)} deployments on schedule, {waiting} runs wait for their time")


def _ours(project: Project) -> str | None:
    try:
        state = json.loads((project.data / "up.json").read_text(encoding="utf-8"))
        return f"{state['prefect']}/api"
    except (OSError, ValueError, KeyError, TypeError):
        return None
