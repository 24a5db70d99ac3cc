"""`alerts`: who is told, through what, and of which events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from typing import Literal as OneOf

from pydantic import Field

from checks.policy.base import EnvironmentName, Many, Name, Section, Words
from checks.policy.known import Known, Raw, repeated, texts
from checks.policy.report import Place
from warehouse.records.errors import Problem

AlertEvent = OneOf["go", "hold", "pause", "stale", "error", "restate", "delivery_failed"]
"""What an alert can be sent for: a standing, a gate that is stale or in error, a restatement, a failed delivery."""

Events = Annotated[Many[AlertEvent], Field(min_length=1)]


class FileAlert(Section):
    """A channel that writes each alert to a file."""

    name: Name
    """Name of the channel."""
    kind: OneOf["file"]
    """A file that gets one JSON line for each alert."""
    path: Words
    """The file, relative to the folder of the configuration file."""
    when: Events
    """Events that it is told of."""


class WebhookAlert(Section):
    """A channel that posts each alert as JSON."""

    name: Name
    """Name of the channel."""
    kind: OneOf["webhook"]
    """An HTTP call with JSON."""
    url_env: EnvironmentName
    """Name of the environment variable that holds the address."""
    secret_env: EnvironmentName | None = None
    """Name of the environment variable that holds the secret the call is signed with; left out: not signed."""
    when: Events
    """Events that it is told of."""


Alert = Annotated[WebhookAlert | FileAlert, Field(discriminator="kind")]


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """What is wrong between the parts of one channel."""
    yield from repeated(place, "when", texts(raw, "when"))
