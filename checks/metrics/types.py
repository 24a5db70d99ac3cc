"""Types of expressions: which may stand together, and the one problem that an expression is refused with."""

from __future__ import annotations

from datetime import datetime
from typing import Literal as OneOf

from warehouse.records.errors import ConfigurationError, Problem
from warehouse.records.expressions import Constant, Expression, Scalar

Type = OneOf["number", "text", "truth", "time", "open", "missing"]
"""What an expression yields; "open" is a place inside JSON, which takes the type of what it stands beside."""

Wanted = OneOf["truth", "number"]

WORDS: dict[Type, str] = {
    "number": "a number",
    "text": "a text",
    "truth": "a truth value",
    "time": "a time",
    "open": "a place in JSON",
    "missing": "None",
}
OF_COLUMN: dict[str, Type] = {
    "text": "text",
    "integer": "number",
    "number": "number",
    "boolean": "truth",
    "time": "time",
    "json": "open",
}


def refuse(at: int, message: str, *, given: str = "", allowed: str = "", hint: str = "") -> ConfigurationError:
    """The error of an expression, with the position (counted from 1) as its path."""
    problem = Problem("expression", 1, f"character {at + 1}", message, given=given, allowed=allowed, hint=hint)
    return ConfigurationError([problem])


def settle(found: Type, wants: Wanted | None, at: int) -> None:
    """Raise unless a value of type `found` can be used as `wants`."""
    if wants is None or found in (wants, "open"):
        return
    hint = "Compare it with something: column >= 0.5." if wants == "truth" else "Use a column or a sum of numbers."
    raise refuse(at, f"the expression is {WORDS[found]}, and {WORDS[wants]} is needed.", hint=hint)


def of_scalar(value: Scalar) -> Type:
    """The type of a literal."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "truth"
    return "text" if isinstance(value, str) else "number"


def comparable(left: Type, right: Type, op: str, left_tree: Expression, right_tree: Expression) -> str | None:
    """Why two sides cannot be compared; None when they can."""
    if "missing" in (left, right):
        return "nothing equals None, which is missing. Write `is None` or `is not None`"
    if op not in ("==", "!=") and "truth" in (left, right):
        return "truth values have no order. Compare with == or !=, or use the column by itself"
    if "open" in (left, right) or left == right:
        return None
    if {left, right} == {"time", "text"} and _is_time(left_tree if left == "text" else right_tree):
        return None
    return f"{WORDS[left]} cannot be compared with {WORDS[right]}"


def _is_time(tree: Expression) -> bool:
    """True for a literal that is a time as in ISO 8601."""
    if not isinstance(tree, Constant) or not isinstance(tree.value, str):
        return False
    try:
        datetime.fromisoformat(tree.value)
    except ValueError:
        return False
    return True
