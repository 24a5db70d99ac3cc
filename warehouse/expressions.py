"""SQL of the expression language: a tree in, text and bound parameters out.

Constants and places inside JSON columns are always bound; only validated column names are composed in. Numbers are
doubles throughout, and a number that is not finite is missing. JSON places take the type of what they stand beside: a
text where a number is needed is missing. Places are bound as JSON pointers (RFC 6901), which know no wildcards.
"""

from __future__ import annotations

import difflib
import math
import re
from typing import Literal as OneOf
from typing import assert_never

from warehouse.records.errors import UsageError
from warehouse.records.expressions import (
    Arithmetic,
    Compare,
    Constant,
    Expression,
    Field,
    IsMissing,
    Logic,
    Member,
    Negative,
    Not,
    Scalar,
)
from warehouse.records.streams import Column, Stream

Kind = OneOf["number", "text", "boolean", "time", "json"]
"""What a piece of SQL yields; `json` is a text out of a JSON column whose type is settled by what it stands beside."""

IDENTIFIER = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
_OPERATORS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def compile(expression: Expression, stream: Stream, parameters: dict[str, object], *, kind: Kind | None = None) -> str:
    """SQL of `expression` over one row of `events_<stream>`; what it binds is added to `parameters`.

    `kind` is the type that is needed ("boolean" for a condition, "number" for a value); None keeps the type the
    expression has by itself, JSON places being text then. What cannot be read as that type is missing (NULL), and so
    is a value that its column's declaration flags; `warehouse.places.as_stored` gives a stream that flags nothing.

    Raises:
        UsageError: a column is not one of the stream's, a place is asked of a column that is not JSON, or two types
            cannot stand together (a time and a number).
    """
    sql, found = _typed(expression, stream, parameters)
    return sql if kind is None else _to(sql, found, kind)


def identifier(name: str) -> str:
    """The name in double quotes, for composing into SQL.

    Raises:
        UsageError: it is not made of small letters, digits and underscores, or is longer than 63 characters.
    """
    if not IDENTIFIER.match(name):
        raise UsageError(
            f"{name!r} cannot be the name of a stream or column. Use small letters, digits and underscores, "
            "beginning with a letter, at most 63 characters."
        )
    return f'"{name}"'


