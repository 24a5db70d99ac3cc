"""Prefect's automations: the second net under the monitor, in the form that Prefect itself reads.

Nothing that is decided rests on them. A trigger that waits (`Proactive`) always names what it waits after:
without that it would fire again in every window. None sends a notification: Prefect's server tries that a few times and
then drops it without a word, while a channel of kind `prefect_block` goes through the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flows.deploying import events
from flows.deploying.plan import HEARTBEAT_SECONDS, Plan

SILENT_AFTER = timedelta(seconds=3 * HEARTBEAT_SECONDS)
"""A run that said nothing for so long is dead."""
ONCE_IN = timedelta(minutes=15)
"""A monitor that crashes is run again at most so often."""

Automation = dict[str, Any]


def automations(plan: Plan, ids: Mapping[str, str]) -> dict[str, Automation]:
    """Every automation by its short name; `ids` are those of the deployments, by flow."""
    made = {
        "paused": paused(plan, ids["deliver"]),
        "missed": missed(plan, ids["missed"]),
        "silent": silent(plan),
        "crashed": crashed(plan, ids["monitor"]),
    }
    return {name: automation for name, automation in made.items() if automation is not None}


def paused(plan: Plan, deliver: str) -> Automation:
    """When a rollout was paused, the outbox is handed out at once, should the run that paused it have died."""
    match = {"prefect.resource.id": events.ROLLOUT + "*", events.PROJECT_LABEL: plan.name}
    trigger = {**_event([events.PAUSED], match, timedelta(0)), "posture": "Reactive"}
    return _automation(plan, "hand out when a rollout is paused", trigger, [_run(deliver)])


def missed(plan: Plan, deployment: str) -> Automation | None:
    """When the monitor has not come to an end for too long, people are told; None where no time is given."""
    if plan.missed_after is None:
        return None
    trigger = {
        **_event([events.FINISHED], {"prefect.resource.id": plan.project_resource}, plan.missed_after),
        "posture": "Proactive",
        "after": [events.DEPLOYED, events.FINISHED],
    }
    return _automation(plan, "tell of a monitor that is silent", trigger, [_run(deployment)])


def silent(plan: Plan) -> Automation:
    """When a run says nothing any more, it is Crashed: killed together with its worker it would stay Running for good.

    Every event of the run is a sign of life: its last state is called Held or Degraded as often as Completed.
    """
    trigger = {
        **_event(["prefect.flow-run.*"], {"prefect.resource.id": "prefect.flow-run.*"}, SILENT_AFTER),
        "posture": "Proactive",
        "after": ["prefect.flow-run.heartbeat"],
        "for_each": ["prefect.resource.id"],
        "match_related": {"prefect.resource.id": f"prefect.tag.{plan.name}", "prefect.resource.role": "tag"},
    }
    said = f"It gave no sign of life for {SILENT_AFTER.total_seconds():g} s."
    action = {"type": "change-flow-run-state", "state": "CRASHED", "name": "Crashed", "message": said}
    return _automation(plan, "crash runs that are silent", trigger, [action])


def crashed(plan: Plan, monitor: str) -> Automation:
    """When the monitor crashed it runs again, which finishes what it left; retries of Prefect do not apply to that."""
    trigger = {
        **_event(["prefect.flow-run.Crashed"], {"prefect.resource.id": "prefect.flow-run.*"}, ONCE_IN),
        "posture": "Reactive",
        "match_related": {"prefect.resource.id": f"prefect.deployment.{monitor}"},
    }
    return _automation(plan, "run the monitor again after a crash", trigger, [_run(monitor)])


def _automation(plan: Plan, does: str, trigger: Mapping[str, Any], actions: list[dict[str, Any]]) -> Automation:
    return {"name": f"{plan.name}: {does}", "enabled": True, "trigger": dict(trigger), "actions": actions}


def _event(expect: list[str], match: Mapping[str, str], within: timedelta) -> dict[str, Any]:
    return {
        "type": "event",
        "match": dict(match),
        "expect": expect,
        "threshold": 1,
        "within": int(within.total_seconds()),
    }


def _run(deployment: str) -> dict[str, Any]:
    return {"type": "run-deployment", "source": "selected", "deployment_id": deployment}
