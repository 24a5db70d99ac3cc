"""`rollouts`: the staged releases that are watched, their people, and the switch that stops them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated
from typing import Literal as OneOf

from pydantic import AfterValidator, Field

from checks.policy.base import Duration, Many, Name, Section, Words, compact, refuse
from checks.policy.known import Known, Raw, repeated, text, texts
from checks.policy.releases import Releases
from checks.policy.report import Place, shown
from checks.policy.switches import Switch
from warehouse.records.errors import Problem


class Person(Section):
    """Somebody who can be reached."""

    name: Words
    """Name of the person."""
    contact: Words
    """How to reach them: mail address, telephone, handle."""


LONGEST_WAIVER = timedelta(days=90)
SigningRole = OneOf["reviewer", "approver", "admin"]


def _bounded(length: timedelta) -> timedelta:
    if length > LONGEST_WAIVER:
        refuse(
            "is out of range.",
            allowed=f"up to {compact(LONGEST_WAIVER)}",
            hint="What has to last longer is no exception.",
        )
    return length


class SignOff(Section):
    """Approval by named people before a rollout enters a stage."""

    stage: Name
    """The stage that is not entered without it; not the first one."""
    role: SigningRole
    """Role that whoever signs must have, or one above it."""
    people: Annotated[int, Field(ge=1, le=20)] = 1
    """How many different people have to sign; each counts once for a stage."""


class Waivers(Section):
    """Exceptions that people may make for a gate in breach."""

    longest: Annotated[Duration, AfterValidator(_bounded)]
    """How long a waiver may last at most; it ends by itself."""
    role: SigningRole
    """Role that whoever waives must have, or one above it."""


class Resumes(Section):
    """Who has to agree before a pause ends."""

    people: Annotated[int, Field(ge=1, le=2)] = 1
    """1, or 2 for a second, different person who confirms what the first one proposed."""
    within: Annotated[Duration, AfterValidator(_bounded)] = timedelta(hours=24)
    """How long a proposal waits for the second person."""


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
    sign_offs: Many[SignOff] = ()
    """Whose approval is needed before which stage; none if left out."""
    waivers: Waivers | None = None
    """Exceptions that people may make; left out, nobody may make any."""
    releases: Releases = Releases()
    """What makes a release another one; if left out, what the column `release` names, with all parts watched."""
    resumes: Resumes = Resumes()
    """Who has to agree before a pause ends; one person if left out."""

    @property
    def owner_and_deputy_named(self) -> bool:
        """True when two different people answer for it."""
        return self.deputy is not None and self.deputy.name.strip() != self.owner.name.strip()


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """What is wrong between the parts of one rollout."""
    yield from repeated(place, "stages", texts(raw, "stages"))
    yield from _sign_offs(raw, place)
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


def _sign_offs(raw: Raw, place: Place) -> Iterator[Problem]:
    """Sign-offs for a stage that the rollout does not enter from another one, and such as stand there twice."""
    stages = [stage for _, stage in texts(raw, "stages")]
    found = raw.get("sign_offs")
    asked = [(i, one) for i, one in enumerate(found) if isinstance(one, dict)] if isinstance(found, list) else []
    seen: set[tuple[object, object]] = set()
    for i, one in asked:
        stage = text(one, "stage")
        if stages and stage is not None and stage not in stages[1:]:
            message = (
                "is the first stage, which nobody signs off." if stage == stages[0] else "is no stage of the rollout."
            )
            allowed = ", ".join(stages[1:]) or "none: the rollout has one stage"
            yield place.problem(("sign_offs", i, "stage"), message, given=shown(stage), allowed=allowed)
        if (stage, one.get("role")) in seen:
            yield place.problem(
                ("sign_offs", i), "stands there twice for this stage and role.", hint="Say once how many people."
            )
        seen.add((stage, str(one.get("role"))))
