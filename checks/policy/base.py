"""The ground every section of the configuration stands on: a frozen model, and types whose messages help."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, Strict
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
COLUMN_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,126}\Z")
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION_FORM = 'a whole number and a unit: "90s", "15m", "2h", "3d" or "6w"'
_MOMENT_FORM = 'a date or time as in ISO 8601: "2026-03-01" or "2026-03-01T06:00:00Z" (without offset it is UTC)'

T = TypeVar("T")


class Section(BaseModel):
    """One mapping of the configuration: frozen, and a key it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


def refuse(message: str, *, allowed: str = "", hint: str = "") -> NoReturn:
    """Raise the error that a validator reports; `message` is the end of a sentence that began with the place."""
    raise PydanticCustomError("gatehold", "{message}", {"message": message, "allowed": allowed, "hint": hint})


def _name(text: str) -> str:
    if not NAME.match(text):
        refuse(
            "is not a name.",
            allowed="1 to 63 small letters, digits, underscores and hyphens, beginning with a letter",
        )
    return text


def _column_name(text: str) -> str:
    if not COLUMN_NAME.match(text):
        refuse(
            "is not a name for a stream or column.",
            allowed="1 to 63 small letters, digits and underscores, beginning with a letter",
        )
    return text


def _environment_name(text: str) -> str:
    if not _ENVIRONMENT_NAME.match(text):
        refuse(
            "is not the name of an environment variable.",
            allowed="a name such as ROLLOUT_HOOK; the secret itself stays in the environment",
        )
    return text


def _words(text: str) -> str:
    if not text.strip():
        refuse("is empty.", allowed="text")
    return text


def duration(value: Any) -> timedelta:
    """The length of time that a text such as "15m" names; a timedelta stays as it is."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.match(value) if isinstance(value, str) else None
    if found is None:
        refuse("is not a duration.", allowed=_DURATION_FORM)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def _positive(length: timedelta) -> timedelta:
    if length <= timedelta(0):
        refuse("must be longer than nothing.", allowed=_DURATION_FORM)
    return length


def moment(value: Any) -> datetime:
    """The time in UTC that an ISO 8601 text names; a date is its first moment, a time without offset is UTC."""
    if not isinstance(value, str | datetime):
        refuse("is not a time.", allowed=_MOMENT_FORM)
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        refuse("is not a time.", allowed=_MOMENT_FORM)


def compact(length: timedelta) -> str:
    """The length of time as the configuration writes it, in its largest whole unit."""
    seconds = int(length.total_seconds())
    unit, size = next((u, s) for u, s in reversed(_SECONDS.items()) if seconds % s == 0)
    return f"{seconds // size}{unit}" if seconds else "0s"


_AS_DURATION = (
    PlainSerializer(compact, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}[smhdw]$", "examples": ["90s", "15m", "2h", "3d", "6w"]}),
)

Name = Annotated[str, AfterValidator(_name), Field(json_schema_extra={"pattern": "^[a-z][a-z0-9_-]{0,62}$"})]
ColumnName = Annotated[
    str, AfterValidator(_column_name), Field(json_schema_extra={"pattern": "^[a-z][a-z0-9_]{0,62}$"})
]
EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
Words = Annotated[str, AfterValidator(_words), Field(json_schema_extra={"minLength": 1})]
LengthOfTime = Annotated[timedelta, PlainValidator(duration), *_AS_DURATION]
Duration = Annotated[timedelta, PlainValidator(duration), AfterValidator(_positive), *_AS_DURATION]
Moment = Annotated[
    datetime,
    PlainValidator(moment),
    PlainSerializer(datetime.isoformat, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["2026-03-01", "2026-03-01T06:00:00Z"]}),
]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Many = Annotated[tuple[T, ...], Strict(False)]
"""A list in the file, a tuple in memory; what is in it stays strict."""
