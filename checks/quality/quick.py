"""Expectations that a yes answers in full: nothing of them has to be fetched unless they are broken; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.quality.known import ABOUT_NULLS
from checks.quality.records import Expectation

_SIMPLE = {
    "expect_column_values_to_be_between": {"column", "min_value", "max_value", "strict_min", "strict_max"},
    "expect_column_values_to_be_in_set": {"column", "value_set"},
    "expect_column_values_to_be_unique": {"column"},
    "expect_column_values_to_not_be_in_set": {"column", "value_set"},
    "expect_column_values_to_not_be_null": {"column"},
}
"""With these arguments alone "kept" means that not one row breaks it; a share (`mostly`) or a condition says less."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer "no row breaks it", in the form in which the library gives its own."""

    result: Mapping[str, int]
    success: bool = True
    exception_info: Mapping[str, object] = field(default_factory=dict)


def is_simple(check: Expectation) -> bool:
    """Whether yes or no says everything while the answer is yes."""
    return set(check.arguments) <= _SIMPLE.get(check.expectation, set())


def is_moot(check: Expectation, filled: int) -> bool:
    """Whether a simple expectation has no value to look at among rows that are there."""
    return filled == 0 and check.expectation not in ABOUT_NULLS


def kept(rows: int, filled: int) -> Kept:
    """The answer to a simple expectation that `rows` rows with `filled` values keep."""
    return Kept({"element_count": rows, "unexpected_count": 0, "missing_count": rows - filled})
