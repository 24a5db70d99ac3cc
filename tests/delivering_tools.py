"""Targets that remember what they were told or fail, and one pass of delivering to them."""

from __future__ import annotations

from datetime import datetime, timedelta

from acting_examples import acting
from people_examples import NOW

from flows.channels.port import Alert, Channel
from flows.delivering import DeliveryReport, deliver
from flows.switches.port import Switch, SwitchMessage
from warehouse.people.store import People
from warehouse.records.errors import DeliveryError

HOUR = timedelta(hours=1)
SECRET = "top-secret-value"


class Recorder:
    """A switch and a channel that remember what they were told, or fail as they were told."""

    def __init__(self, *failures: Exception | None, then: Exception | None = None) -> None:
        self.failures, self.then = list(failures), then
        self.told: list[SwitchMessage | Alert] = []

    def apply(self, message: SwitchMessage) -> None:
        self.send(message)

    def send(self, alert: SwitchMessage | Alert) -> None:
        failure = self.failures.pop(0) if self.failures else self.then
        if failure is not None:
            raise failure
        self.told.append(alert)


DOWN = DeliveryError("deploy answered 503", transient=True)
REFUSED = DeliveryError("deploy refused it with 403", transient=False)


def handed(people: People, now: datetime = NOW, switch: Switch | None = None, **channels: Channel) -> DeliveryReport:
    named = {name.replace("_", "-"): channel for name, channel in channels.items()}
    return deliver(people, switches={"deploy": switch or Recorder()}, channels=named, acting=acting(people, now))


def counts(report: DeliveryReport) -> tuple[int, int, int]:
    return len(report.delivered), len(report.failed), len(report.dead)
