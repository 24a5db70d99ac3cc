"""Candidates: a table of rows to try a metric on, made from the constants that its expressions mention.

Nothing is solved: each place that an expression reads gets the constants it is held against, values just beside them,
typical values of its type, and nothing; the table is their product, or a sample of it where that is too large.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

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

MOST_CANDIDATES = 20_000
"""Rows that a metric is tried on."""

FIXED = ("rollout", "arm", "segment")
"""Common columns that the gate's own traffic decides."""
UNFORESEEN = ("event_id", "occurred_at", "attributes")
"""Columns that cannot be chosen row by row, unless a place inside `attributes` is meant."""

_BESIDE = 0.01
_TEXTS = ("a", "b")
_NUMBERS = (1, 0, 0.5)
_TIMES = ("2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00")
_SEED = 20260101

Place = tuple[str, tuple[str, ...]]
Choices = Mapping[Place, Sequence[Any]]


def places(trees: Iterable[Expression | None]) -> dict[Place, set[Scalar]]:
    """The places that expressions read, each with the constants that it stands beside somewhere, in order of reading.

    What is compared with each other shares its constants.
    """
    found: dict[Place, set[Scalar]] = {}
    for tree in trees:
        for group, constants in _groups(tree) if tree is not None else ():
            for field in group:
                found.setdefault((field.column, field.path), set()).update(constants)
    return found


def choices(
    stream: Stream, found: Mapping[Place, set[Scalar]], *, numbers: Sequence[float] = (), fixed: Iterable[str] = FIXED
) -> dict[Place, tuple[Any, ...]]:
    """Values to try at each place, likely ones first; `numbers` are tried wherever a number is read.

    Places in columns that are `fixed` are left out.
    """
    skipped = {*fixed}
    made: dict[Place, tuple[Any, ...]] = {}
    for (column, path), constants in found.items():
        if column in skipped:
            continue
        declared = stream.column(column)
        values = _inside(path, constants, numbers) if path else _plain(declared, constants, numbers)
        made[(column, path)] = _distinct(values)
    return made


def table(made: Choices, *, most: int = MOST_CANDIDATES) -> Iterator[dict[str, Any]]:
    """Rows by column: every combination of the choices, or `most` of them drawn with a fixed seed."""
    keys = list(made)
    whole = math.prod(len(made[key]) for key in keys)
    if whole <= most:
        combinations: Iterable[tuple[Any, ...]] = itertools.product(*(made[key] for key in keys))
    else:
        draw = random.Random(_SEED)
        combinations = (tuple(draw.choice(made[key]) for key in keys) for _ in range(most))
    for values in combinations:
        yield _row(dict(zip(keys, values, strict=True)))


def least_row(stream: Stream) -> dict[str, Any]:
    """Values for the columns of the stream that no row may leave out, common ones aside."""
    return {column.name: _typical(column)[0] for column in stream.columns if not column.nullable}


def _groups(tree: Expression) -> Iterator[tuple[list[Field], set[Scalar]]]:
    """Fields with the constants that they are held against, one group for each smallest part that yields a truth."""
    match tree:
        case Logic(operands=operands):
            for operand in operands:
                yield from _groups(operand)
        case Not(operand=operand):
            yield from _groups(operand)
        case Member(operand=operand, options=options):
            yield list(_fields(operand)), {*options}
        case _:
            yield list(_fields(tree)), set(_constants(tree))


def _parts(tree: Expression) -> tuple[Expression, ...]:
    match tree:
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            return left, right
        case IsMissing(operand=operand) | Member(operand=operand) | Not(operand=operand) | Negative(operand=operand):
            return (operand,)
        case Logic(operands=operands):
            return operands
        case Field() | Constant():
            return ()


def _fields(tree: Expression) -> Iterator[Field]:
    if isinstance(tree, Field):
        yield tree
    for part in _parts(tree):
        yield from _fields(part)


def _constants(tree: Expression) -> Iterator[Scalar]:
    if isinstance(tree, Constant):
        yield tree.value
    if isinstance(tree, Member):
        yield from tree.options
    for part in _parts(tree):
        yield from _constants(part)


def _plain(column: Column | None, constants: set[Scalar], numbers: Sequence[float]) -> list[Any]:
    """Values of a column by itself."""
    if column is None:
        return [None, {}]
    values: list[Any]
    if column.type == "text":
        values = list(column.choices) or [*_sorted_texts(constants), *_TEXTS]
    elif column.type == "time":
        values = [*_around_times(_sorted_texts(constants)), *_TIMES]
    elif column.type in ("number", "integer"):
        values = _within(column, [*_around(constants), *numbers, *_NUMBERS])
    elif column.type == "boolean":
        values = [True, False]
    else:
        values = [{}]
    return [*values, None] if column.nullable else values


def _inside(path: tuple[str, ...], constants: set[Scalar], numbers: Sequence[float]) -> list[Any]:
    """Values of a place inside JSON, whose type only what it stands beside can tell."""
    texts, around = _sorted_texts(constants), _around(constants)
    if texts or around:
        return [*texts, *(_TEXTS if texts else ()), *around, *(numbers if around else ()), None]
    return [*numbers, *_NUMBERS, True, False, *_TEXTS, None]


def _typical(column: Column) -> list[Any]:
    """Values for a column that must have one."""
    return [value for value in _plain(column, set(), ()) if value is not None]


def _within(column: Column, values: Iterable[float]) -> list[float]:
    low = -math.inf if column.low is None else column.low
    high = math.inf if column.high is None else column.high
    ends = [end for end in (column.low, column.high) if end is not None]
    given = [*values, *ends]
    if column.type == "integer":
        given = [whole for value in given for whole in (math.floor(value), math.ceil(value))]
    return [value for value in given if low <= value <= high]


def _around(constants: Iterable[Scalar]) -> list[float]:
    """The numbers among constants, each with a value just below and just above it."""
    given = sorted(c for c in constants if isinstance(c, int | float) and not isinstance(c, bool) and math.isfinite(c))
    return [round(c + side * _BESIDE * max(1.0, abs(c)), 9) if side else c for c in given for side in (0, 1, -1)]


def _sorted_texts(constants: Iterable[Scalar]) -> list[str]:
    return sorted(c for c in constants if isinstance(c, str))


def _around_times(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            continue
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        yield from ((at + timedelta(days=days)).isoformat() for days in (0, 1, -1))


def _distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values once each, in order; 1 and true are two, 1 and 1.0 are one."""
    seen: dict[Any, Any] = {}
    for value in values:
        kind = "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
        seen.setdefault((kind, repr(float(value)) if kind == "number" else repr(value)), value)
    return tuple(seen.values())


def _row(values: Mapping[Place, Any]) -> dict[str, Any]:
    """The row by column, with places put into their JSON columns; a column that is missing has no places."""
    row: dict[str, Any] = {}
    for (column, path), value in sorted(values.items(), key=lambda item: len(item[0][1])):
        if not path:
            row[column] = dict(value) if isinstance(value, dict) else value
        elif row.get(column, {}) is not None:
            inner = row.setdefault(column, {})
            for key in path[:-1]:
                inner = inner.setdefault(key, {}) if isinstance(inner, dict) else {}
            if isinstance(inner, dict) and value is not None:
                inner[path[-1]] = value
    return row
