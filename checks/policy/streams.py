"""`streams`: the user's own kinds of log rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args
from typing import Literal as OneOf

from pydantic import Field

from checks.policy.base import ColumnName, Finite, Many, Section, Words
from checks.policy.known import Known, Raw, number, repeated, text, texts
from checks.policy.report import Place, listed, shown
from warehouse.records.errors import Problem
from warehouse.records.streams import BUILT_IN, COMMON, Column, ColumnType, Stream

ADDED = ("attributes", "arrived_at", "batch", "position", "source", "revision", "closed_by", "digest")
"""Columns that ingest adds to every stream."""

_NUMBERS = ("integer", "number")


class ColumnSection(Section):
    """One column of a user's stream."""

    name: ColumnName
    """Name of the column."""
    type: ColumnType
    """Kind of value it holds."""
    meaning: Words
    """What a value says, in one sentence."""
    unit: str = ""
    """Unit of the value."""
    nullable: bool = True
    """Whether a row may leave it out; a row without a value that must be there goes to quarantine."""
    min: Finite | None = None
    """Smallest number allowed."""
    max: Finite | None = None
    """Largest number allowed."""
    choices: Many[Words] = ()
    """Texts allowed."""
    outside: OneOf["quarantine", "flag"] = "quarantine"
    """What happens to a row whose value is outside: quarantine, or let in, counted and left unscored."""

    def record(self) -> Column:
        """The column as the warehouse knows it."""
        return Column(
            self.name,
            self.type,
            self.meaning,
            self.unit,
            self.nullable,
            self.min,
            self.max,
            self.choices,
            self.outside,
        )


class StreamSection(Section):
    """A kind of log row beside the built-in ones."""

    name: ColumnName
    """Name of the stream."""
    description: Words
    """What one row is."""
    columns: Annotated[Many[ColumnSection], Field(min_length=1)]
    """Its columns, beside those that every stream has."""

    def record(self) -> Stream:
        """The stream as the warehouse knows it."""
        return Stream(self.name, self.description, tuple(column.record() for column in self.columns))


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """What is wrong between the parts of one declared stream."""
    name = text(raw, "name")
    if name in BUILT_IN:
        hint = "Give yours another name, or map your logs onto the built-in one."
        yield place.problem(("name",), "is a built-in stream.", given=shown(name), hint=hint)
    columns = raw.get("columns")
    seen: dict[str, int] = {}
    for index, column in enumerate(columns if isinstance(columns, list) else []):
        if isinstance(column, dict):
            yield from _column(column, Place(place.document, (*place.path, "columns", index)), seen, index)


def _column(column: dict[str, Any], place: Place, seen: dict[str, int], index: int) -> Iterator[Problem]:
    name, kind = text(column, "name"), text(column, "type")
    if name is not None and (name in ADDED or name in {c.name for c in COMMON}):
        yield place.problem(("name",), "is a column that every stream has already.", given=shown(name))
    elif name in seen:
        message = f"is the name of two columns; the first is columns[{seen[name]}]."
        yield place.problem(("name",), message, given=shown(name))
    if name is not None:
        seen.setdefault(name, index)
    yield from _bounds(column, place, kind)
    yield from repeated(place, "choices", texts(column, "choices"))


def _bounds(column: dict[str, Any], place: Place, kind: str | None) -> Iterator[Problem]:
    known_kind = kind in get_args(ColumnType)
    for key in ("min", "max"):
        if column.get(key) is not None and known_kind and kind not in _NUMBERS:
            yield place.problem((key,), f"bounds numbers, and this column is {kind}.", allowed=listed(_NUMBERS))
    if column.get("choices") and known_kind and kind != "text":
        yield place.problem(("choices",), f"are for texts, and this column is {kind}.", hint="Use min and max.")
    low, high = number(column, "min"), number(column, "max")
    if low is not None and high is not None and low > high:
        yield place.problem(("min",), f"is larger than max ({high:g}).", given=f"{low:g}")
