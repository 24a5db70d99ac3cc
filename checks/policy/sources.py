"""`sources`: where rows come from, and how their fields become the columns of a stream."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated
from typing import Literal as OneOf

from pydantic import AfterValidator, Field

from checks.policy import privacy
from checks.policy.base import ColumnName, LengthOfTime, Name, Section, Words, refuse
from checks.policy.known import Known, Raw, no_column, text, unknown
from checks.policy.report import Place, listed, shown
from warehouse.records.errors import Problem
from warehouse.records.ingest import SourceKind, SourceSpec
from warehouse.records.streams import Stream

_SPECIAL = ("@digest", "@file", "@row")


def _time_format(value: str) -> str:
    if value not in ("iso", "unix_s", "unix_ms") and "%" not in value:
        refuse("is not a time format.", allowed='iso, unix_s, unix_ms or a pattern such as "%d.%m.%Y %H:%M:%S"')
    return value


class Source(Section):
    """One place that rows of one stream are read from."""

    name: Name
    """Name of the source."""
    kind: SourceKind
    """Form of its files; .gz and .zst are unpacked."""
    path: Words
    """File or glob, relative to the folder of the configuration file."""
    stream: ColumnName
    """The stream its rows belong to."""
    lateness: LengthOfTime
    """How long after a moment rows of it may still arrive; windows count as evidence only after that."""
    fields: Mapping[ColumnName, Words] = Field(default_factory=dict)
    """By column, where its value stands: a field ("a.b" goes into nested objects), "=text" (a constant),
    "{model}-{index}" (a template of fields; "{model|name}" writes the text as a name: small letters, a hyphen for
    whatever a name cannot hold), "@digest", "@file" or "@row". Columns left out are read from the field of their own
    name."""
    time_format: Annotated[str, AfterValidator(_time_format)] = "iso"
    """How times are written: iso, unix_s, unix_ms or a strptime pattern."""
    expected_per_window: Annotated[int, Field(ge=1)] | None = None
    """Smallest number of rows a window should bring, where one knows."""
    late_rows: OneOf["count", "supplement"] = "count"
    """What late rows do: only counted, or folded as a supplement where lateness cannot depend on the outcome."""
    redact: privacy.Redact | None = None
    """What is taken out of its rows before they are stored."""

    def record(self, stream: Stream) -> SourceSpec:
        """The source as the warehouse knows it; its digest covers all that decides which rows it brings."""
        redaction = self.redact.record() if self.redact else None
        fields = sorted(self.fields.items())
        facts: list[object] = [self.kind, self.stream, fields, self.time_format, self.path, repr(stream)]
        facts += [repr(redaction)] if redaction else []
        return SourceSpec(
            name=self.name,
            kind=self.kind,
            path=self.path,
            stream=self.stream,
            lateness=self.lateness,
            fields=dict(self.fields),
            time_format=self.time_format,
            expected_per_window=self.expected_per_window,
            late_rows=self.late_rows,
            digest=hashlib.sha256(json.dumps(facts).encode()).hexdigest(),
            redaction=redaction,
        )


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """What is wrong between a source and the streams and rollouts."""
    name = text(raw, "stream")
    if name is None:
        return
    if name not in known.streams:
        yield unknown(place, ("stream",), "stream", name, known.streams)
        return
    stream, fields = known.streams[name], raw.get("fields")
    if stream is not None:
        yield from privacy.check(raw, place, stream)
    if stream is None or not isinstance(fields, dict):
        return
    for column, origin in fields.items():
        if stream.column(column) is None:
            yield no_column(place, ("fields", column), stream, column, stream.names())
        elif isinstance(origin, str):
            yield from _origin(column, origin, stream, place, known)


def _origin(column: str, origin: str, stream: Stream, place: Place, known: Known) -> Iterator[Problem]:
    inner = ("fields", column)
    if origin.startswith("@") and origin not in _SPECIAL:
        yield place.problem(inner, "is not a word that begins with @.", given=shown(origin), allowed=listed(_SPECIAL))
    if not origin.startswith(("=", "@")) and not _is_template(origin):
        yield place.problem(
            inner, "is not a template.", given=shown(origin), allowed='"{field}-{other}", "{field|name}"'
        )
    if origin.startswith("="):
        yield from _constant(column, origin[1:], stream, place, known)


def _is_template(origin: str) -> bool:
    """True for a place and for a template whose braces close and whose only form is `|name`."""
    forms = [form for part in re.findall(r"\{([^{}]*)\}", origin) for form in part.split("|")[1:]]
    return origin.count("{") == origin.count("}") and "{}" not in origin and all(form == "name" for form in forms)


def _constant(column: str, value: str, stream: Stream, place: Place, known: Known) -> Iterator[Problem]:
    declared = stream.column(column)
    inner = ("fields", column)
    if column == "rollout" and known.rollouts and value not in known.rollouts:
        yield unknown(place, inner, "rollout", value, known.rollouts)
    elif declared is not None and declared.choices and value not in declared.choices:
        yield place.problem(
            inner, f"is not a value of column {column}.", given=shown(value), allowed=listed(declared.choices)
        )
