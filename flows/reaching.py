"""Reaching: the switches and channels of a project, those out of a simulation's reach put out of action."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from flows import capability, targets
from warehouse.records.errors import DeliveryError

if TYPE_CHECKING:
    from flows.capability import Acting
    from flows.channels.port import Alert, Channel
    from flows.project import Project
    from flows.switches.port import Switch, SwitchMessage


def switches(project: Project, acting: Acting) -> dict[str, Switch]:
    """The switch of each rollout that has one, by the rollout's name; one out of reach refuses every message."""
    sections = {rollout.name: rollout.switch for rollout in project.policy.rollouts}
    return {
        name: switch if capability.reaches(acting, project, sections[name]) else _OutOfReach()
        for name, switch in targets.switches(project).items()
    }


def channels(project: Project, acting: Acting) -> dict[str, Channel]:
    """Every channel by its name; one out of reach refuses every message."""
    sections = {alert.name: alert for alert in project.policy.alerts}
    return {
        name: channel if capability.reaches(acting, project, sections[name]) else _OutOfReach()
        for name, channel in targets.channels(project).items()
    }


class _OutOfReach:
    """What a simulation must not tell."""

    def apply(self, message: SwitchMessage) -> None:
        _refuse()

    def send(self, alert: Alert) -> None:
        _refuse()


def _refuse() -> NoReturn:
    raise DeliveryError(
        "This is a demo's data folder: it reaches files inside the demo's folder and nothing else.", transient=False
    )
