"""`rollouts`: the staged releases that are watched, their people, and the switch that stops them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from typing import Literal as OneOf

from pydantic import Field

from checks.policy.base import EnvironmentName, Many, Name, Section, Words
from checks.policy.known import Known, Raw, repeated, text, texts
from checks.policy.report import Place, shown
from warehouse.records.errors import Problem


class Person(Section):
    """Somebody who can be reached."""

    name: Words
    """Name of the person."""
    contact: Words
    """How to reach them: mail address, telephone, handle."""


class WebhookSwitch(Section):
    """A switch behind a signed HTTP call."""

    kind: OneOf["webhook"]
    """A signed HTTP call."""
    url_env: EnvironmentName
    """Name of the environment variable that holds the address."""
    secret_env: EnvironmentName
    """Name of the environment variable that holds the secret the call is signed with."""


class FileSwitch(Section):
    """A switch that is a file holding the present state."""

    kind: OneOf["file"]
    """A file that holds the present state as JSON."""
    path: Words
    """The file, relative to the folder of the configuration file."""


Switch = Annotated[WebhookSwitch | FileSwitch, Field(discriminator="kind")]


class Rollout(Section):
    """The staged release of one AI system."""

    name: Name
    """Name of the rollout, as it stands in the rows."""
    owner: Person
    """Who answers for it."""
    deputy: Person | None = None
    """Who answers when the owner cannot; another person."""
    stages: Annotated[Many[Name], Field(min_length=1)]
    """Its stages, from the smallest audience to the largest."""
    switch: Switch | None = None
    """How a decision reaches the system that rolls out; without one, decisions are only recorded and shown."""

    @property
    def owner_and_deputy_named(self) -> bool:
        """True when two different people answer for it."""
        return self.deputy is not None and self.deputy.name.strip() != self.owner.name.strip()


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """What is wrong between the parts of one rollout."""
    yield from repeated(place, "stages", texts(raw, "stages"))
    owner, deputy = raw.get("owner"), raw.get("deputy")
    if isinstance(owner, dict) and isinstance(deputy, dict):
        name = text(deputy, "name")
        if name is not None and name.strip() == (text(owner, "name") or "").strip():
            yield place.problem(
                ("deputy", "name"),
                "is the owner as well.",
                given=shown(name),
                hint="Name another person, or leave it out.",
            )
