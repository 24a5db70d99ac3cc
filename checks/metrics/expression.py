"""The small language in which a metric says what it measures: a part of Python's expressions, and nothing that runs.

A text such as ``scores.harm >= 0.5`` is read with the standard library's `ast` and turned into the frozen trees of
`warehouse.records.expressions`. Names are columns of the stream; a dot (or ``["key"]``) goes into JSON columns and into
`attributes`. What touches a missing value is missing, and leaves its row unscored.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from functools import lru_cache

from checks.metrics.translating import Translator
from checks.metrics.types import Wanted, refuse, settle
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
)
from warehouse.records.streams import Stream

__all__ = ["LONGEST", "Wanted", "columns", "parse"]

LONGEST = 2000
"""Characters that an expression may have."""


@lru_cache(maxsize=1024)
def parse(text: str, stream: Stream, *, wants: Wanted | None = None) -> Expression:
    """The tree of an expression over the columns of `stream`; `wants` is what its value must be (None: anything).

    Raises:
        ConfigurationError: with one problem whose path tells the position ("character 8"): what is not allowed, or a
            column that the stream does not have, or types that cannot stand together.
    """
    if len(text) > LONGEST:
        raise refuse(0, f"the expression is longer than {LONGEST:,} characters.", given=f"{len(text):,} characters")
    # Python strips nothing from the left by itself, and ends an expression with its line.
    start = len(text) - len(text.lstrip())
    line = text.strip().replace("\n", " ").replace("\r", " ")
    tree, type_ = Translator(line, start, stream).expression(_read(line, start), 0)
    settle(type_, wants, start)
    if not columns(tree):
        raise refuse(start, "the expression names no column, so it says the same of every row.")
    return tree


def _read(text: str, start: int) -> ast.expr:
    try:
        with warnings.catch_warnings():
            # Python warns of odd escapes in texts; they stay the characters that they are.
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        # Python gives no offset for what ends too early.
        offset = error.offset - 1 if error.offset else len(text)
        raise refuse(start + min(offset, len(text)), "this cannot be read as an expression.") from None
    except (ValueError, RecursionError, MemoryError):
        raise refuse(start, "this cannot be read as an expression.") from None


def columns(tree: Expression) -> set[str]:
    """The columns that an expression reads."""
    return {field.column for field in _fields(tree)}


def _fields(tree: Expression) -> Iterator[Field]:
    match tree:
        case Field():
            yield tree
        case Constant():
            return
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            yield from _fields(left)
            yield from _fields(right)
        case IsMissing(operand=operand) | Member(operand=operand) | Not(operand=operand) | Negative(operand=operand):
            yield from _fields(operand)
        case Logic(operands=operands):
            for operand in operands:
                yield from _fields(operand)
