"""`checks`: expectations of the rows of a stream, in the words of Great Expectations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from typing import Literal as OneOf

from pydantic import ConfigDict, Field, model_validator

from checks.policy.base import ColumnName, Section, Words
from checks.policy.known import Known, Raw, no_column, text, unknown
from checks.policy.report import Place, listed, nearest
from checks.policy.streams import ADDED
from checks.quality.known import ARGUMENTS, UNSUPPORTED
from checks.quality.records import Expectation
from warehouse.records.errors import Problem
from warehouse.records.streams import Stream

_COLUMN_KEYS = ("column", "column_A", "column_B", "column_list")
_OWN = ("name", "stream", "expect", "severity", "owner")


def _open(made: dict[str, Any]) -> None:
    """In the JSON Schema, further keys are allowed and `arguments` is not written."""
    made["additionalProperties"] = True
    made["properties"].pop("arguments")


class DataCheck(Section):
    """One expectation; every further key is an argument of it."""

    model_config = ConfigDict(json_schema_extra=_open)

    stream: ColumnName
    """The stream whose new rows are looked at."""
    expect: Words
    """Name of the expectation, such as expect_column_values_to_be_between."""
    name: Words | None = None
    """What a finding calls it; left out, it is made from the expectation and its column."""
    severity: OneOf["info", "warning", "critical"] = "warning"
    """How bad it is when the rows break it."""
    owner: Words | None = None
    """Who is to look at it."""
    arguments: Mapping[str, Any] = Field(default_factory=dict)
    """The further keys; not written in the file."""

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        own = {key: value for key, value in raw.items() if key in _OWN}
        return {**own, "arguments": {key: value for key, value in raw.items() if key not in _OWN}}

    def expectation(self) -> Expectation:
        """The expectation as the quality checks take it."""
        named = [str(self.arguments[key]) for key in _COLUMN_KEYS[:3] if key in self.arguments]
        words = self.expect.removeprefix("expect_").replace("_", " ")
        name = self.name or f"{', '.join(named)}: {words}".removeprefix(": ")
        return Expectation(name, self.expect, dict(self.arguments), self.severity, self.owner or "")


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """Unknown expectations, arguments and columns, and expectations that the database cannot carry out."""
    stream, expect = text(raw, "stream"), text(raw, "expect")
    if stream is not None and stream not in known.streams:
        yield unknown(place, ("stream",), "stream", stream, known.streams)
    if expect is None:
        return
    if expect not in ARGUMENTS:
        yield unknown(place, ("expect",), "expectation", expect, set(ARGUMENTS) - UNSUPPORTED)
        return
    if expect in UNSUPPORTED:
        message = f"{expect} cannot be carried out inside DuckDB."
        hint = "Use unexpected_rows_expectation with a query that returns the rows that break it."
        yield place.problem(("expect",), message, hint=hint)
    yield from _arguments(raw, place, expect)
    declared = known.streams.get(stream or "")
    if declared is not None:
        yield from _columns(raw, place, declared)


def _arguments(raw: Raw, place: Place, expect: str) -> Iterator[Problem]:
    for key in raw:
        if key not in _OWN and key not in ARGUMENTS[expect]:
            hint = nearest(key, (*ARGUMENTS[expect], *_OWN))
            message = f"{expect} takes no such argument."
            yield place.problem((key,), message, allowed=listed(ARGUMENTS[expect]), hint=hint, at_key=True)
    query = text(raw, "unexpected_rows_query")
    if query is not None and "{batch}" not in query:
        allowed = "SQL that reads FROM {batch} and returns the rows that break it"
        yield place.problem(("unexpected_rows_query",), "does not read the rows to check.", allowed=allowed)


def _columns(raw: Raw, place: Place, stream: Stream) -> Iterator[Problem]:
    names = (*stream.names(), *ADDED)
    for key in _COLUMN_KEYS:
        given = raw.get(key)
        for name in given if isinstance(given, list) else [given]:
            if isinstance(name, str) and name not in names:
                yield no_column(place, (key,), stream, name, names)
