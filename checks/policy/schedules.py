"""`schedules` and `prefect`: when what runs, and on which machines; neither changes what is decided."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from typing import Literal as OneOf
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, model_validator
from pydantic.json_schema import WithJsonSchema

from checks.policy.base import Duration, Name, Section, Words, compact, duration, refuse

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHORTEST = timedelta(seconds=5)
NEVER = "never"
_CRON_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_CRON_PART = re.compile(r"(\*|[0-9]{1,2}(?:-[0-9]{1,2})?)(?:/([0-9]{1,2}))?\Z")
_FORM = 'a length of time ("1h"), five fields of cron ("0 8 * * 1"), or "never"'

Schedule = timedelta | str
"""How often a flow runs: every so much time, at the times that five cron fields name, or never."""


def _schedule(value: Any) -> Schedule:
    if isinstance(value, timedelta):
        return _often_enough(value)
    if not isinstance(value, str):
        refuse("is not a schedule.", allowed=_FORM)
    if value == NEVER:
        return value
    if " " in value.strip():
        return _cron(value)
    return _often_enough(duration(value))


def _often_enough(length: timedelta) -> timedelta:
    if not SHORTEST <= length <= 366 * DAY:
        refuse("is out of range.", allowed=f"{compact(SHORTEST)} to 366d")
    return length


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) != len(_CRON_FIELDS):
        refuse("is not a schedule.", allowed=_FORM, hint="Cron has five fields: minute hour day month weekday.")
    for field, (name, low, high) in zip(fields, _CRON_FIELDS, strict=True):
        if not all(_fits(part, low, high) for part in field.split(",")):
            refuse(f"has a {name} that is none.", allowed=f"*, {low} to {high}, ranges, lists and steps")
    return " ".join(fields)


def _fits(part: str, low: int, high: int) -> bool:
    found = _CRON_PART.match(part)
    if found is None or found[2] == "0":
        return False
    numbers = [] if found[1] == "*" else [int(number) for number in found[1].split("-")]
    return all(low <= number <= high for number in numbers) and numbers == sorted(numbers)


def schedule_text(schedule: Schedule) -> str:
    """A schedule as the configuration writes it."""
    return schedule if isinstance(schedule, str) else compact(schedule)


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        refuse("is not a time zone.", allowed='a name such as "UTC" or "Europe/Berlin"')
    return text


Often = Annotated[
    Any,
    PlainValidator(_schedule),
    PlainSerializer(schedule_text, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["1h", "0 8 * * 1", NEVER]}),
]


class Schedules(Section):
    """How often each flow runs: "1h", five fields of cron ("0 8 * * 1"), or "never"."""

    monitor: Often = HOUR
    """One whole monitoring pass."""
    deliver: Often = timedelta(minutes=1)
    """Handing out what waits, reminders included."""
    self_test: Often = "0 4 * * *"
    """Planted traffic through every gate."""
    rituals: Often = "0 8 * * 1"
    """A digest of what is due for people."""
    red_team: Often = "0 5 * * 1"
    """Probes to the system, where the policy has any."""
    drift_history: Often = "30 4 * * *"
    """Windows into Evidently workspaces, where a drift comparison names one."""
    timezone: Annotated[Words, AfterValidator(_zone)] = "UTC"
    """Time zone that cron fields are read in."""
    overdue_after: Duration | None = None
    """Silence of the monitor after which it is missed; left out: two of its intervals, at least 5m."""

    @model_validator(mode="after")
    def _patient(self) -> Schedules:
        if self.overdue_after is not None and self.overdue_after < timedelta(seconds=10):
            refuse("has an overdue_after that is too short.", allowed="10s or more")
        return self

    @property
    def missed_after(self) -> timedelta | None:
        """How long the monitor may be silent; None when it runs at no fixed interval and no time is given."""
        if self.overdue_after is not None:
            return self.overdue_after
        return max(2 * self.monitor, timedelta(minutes=5)) if isinstance(self.monitor, timedelta) else None


class WorkPool(Section):
    """Where Prefect starts the runs."""

    type: OneOf["process", "docker", "kubernetes"] = "process"
    """Processes beside the worker, Docker containers, or Kubernetes jobs."""
    name: Name = "gatehold"
    """Name of the pool; made if absent."""
    image: Words | None = None
    """Image that holds Gatehold, for docker and kubernetes."""
    job_variables: Mapping[str, Any] = Field(default_factory=dict)
    """Variables of the pool's own job template, such as volumes, namespace or env."""

    @model_validator(mode="after")
    def _pictured(self) -> WorkPool:
        if self.type == "process" and self.image is not None:
            refuse("has an image, which processes do not use.", hint='Remove "image:", or choose docker or kubernetes.')
        if self.type != "process" and self.image is None:
            refuse("has no image to run.", hint='Add "image:" with the image that holds Gatehold.')
        return self


class Prefect(Section):
    """How the flows are registered with Prefect."""

    name: Name = "gatehold"
    """Name of every deployment; another one for each project on one server."""
    work_pool: WorkPool = WorkPool()
    """Where the runs are started."""
    config: Words | None = None
    """Path of the configuration where the runs are; left out: the path it has here."""
    data: Words | None = None
    """Path of the data folder where the runs are; left out: the path it has here."""

    @model_validator(mode="after")
    def _placed(self) -> Prefect:
        if self.work_pool.type != "process" and (self.config is None or self.data is None):
            refuse(
                "does not say where the runs find their files.",
                hint='Runs in containers need "config:" and "data:", the paths inside the container.',
            )
        return self

    @property
    def writer_limit(self) -> str:
        """Name of the limit of one that flows take before they write."""
        return f"{self.name}-writer"
