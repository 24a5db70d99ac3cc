"""`retention` and `redact`: how long what is kept, and what is taken out of rows before they are stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, PlainValidator, model_validator
from pydantic.json_schema import WithJsonSchema

from checks.policy.base import (
    ColumnName,
    Duration,
    EnvironmentName,
    Many,
    Name,
    Section,
    Words,
    compact,
    refuse,
)
from checks.policy.known import Raw, no_column, text, texts
from checks.policy.report import Place, shown
from warehouse.records.errors import Problem
from warehouse.records.redaction import CustomPattern, PatternName, Redaction
from warehouse.records.storage import SnapshotRules
from warehouse.records.streams import Stream

YEAR = timedelta(days=365)
ATTRIBUTES = "attributes"
RAW_TEXT: Mapping[str, tuple[str, ...]] = {
    "interactions": ("prompt", "response", "error"),
    "steps": ("error",),
    "governance": ("note",),
}
"""Columns of the built-in streams that are raw text; `attributes` of every stream is, too."""
_AGE = re.compile(r"([0-9]{1,6})([dwy])\Z")
_DAYS = {"d": 1, "w": 7, "y": 365}
_MOST = 200 * 365
_AGE_FORM = 'a whole number of days or more ("30d", "6w", "5y"), or "never"'


def _age(value: Any) -> timedelta | None:
    if value is None or value == "never":
        return None
    if isinstance(value, timedelta):
        return value
    found = _AGE.match(value) if isinstance(value, str) else None
    if found is None:
        refuse("is not an age.", allowed=_AGE_FORM)
    length = int(found[1]) * _DAYS[found[2]]
    if not 1 <= length <= _MOST:
        refuse("is not an age.", allowed=_AGE_FORM)
    return timedelta(days=length)


def age_text(age: timedelta | None) -> str:
    """An age as the configuration writes it."""
    if age is None:
        return "never"
    return f"{age // YEAR}y" if not age % YEAR else compact(age)


Age = Annotated[
    timedelta | None,
    PlainValidator(_age),
    PlainSerializer(age_text, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^([0-9]{1,6}[dwy]|never)$", "examples": ["30d", "5y"]}),
]


class Published(Section):
    """How much of the rows goes into the published snapshot."""

    rows: Duration = timedelta(days=2)
    """Rows that occurred within this time of the run."""
    most_rows: Annotated[int, Field(ge=0, le=100_000)] = 2_000
    """At most so many rows of each stream, and so many of quarantine."""
    text: bool = False
    """Whether raw text goes in too."""
    quarantine: Duration = timedelta(weeks=4)
    """Rows of quarantine that arrived within this time of the run."""

    def record(self) -> SnapshotRules:
        """What the warehouse needs of it."""
        return SnapshotRules(self.rows, self.most_rows, self.text, self.quarantine)


class Retention(Section):
    """How long what is kept; what is not named is kept for good. The decision log always is."""

    raw_text: Age = None
    """Raw text: prompts, responses, error texts, attributes, rows in quarantine; counted from arrival."""
    events: Age = None
    """Rows; counted from their occurrence."""
    cells: Age = None
    """Summaries of windows; none that an open epoch may need."""
    evidence: Age = None
    """Folded windows of closed epochs, past standings, verdicts and findings."""
    text_columns: Mapping[ColumnName, Many[ColumnName]] = Field(default_factory=dict)
    """By stream, the columns that are raw text; takes the place of the built-in list of that stream."""
    rewrite_after: Duration = timedelta(days=7)
    """How long removed text may stay in unused parts of the file before a run writes it anew."""
    snapshot: Published = Published()
    """How much of the rows goes into the published snapshot."""

    @model_validator(mode="after")
    def _nested(self) -> Retention:
        ages = [(name, getattr(self, name)) for name in ("raw_text", "events", "cells", "evidence")]
        given = [(name, age) for name, age in ages if age is not None]
        for (shorter, low), (longer, high) in pairwise(given):
            if low > high:
                refuse(
                    f"keeps {shorter} longer than {longer}.",
                    allowed="raw_text, events, cells and evidence in ascending order",
                    hint=f"What {longer} says rests on {shorter}: keep {longer} at least as long.",
                )
        return self

    def texts(self, stream: Stream) -> tuple[str, ...]:
        """The columns of a stream that are raw text, beside its attributes."""
        return tuple(self.text_columns.get(stream.name, RAW_TEXT.get(stream.name, ())))


class Pattern(Section):
    """A pattern of one's own."""

    name: Name
    """What stands in its place, in brackets."""
    pattern: Words
    """Regular expression in RE2 syntax."""


