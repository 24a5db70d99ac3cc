"""`alerts`: who is told, through what, of which events, how often again, who next, and when not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Self
from typing import Literal as OneOf
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from checks.policy.base import Duration, EnvironmentName, Many, Moment, Name, Section, Words, refuse
from checks.policy.known import Known, Raw, repeated, text, texts, unknown
from checks.policy.report import Place, shown
from warehouse.records.errors import Problem

AlertEvent = OneOf[
    "go",
    "hold",
    "pause",
    "stale",
    "error",
    "restate",
    "recovered",
    "reminder",
    "ritual",
    "missed_run",
    "delivery_failed",
]
"""What an alert can be sent for: a standing, a gate that is stale or in error, a restatement, the end of a pause, hold,
stale or error that the channel asks for, a pause that nobody acknowledged, the weekly digest, a lapsed standing, a
failed delivery."""

Events = Annotated[Many[AlertEvent], Field(min_length=1)]
RENOTIFY = timedelta(hours=4)
"""How often a channel that asks for reminders hears of a pause, unless it says so itself."""
_BLOCK = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*\Z")


def _block(name: str) -> str:
    if not _BLOCK.match(name):
        refuse("is not the name of a block.", allowed="type and name, as in slack-webhook/on-call")
    return name


def _board(address: str) -> str:
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.username and _plain(parts.path)
        good = bool(good) and not parts.query and not parts.fragment and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        refuse(
            "is not the address of a board.",
            allowed="http:// or https:// with a host, and nothing secret in it: https://gatehold.example.org",
        )
    return address.rstrip("/")


def _plain(path: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9._~/-]*", path) is not None


BoardAddress = Annotated[str, AfterValidator(_board)]


class Maintenance(Section):
    """A span in which alerts are held back; its end brings one summary. Switches are told all the same."""

    from_: Annotated[Moment, Field(alias="from")]
    """When it begins."""
    until: Moment
    """When it ends."""
    reason: Words
    """Why."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.until <= self.from_:
            refuse("ends before it begins.", allowed="`until` after `from`")
        return self

    def covers(self, at: datetime) -> bool:
        """Whether the moment lies in it."""
        return self.from_ <= at < self.until


class Escalation(Section):
    """Who hears next of a pause that nobody has acknowledged."""

    after: Duration
    """How long after the pause."""
    to: Name
    """Name of the channel."""


class Channel(Section):
    """What every channel has."""

    name: Name
    """Name of the channel."""
    when: Events
    """Events that it is told of."""
    renotify: Duration | None = None
    """How often it hears again of a pause that is neither acknowledged nor ended; left out: never, unless it asks for
    `reminder` (then every 4 hours)."""
    escalate: Many[Escalation] = ()
    """Which channels hear next when nobody acknowledges a pause that this one was told of."""
    maintenance: Many[Maintenance] = ()
    """Spans in which it is not told."""

    @property
    def reminds(self) -> timedelta | None:
        """How often it hears again of an open pause; None when it does not."""
        return self.renotify or (RENOTIFY if "reminder" in self.when else None)


class FileAlert(Channel):
    """A channel that writes each alert to a file."""

    kind: OneOf["file"]
    """A file that gets one JSON line for each alert."""
    path: Words
    """The file, relative to the folder of the configuration file."""


class WebhookAlert(Channel):
    """A channel that posts each alert as JSON."""

    kind: OneOf["webhook"]
    """An HTTP call with JSON."""
    url_env: EnvironmentName
    """Name of the environment variable that holds the address."""
    secret_env: EnvironmentName | None = None
    """Name of the environment variable that holds the secret the call is signed with; left out: not signed."""


class AppriseAlert(Channel):
    """A channel through one of the services that Apprise knows: Slack, Teams, mail, PagerDuty and many more."""

    kind: OneOf["apprise"]
    """A service that Apprise knows."""
    url_env: EnvironmentName
    """Name of the environment variable that holds Apprise's address of the service."""


class PrefectBlockAlert(Channel):
    """A channel through a notification block that is kept on the Prefect server."""

    kind: OneOf["prefect_block"]
    """A notification block of Prefect."""
    block: Annotated[str, AfterValidator(_block)]
    """Type and name of the block, as in slack-webhook/on-call."""


Alert = Annotated[WebhookAlert | FileAlert | AppriseAlert | PrefectBlockAlert, Field(discriminator="kind")]


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """What is wrong between the parts of one channel."""
    yield from repeated(place, "when", texts(raw, "when"))
    wanted = {event for _, event in texts(raw, "when")}
    if "renotify" in raw and not wanted & {"pause", "reminder"}:
        message = "is of no use: the channel does not ask for pauses."
        hint = "Add pause or reminder to `when`, or leave it out."
        yield place.problem(("renotify",), message, given=shown(raw["renotify"]), hint=hint)
    if raw.get("escalate") and "pause" not in wanted:
        message = "is of no use: the channel is not told of pauses."
        yield place.problem(("escalate",), message, hint="Add pause to `when`, or leave it out.")
    steps = raw.get("escalate")
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        to = text(step, "to") if isinstance(step, dict) else None
        if to is not None and to == text(raw, "name"):
            yield place.problem(("escalate", index, "to"), "is the channel itself.", given=shown(to))
        elif to is not None and to not in known.alerts:
            yield unknown(place, ("escalate", index, "to"), "channel", to, known.alerts)
