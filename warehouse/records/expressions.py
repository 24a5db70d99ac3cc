"""The small expression language of metrics, as a tree of frozen records.

`checks.metrics.expression.parse` makes these trees from text such as ``scores.harm >= 0.5``;
`warehouse.expressions` turns them into SQL. Three-valued logic throughout: anything that touches a missing value is
missing, and a missing value makes a row *unscored*, never 0 and never false.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the stream, or a place inside one of its JSON columns (`path` not empty)."""

    column: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; None is the missing value."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op right`; missing when either side is missing."""

    op: OneOf["==", "!=", "<", "<=", ">", ">="]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class IsMissing:
    """True when the operand is missing, false otherwise; never missing itself."""

    operand: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """`operand in (options)`; missing when the operand is missing."""

    operand: Expression
    options: tuple[Scalar, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` / `or` over two or more operands, three-valued."""

    op: OneOf["and", "or"]
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Negation; missing stays missing."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left op right` on numbers; division by zero is missing."""

    op: OneOf["+", "-", "*", "/"]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Negative:
    """`-operand`."""

    operand: Expression


Expression = Field | Constant | Compare | IsMissing | Member | Logic | Not | Arithmetic | Negative