class HashIds(Section):
    """Ids that are stored as keyed digests only."""

    columns: Annotated[Many[ColumnName], Field(min_length=1)]
    """Text columns, such as session_id."""
    key_env: EnvironmentName
    """Environment variable with the key, at least 16 bytes; the same key keeps ids of several sources joinable."""


class Redact(Section):
    """What is taken out of a source's rows before they are stored."""

    patterns: Many[PatternName] = ()
    """Built-in patterns: email, phone, credit_card, iban, ip_address, api_key."""
    custom: Many[Pattern] = ()
    """Patterns of one's own."""
    columns: Many[ColumnName] = ()
    """Columns that the patterns are taken out of; left out: the stream's own texts and JSON, and attributes."""
    hash_ids: HashIds | None = None
    """Ids that are stored as keyed digests."""

    def record(self) -> Redaction:
        """What the warehouse needs of it."""
        return Redaction(
            patterns=self.patterns,
            custom=tuple(CustomPattern(c.name, c.pattern) for c in self.custom),
            columns=self.columns,
            hash_columns=self.hash_ids.columns if self.hash_ids else (),
            key_env=self.hash_ids.key_env if self.hash_ids else None,
        )


def check(raw: Raw, place: Place, stream: Stream) -> Iterator[Problem]:
    """What is wrong between the redaction of a source and its stream."""
    asked = raw.get("redact")
    if not isinstance(asked, dict):
        return
    inner = Place(place.document, (*place.path, "redact"))
    if not any(asked.get(key) for key in ("patterns", "custom", "hash_ids")):
        yield inner.problem((), "takes nothing out.", hint='Add "patterns:", "custom:" or "hash_ids:".')
    yield from _columns(asked, inner, ("columns",), stream, ("text", "json"))
    hashed = asked.get("hash_ids")
    if isinstance(hashed, dict):
        yield from _columns(hashed, inner, ("hash_ids", "columns"), stream, ("text",))
    for index, custom in enumerate(asked["custom"] if isinstance(asked.get("custom"), list) else []):
        given = text(custom, "pattern") if isinstance(custom, dict) else None
        wrong = _fault(given) if given else None
        if wrong is not None:
            yield inner.problem(("custom", index, "pattern"), wrong, given=shown(given), allowed="RE2 syntax")


def texts_check(raw: Any, place: Place, streams: Mapping[str, Stream | None]) -> Iterator[Problem]:
    """What is wrong between the columns named as raw text and the streams."""
    named = raw.get("text_columns") if isinstance(raw, dict) else None
    for name, columns in named.items() if isinstance(named, dict) else ():
        if name not in streams:
            yield place.problem(("retention", "text_columns", name), "there is no stream of that name.", at_key=True)
        declared = streams.get(name)
        for index, column in enumerate(columns if isinstance(columns, list) else []):
            found = declared.column(column) if declared is not None and isinstance(column, str) else None
            if declared is not None and (found is None or found.type not in ("text", "json")):
                message = f"is no text or JSON column of stream {name}."
                yield place.problem(("retention", "text_columns", name, index), message, given=shown(column))


def _columns(raw: Raw, place: Place, at: tuple[str, ...], stream: Stream, types: tuple[str, ...]) -> Iterator[Problem]:
    for index, name in texts(raw, at[-1]):
        column = stream.column(name)
        if name == ATTRIBUTES and at == ("columns",):
            continue
        if column is None:
            yield no_column(place, (*at, index), stream, name, stream.names())
        elif column.type not in types:
            yield place.problem((*at, index), f"column {name} is {column.type}, and not {' or '.join(types)}.")


def _fault(pattern: str) -> str | None:
    """What is wrong with a pattern, by the same engine (RE2) that will use it."""
    # Imported where a policy has patterns: it takes longer to load than all the rest.
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        empty = pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        return f"is no regular expression that can be used ({reason.splitlines()[0]})."
    return "matches the empty text, so it would stand between all letters." if empty[0].as_py() else None