def pointer(path: tuple[str, ...]) -> str:
    """The JSON pointer (RFC 6901) of a place; the empty path is the whole value."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)


def bind(value: object, parameters: dict[str, object]) -> str:
    """The placeholder of a new parameter that holds `value`."""
    name = f"v{len(parameters)}"
    while name in parameters:
        name = f"{name}_"
    parameters[name] = value
    return f"${name}"


def _typed(node: Expression, stream: Stream, parameters: dict[str, object]) -> tuple[str, Kind]:
    """SQL of a node and the type it has by itself."""
    match node:
        case Field():
            return _field(node, stream, parameters)
        case Constant(value=value):
            return _constant(value, parameters)
        case Compare():
            return _compare(node, stream, parameters), "boolean"
        case IsMissing(operand=operand, negated=negated):
            sql, _ = _typed(operand, stream, parameters)
            return f"({sql} IS {'NOT ' if negated else ''}NULL)", "boolean"
        case Member():
            return _member(node, stream, parameters), "boolean"
        case Logic(op=op, operands=operands):
            parts = [compile(operand, stream, parameters, kind="boolean") for operand in operands]
            return "(" + f" {op.upper()} ".join(parts) + ")", "boolean"
        case Not(operand=operand):
            return f"(NOT {compile(operand, stream, parameters, kind='boolean')})", "boolean"
        case Arithmetic() | Negative():
            return _finite(_number(node, stream, parameters)), "number"
        case _:
            assert_never(node)


def _field(node: Field, stream: Stream, parameters: dict[str, object]) -> tuple[str, Kind]:
    name = identifier(node.column)
    column = stream.column(node.column)
    declared = "json" if node.column == "attributes" else column.type if column else None
    if declared is None:
        raise UsageError(_unknown(node.column, stream))
    if declared == "json":
        return f"json_extract_string({name}, {bind(pointer(node.path), parameters)})", "json"
    if node.path:
        place = ".".join((node.column, *node.path))
        raise UsageError(
            f"{place!r}: column {node.column!r} of stream {stream.name!r} is {declared}, not JSON, and has no places "
            "inside. Use the column by itself."
        )
    if declared == "number" or declared == "integer":
        number = _finite(name) if declared == "number" else f"{name}::DOUBLE"
        return _in_range(number, column, parameters), "number"
    if declared == "text":
        return _among_choices(name, column, parameters), "text"
    return name, declared


def _in_range(sql: str, column: Column | None, parameters: dict[str, object]) -> str:
    """The number, missing where it lies outside a range that only flags: what is flagged is left unscored."""
    if column is None or column.outside != "flag":
        return sql
    ends = ((">=", column.low), ("<=", column.high))
    tests = [f"{sql} {op} {bind(float(end), parameters)}::DOUBLE" for op, end in ends if end is not None]
    return f"CASE WHEN {' AND '.join(tests)} THEN {sql} END" if tests else sql


def _among_choices(sql: str, column: Column | None, parameters: dict[str, object]) -> str:
    """The text, missing where it is none of the choices of a column that only flags."""
    if column is None or column.outside != "flag" or not column.choices:
        return sql
    return f"CASE WHEN list_contains({bind(list(column.choices), parameters)}::VARCHAR[], {sql}) THEN {sql} END"


def _unknown(column: str, stream: Stream) -> str:
    names = [*stream.names(), "attributes"]
    near = difflib.get_close_matches(column, names, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Its columns are: {', '.join(names)}."
    return (
        f"Stream {stream.name!r} has no column {column!r}. {hint} "
        f"Fields that feed no column are under attributes (attributes.{column})."
    )


def _constant(value: Scalar, parameters: dict[str, object]) -> tuple[str, Kind]:
    if value is None:
        return "NULL::VARCHAR", "json"
    if isinstance(value, bool):
        return f"{bind(value, parameters)}::BOOLEAN", "boolean"
    if isinstance(value, str):
        return f"{bind(value, parameters)}::VARCHAR", "text"
    number = _double(value)
    return ("NULL::DOUBLE" if number is None else f"{bind(number, parameters)}::DOUBLE"), "number"


def _double(value: int | float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _compare(node: Compare, stream: Stream, parameters: dict[str, object]) -> str:
    left, left_kind = _typed(node.left, stream, parameters)
    right, right_kind = _typed(node.right, stream, parameters)
    kind = _common(left_kind, right_kind, ordering=node.op not in ("==", "!="))
    return f"({_to(left, left_kind, kind)} {_OPERATORS[node.op]} {_to(right, right_kind, kind)})"


def _common(left: Kind, right: Kind, *, ordering: bool) -> Kind:
    """The type in which two sides are compared; two JSON places are ordered as numbers and told apart as texts."""
    kinds = {left, right} - {"json"}
    if not kinds:
        return "number" if ordering else "text"
    if len(kinds) == 1:
        return kinds.pop()
    if "time" in kinds:
        if kinds == {"time", "text"}:
            return "time"
        other = (kinds - {"time"}).pop()
        raise UsageError(f"A time cannot be compared with a {other}. Compare it with a time or an ISO 8601 text.")
    return "number" if "number" in kinds else "boolean"


def _member(node: Member, stream: Stream, parameters: dict[str, object]) -> str:
    """SQL of membership. A missing option equals nothing; options of several types are tried each in its own."""
    sql, kind = _typed(node.operand, stream, parameters)
    groups: dict[Kind, list[str]] = {}
    for option in node.options:
        if option is not None:
            text, option_kind = _constant(option, parameters)
            shared = _common(kind, option_kind, ordering=False)
            groups.setdefault(shared, []).append(_to(text, option_kind, shared))
    tests = [f"{_to(sql, kind, shared)} IN ({', '.join(options)})" for shared, options in groups.items()]
    if len(tests) == 1:
        found = tests[0]
    else:
        any_of = " OR ".join(f"coalesce({test}, false)" for test in tests) or "false"
        found = f"CASE WHEN {sql} IS NOT NULL THEN {any_of} END"
    return f"(NOT ({found}))" if node.negated else f"({found})"


def _number(node: Expression, stream: Stream, parameters: dict[str, object]) -> str:
    """SQL of arithmetic that may still be infinite inside.

    Whoever uses it checks once at the root: what is not finite stays so on the way up, except as a divisor, which is
    therefore checked by itself.
    """
    if isinstance(node, Negative):
        return f"(-{_number(node.operand, stream, parameters)})"
    if not isinstance(node, Arithmetic):
        return compile(node, stream, parameters, kind="number")
    left = _number(node.left, stream, parameters)
    right = _number(node.right, stream, parameters)
    if node.op == "/":
        right = f"CASE WHEN isfinite({right}) AND {right} <> 0 THEN {right} END"
    return f"({left} {node.op} {right})"


def _finite(sql: str) -> str:
    return f"CASE WHEN isfinite({sql}) THEN {sql} END"


def _to(sql: str, kind: Kind, needed: Kind) -> str:
    """The SQL read as another type; what cannot be read so is missing."""
    if kind == needed or needed == "json" or (kind == "json" and needed == "text"):
        return sql
    if kind in ("json", "text"):
        if needed == "number":
            return _finite(f"TRY_CAST({sql} AS DOUBLE)")
        return f"TRY_CAST({sql} AS {'BOOLEAN' if needed == 'boolean' else 'TIMESTAMPTZ'})"
    if kind == "boolean" and needed == "number":
        return f"({sql})::INTEGER::DOUBLE"
    if kind == "number" and needed == "boolean":
        return f"CASE {sql} WHEN 1 THEN true WHEN 0 THEN false END"
    if needed == "text":
        return f"({sql})::VARCHAR"
    raise UsageError(f"A {kind} cannot be used as a {needed}. Compare it first, for example with < or ==.")
