"""`red_team`: probes that are sent to the system on purpose, so that what it does with them is evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator
from pydantic.json_schema import WithJsonSchema

from checks.policy.base import Duration, EnvironmentName, Many, Name, Section, Words, compact, refuse
from checks.policy.known import Known, Raw, text, unknown
from checks.policy.report import Place
from warehouse.records.errors import Problem

PROMPT = "{prompt}"
"""What stands in a request where the text of the probe goes."""


def _within(length: timedelta) -> timedelta:
    if length > timedelta(minutes=10):
        refuse("is too long.", allowed=f"up to {compact(timedelta(minutes=10))}")
    return length


def _request(value: Any) -> Any:
    if not isinstance(value, Mapping) or not _holds(value):
        refuse(
            "is not a request.",
            allowed=f'a mapping in which some text is "{PROMPT}"',
            hint="It is sent as JSON by POST.",
        )
    return value


def _holds(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(inner) for inner in value)
    return bool(value == PROMPT)


class RedTeam(Section):
    """One set of probes, sent when `gatehold red-team` or its schedule says so."""

    name: Name
    """Name of the set; it begins the names of the files that it writes."""
    rollout: Name
    """The rollout that is probed."""
    probes: Words
    """File of JSON lines with `probe` and `prompt`, and if wanted `method` and `category`."""
    out: Words
    """Folder that gets one file of JSON lines a run, for a source of the stream `probes` to read."""
    url_env: EnvironmentName
    """Name of the environment variable that holds the address of the system."""
    token_env: EnvironmentName | None = None
    """Name of the environment variable that holds a bearer token; left out: none is sent."""
    request: Annotated[Any, PlainValidator(_request), WithJsonSchema({"type": "object"})]
    """The JSON that is posted; a text that is "{prompt}" becomes the probe."""
    answer: Words
    """Where in the JSON that comes back the answer stands, such as `choices.0.message.content`."""
    refused_when: Many[Words] = ()
    """Words of which one in an answer says that the attack failed; all other answers wait for a judge."""
    timeout: Annotated[Duration, AfterValidator(_within)] = timedelta(seconds=60)
    """How long one answer may take."""
    release: Words | None = None
    """Where in the JSON that comes back the release stands; left out: rows name none."""
    stop_after: Annotated[int, Field(ge=1, le=1_000)] = 10
    """So many probes in a row without an answer, and the rest is not sent."""


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """What is wrong between a set and its rollout."""
    rollout = text(raw, "rollout")
    if rollout is not None and rollout not in known.rollouts:
        yield unknown(place, ("rollout",), "rollout", rollout, known.rollouts)
