"""`reviews`: queues of rows that people label, chosen with chances that are written down."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated
from typing import Literal as OneOf

from pydantic import Field

from checks.metrics import expression
from checks.policy.base import ColumnName, Duration, Many, Name, Section, Words, compact
from checks.policy.known import Known, Raw, no_column, number, repeated, text, texts, unknown
from checks.policy.report import Place, shown
from warehouse.records.errors import ConfigurationError, Problem
from warehouse.records.streams import Stream

Chance = Annotated[float, Field(ge=0.000001, le=1)]
Label = Annotated[Words, Field(max_length=60)]


class Strategy(Section):
    """Rows that are chosen more often than the others."""

    name: Name
    """What it is called, such as low_confidence or disagreement."""
    when: Words
    """Expression over the row that is true for its rows: "confidence < 0.6", "label != reference_label"."""
    share: Chance
    """Share of its rows that it chooses, beside what the others choose."""


class Review(Section):
    """One queue of rows for people."""

    name: Name
    """Name of the queue."""
    stream: ColumnName
    """The stream whose rows are reviewed."""
    show: Annotated[Many[ColumnName], Field(min_length=1, max_length=8)]
    """Columns that people see; never the judge's verdict."""
    question: Words
    """What people are asked about each row."""
    labels: Annotated[Many[Label], Field(min_length=2, max_length=9)]
    """The answers, two to nine; on the board the first has key 1, the second key 2 and so on."""
    uniform: Chance
    """Share of all rows that is chosen whatever they say, so that the labels speak of every row."""
    strategies: Annotated[Many[Strategy], Field(max_length=6)] = ()
    """Rows that are chosen more often."""
    judge: ColumnName | None = None
    """Column with the verdict of a judge; people do not see it, and it stands beside their label."""
    score: ColumnName | None = None
    """Number column with the judge's score; people do not see it either."""
    a_day: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """So many rows a day on average: on a busy day every chance is made smaller, down to `least_chance`."""
    least_chance: Chance | None = None
    """Smallest chance that any row ever has; a tenth of `uniform` if not said."""
    double_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the chosen rows that two people label without seeing each other's label."""
    role: OneOf["reviewer", "approver", "admin"] = "reviewer"
    """The role that people need; those above it may label too."""
    due: Duration = timedelta(days=2)
    """How long after it occurred a row waits for its label; then it is handed on without one."""
    out: Words
    """Folder that gets the answers as files of JSON lines, for a source of the stream `labels` to read."""
    unchosen: bool = False
    """Whether rows that were not chosen are written too, as an assisted metric needs."""

    @property
    def least(self) -> float:
        """Smallest chance that any row ever has."""
        return self.uniform / 10 if self.least_chance is None else self.least_chance

    @property
    def rubric(self) -> str:
        """A text that changes with the question or the labels."""
        return hashlib.sha256(json.dumps([self.question, self.labels]).encode()).hexdigest()[:12]


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """What is wrong between a queue, its stream, and the source that is to read its answers."""
    yield from repeated(place, "labels", texts(raw, "labels"))
    yield from repeated(place, "show", texts(raw, "show"))
    yield from _least(raw, place)
    yield from _source(raw, place, known)
    name = text(raw, "stream")
    if name is None:
        return
    if name not in known.streams:
        yield unknown(place, ("stream",), "stream", name, known.streams)
        return
    if (stream := known.streams[name]) is not None:
        yield from _columns(raw, place, stream)
        yield from _strategies(raw, place, stream)


def _least(raw: Raw, place: Place) -> Iterator[Problem]:
    least, uniform = number(raw, "least_chance"), number(raw, "uniform")
    if least is not None and uniform is not None and least > uniform:
        yield place.problem(("least_chance",), f"is above uniform ({uniform:g}).", given=f"{least:g}")


def _columns(raw: Raw, place: Place, stream: Stream) -> Iterator[Problem]:
    hidden = {column for key in ("judge", "score") if (column := text(raw, key)) is not None}
    for index, column in texts(raw, "show"):
        if stream.column(column) is None:
            yield no_column(place, ("show", index), stream, column, stream.names())
        elif column in hidden:
            message = "is the judge's, and people who see it follow it."
            yield place.problem(("show", index), message, given=shown(column), hint="Leave it out of show.")
    for key, allowed in (("judge", ("text", "boolean", "integer")), ("score", ("number", "integer"))):
        given = text(raw, key)
        declared = stream.column(given) if given is not None else None
        if given is not None and declared is None:
            yield no_column(place, (key,), stream, given, stream.names())
        elif declared is not None and declared.type not in allowed:
            message = f"is a column of type {declared.type}."
            yield place.problem((key,), message, given=shown(str(given)), allowed=" or ".join(allowed))


def _strategies(raw: Raw, place: Place, stream: Stream) -> Iterator[Problem]:
    listed = raw.get("strategies")
    entries = [(i, s) for i, s in enumerate(listed) if isinstance(s, dict)] if isinstance(listed, list) else []
    seen: dict[str, int] = {}
    for index, entry in entries:
        name, when = text(entry, "name"), text(entry, "when")
        if name in seen:
            message = f"is the name of two strategies; the first is strategies[{seen[name]}]."
            yield place.problem(("strategies", index, "name"), message, given=shown(name))
        elif name is not None:
            seen[name] = index
        try:
            if when is not None and when.strip():
                expression.parse(when, stream, wants="truth")
        except ConfigurationError as error:
            found = error.problems[0]
            message, inner = f"{found.path}: {found.message}", ("strategies", index, "when")
            yield place.problem(inner, message, given=found.given, allowed=found.allowed, hint=found.hint)


def _source(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """Whether a source reads the answers, and waits for them; nothing where a source is itself broken."""
    out, due = text(raw, "out"), raw.get("due", "2d")
    if out is None or any(source is None for source in known.sources):
        return
    reading = [s for s in known.sources if s is not None and PurePosixPath(s.path).parent == PurePosixPath(out)]
    if not reading:
        hint = f'Add a source of stream labels with kind jsonl and path "{PurePosixPath(out)}/*.jsonl".'
        yield place.problem(("out",), "is a folder that no source reads.", given=shown(out), hint=hint)
    length = _length(due)
    for source in reading:
        if length is not None and source.lateness <= length:
            message = f"is not shorter than the lateness of source {source.name} ({compact(source.lateness)})."
            hint = "A window counts when its source has waited that long, so labels have to be there by then."
            yield place.problem(("due",), message, given=compact(length), hint=hint)


def _length(due: object) -> timedelta | None:
    from pydantic_core import PydanticCustomError

    from checks.policy.base import duration

    try:
        return duration(due)
    except PydanticCustomError:
        return None
