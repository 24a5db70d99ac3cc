"""SQL of a scheme: what of a row is counted, and its integer code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from warehouse.expressions import identifier
from warehouse.records.errors import UsageError
from warehouse.records.profiles import Scheme
from warehouse.records.streams import Stream

TEXT_LIMIT = 2_000
"""Characters of a text whose kinds and words are counted; its length is that of the whole text."""

TOKEN_BUCKETS, VALUE_BUCKETS = 1_024, 4_096

_PROPERTIES = {
    "digits": "[0-9]+",
    "whitespace": r"[\t\n\f\r ]+",
    "punctuation": r"[!-/:-@\[-`{-~]+",
    "non_ascii": r"[\x00-\x7f]+",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """SQL of the value and of the unrounded code of a number; the code may use `$scale` and `$offset`."""

    value: str
    code: str
    parameters: dict[str, object]


def needs_texts(scheme: Scheme) -> bool:
    """Whether the scheme looks into texts, so that they are read once for all such schemes of a column."""
    return scheme.kind == "token" or scheme.part not in ("", "length")


def wording(scheme: Scheme, stream: Stream, *, prepared: bool) -> Wording:
    """How a scheme reads one row; `prepared` rows hold the columns of `columns` in place of texts.

    Raises:
        UsageError: the stream has no such column, or one of another type.
    """
    check(scheme, stream)
    value = _value(scheme, prepared)
    if scheme.kind != "number":
        return Wording(value, value, {})
    parameters: dict[str, object] = {}
    code = f"ln(CASE WHEN {value} > 0 THEN {value} END)" if scheme.logarithmic else value
    if scheme.scale != 1.0:
        parameters["scale"] = scheme.scale
        code = f"{code} * $scale::DOUBLE"
    if scheme.offset:
        parameters["offset"] = float(scheme.offset)
        code = f"{code} + $offset::DOUBLE"
    return Wording(value, code, parameters)


def columns(schemes: Sequence[Scheme]) -> str:
    """SQL of the columns that prepared rows hold for these schemes."""
    return ", ".join(dict.fromkeys(_columns(schemes)))


def _columns(schemes: Sequence[Scheme]) -> Iterator[str]:
    for scheme in schemes:
        name = identifier(scheme.column)
        text = f"left({name}, {TEXT_LIMIT})"
        if scheme.part == "length":
            yield f"length({name}) AS {_counted(scheme.column, 'length')}"
        elif scheme.kind == "token":
            yield f"{text} AS {_counted(scheme.column, 'words')}"
        elif not scheme.part:
            yield name
        else:
            yield f"length({text}) AS {_counted(scheme.column, 'chars')}"
            yield from (
                f"{_characters(text, part)} AS {_counted(scheme.column, part)}"
                for part in _PROPERTIES
                if scheme.part in (part, "letters")
            )


def _characters(text: str, part: str) -> str:
    pattern = _PROPERTIES[part]
    if part == "non_ascii":
        rest = f"length(regexp_replace({text}, '{pattern}', '', 'g'))"
        return f"CASE WHEN strlen({text}) = length({text}) THEN 0 * length({text}) ELSE {rest} END"
    return f"length({text}) - length(regexp_replace({text}, '{pattern}', '', 'g'))"


def _counted(column: str, what: str) -> str:
    identifier(column)
    return f'"_{what}_{column}"'


def _value(scheme: Scheme, prepared: bool) -> str:
    if not scheme.part:
        return identifier(scheme.column)
    if scheme.part == "length":
        return _counted(scheme.column, "length") if prepared else f"length({identifier(scheme.column)})"
    if scheme.part == "words":
        return _counted(scheme.column, "words")
    chars = _counted(scheme.column, "chars")
    if scheme.part == "letters":
        rest = " - ".join(_counted(scheme.column, part) for part in _PROPERTIES)
        return f"(({chars} - {rest}) / greatest({chars}, 1))"
    return f"({_counted(scheme.column, scheme.part)} / greatest({chars}, 1))"


def check(scheme: Scheme, stream: Stream) -> None:
    """Raise UsageError unless the stream has the scheme's column, in a type that fits its kind."""
    column = stream.column(scheme.column)
    allowed = ("text",) if scheme.part else ("number", "integer") if scheme.kind == "number" else ("text", "boolean")
    if column is None or column.type not in allowed:
        found = "is not there" if column is None else f"is {column.type}"
        raise UsageError(
            f"Column {scheme.column!r} of stream {stream.name!r} {found}, but its profile needs "
            f"{' or '.join(allowed)}. "
            "Take the column out of the comparison, or pin the reference anew."
        )
