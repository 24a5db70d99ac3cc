"""Hands out what the outbox holds: at least once, in order, and a failure becomes an alert of its own.

A message is marked only after its receiver answered, so a process that dies in between sends it again with the same id;
receivers count an id once. One process delivers at a time (a lock that the system frees when the process dies), so the
messages of a rollout reach its switch in the order of the decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from filelock import FileLock, Timeout

from flows import alerting, reaching, targets
from flows.capability import Acting, checked
from flows.channels.port import Channel, alert_body, alert_of
from flows.project import Project
from flows.switches.port import PERMISSIONS, Switch, SwitchMessage, message_of
from warehouse.people import outbox
from warehouse.people.store import People
from warehouse.records.decisions import Delivery, NewDelivery
from warehouse.records.errors import DeliveryError, StoreBusyError

T = TypeVar("T")

# A message that failed so often is news, even while it is tried again.
ALARM_AFTER = 3


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one pass did: messages taken, messages that will be tried again, messages given up."""

    delivered: tuple[Delivery, ...]
    failed: tuple[Delivery, ...]
    dead: tuple[Delivery, ...]


def deliver(
    people: People,
    *,
    acting: Acting,
    switches: Mapping[str, Switch],
    channels: Mapping[str, Channel],
    clock: Callable[[], datetime] | None = None,
    failure_channels: Collection[str] | None = None,
    board_url: str | None = None,
    wait_seconds: float = 60.0,
) -> DeliveryReport:
    """What became of every message due at the moment of `acting`, alerts about failures of this very pass included.

    `acting` is the right to hand out what this folder holds (`flows.capability`). `switches` and `channels` are named
    as in the policy. After a transient failure the target is left alone for the rest of the pass, but for pauses.
    `clock` gives the time of each attempt (None: that moment). A message that failed for the `ALARM_AFTER`th time, or
    for good, is told over `failure_channels` (None: all), never over the one that failed. `board_url` is where alerts
    say that their decision can be seen.

    Raises:
        StoreBusyError: another process was delivering for `wait_seconds`.
        TypeError: `acting` is no such right.
        UsageError: it was granted for another data folder.
    """
    now = checked(acting, people.folder).at
    lock = FileLock(people.folder / "delivering.lock")
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        raise StoreBusyError(
            f"Another process is delivering from {people.folder} (waited {wait_seconds:g} s). "
            "It will hand out what is due."
        ) from error
    try:
        told = channels if failure_channels is None else failure_channels
        return _Pass(people, switches, channels, tuple(told), clock or (lambda: now), board_url).run(now)
    finally:
        lock.release()


def deliver_project(
    project: Project,
    people: People,
    *,
    acting: Acting,
    clock: Callable[[], datetime] | None = None,
    wait_seconds: float = 60.0,
) -> DeliveryReport:
    """As `deliver`, to the switches and channels of the project's policy; a rollout's switch has the rollout's name.

    Reminders and whatever else has become due since are written first (`flows.alerting.due`), so that a call every
    minute is all that alerts need.
    """
    try:
        alerting.due(project, people, checked(acting, people.folder).at)
    finally:
        # Whatever is wrong with reminders must not keep a pause from going out.
        report = deliver(
            people,
            acting=acting,
            switches=reaching.switches(project, acting),
            channels=reaching.channels(project, acting),
            clock=clock,
            failure_channels=targets.failure_channels(project),
            board_url=project.policy.board_url,
            wait_seconds=wait_seconds,
        )
    return report


class _Pass:
    def __init__(
        self,
        people: People,
        switches: Mapping[str, Switch],
        channels: Mapping[str, Channel],
        told: Collection[str],
        clock: Callable[[], datetime],
        board_url: str | None,
    ) -> None:
        self.people, self.switches, self.channels, self.told, self.clock = people, switches, channels, told, clock
        self.board_url = board_url
        self.resting: set[tuple[str, str]] = set()
        self.settled: list[Delivery] = []

    def run(self, now: datetime) -> DeliveryReport:
        tried: set[str] = set()
        # A settled message may free the one behind it, and a failure writes alerts: look until nothing is new.
        while fresh := [d for d in outbox.due(self.people, now=max(now, self.clock())) if d.id not in tried]:
            for each in fresh:
                tried.add(each.id)
                self.attempt(each.id)
        return DeliveryReport(
            *(tuple(d for d in self.settled if d.state == s) for s in ("delivered", "waiting", "dead"))
        )

    def attempt(self, id: str) -> None:
        # Read again: a newer decision may have superseded it while the messages before it were under way.
        message = outbox.get(self.people, id)
        resting = (message.kind, message.target) in self.resting and message.body.get("action") != "pause"
        if message.state != "waiting" or resting:
            return
        try:
            self.send(message)
        except DeliveryError as error:
            self.fail(message, str(error), error.transient, error.retry_after)
        except Exception as error:  # one broken adapter must not keep another rollout's pause from going out
            self.fail(message, f"{message.target} broke with {type(error).__name__}.", True)
        else:
            self.settled.append(outbox.delivered(self.people, id, now=self.clock()))

    def send(self, message: Delivery) -> None:
        if message.kind == "alert":
            _named(self.channels, "channel", message).send(alert_of(message, self.board_url))
            return
        switch_message = message_of(message)
        _refuse_lapsed(switch_message, self.clock())
        _named(self.switches, "switch", message).apply(switch_message)

    def fail(self, message: Delivery, error: str, transient: bool, retry_after: timedelta | None = None) -> None:
        if transient:
            self.resting.add((message.kind, message.target))
        final = not transient or message.attempts + 1 >= outbox.MOST_ATTEMPTS
        at = self.clock()
        alerts = self.alarms(message, error, final, at) if final or message.attempts + 1 == ALARM_AFTER else []
        after = outbox.failed(
            self.people,
            message.id,
            now=at,
            error=error,
            transient=transient,
            alerts=alerts,
            retry_after=retry_after,
        )
        self.settled.append(after)

    def alarms(self, message: Delivery, error: str, final: bool, at: datetime) -> list[NewDelivery]:
        if message.body.get("event") == "delivery_failed":
            # An alert about an alert about a failure would never end; the outbox still shows it.
            return []
        body = _alarm(message, error, final, at)
        return [
            NewDelivery("alert", name, body) for name in self.told if message.kind == "switch" or name != message.target
        ]


def _named(adapters: Mapping[str, T], noun: str, message: Delivery) -> T:
    adapter = adapters.get(message.target)
    if adapter is None:
        raise DeliveryError(
            f"The configuration has no {noun} named {message.target!r} any more. "
            "Put it back; the message is tried again.",
            transient=True,
        )
    return adapter


def _refuse_lapsed(message: SwitchMessage, now: datetime) -> None:
    if message.action in PERMISSIONS and message.valid_until is not None and now >= message.valid_until:
        raise DeliveryError(
            f"The permission {message.action!r} ended at {message.valid_until.isoformat()}, "
            "before it could be delivered; it is not sent.",
            transient=False,
        )


def _alarm(message: Delivery, error: str, final: bool, at: datetime) -> dict[str, object]:
    what = message.body.get("action") or message.body.get("event") or "message"
    state = "was given up; see to it by hand" if final else "is not through yet and is tried again"
    return alert_body(
        event="delivery_failed",
        summary=f"The {what} of rollout {message.rollout} to {message.kind} {message.target} {state}.",
        at=at,
        simulated=bool(message.body.get("simulated", False)),
        facts={"error": error, "attempts": str(message.attempts + 1), "message": message.id},
        about=f"{message.rollout}/delivery/{message.id}",
        step="final" if final else "first",
    )
