"""What is expected of new rows, and what a check of one batch found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from typing import Literal as OneOf

Severity = OneOf["info", "warning", "critical"]
CheckState = OneOf["passed", "failed", "no_data", "error"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation of the rows of a stream, under the name Great Expectations gives it.

    `expectation` is that name (``expect_column_values_to_be_between``) and `arguments` what it takes, columns included.
    `name` says in our words what is checked and is what a finding carries. `needs_values` is False where a batch
    without a single value to check is nothing to report (an optional column that nobody fills).
    """

    name: str
    expectation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "warning"
    owner: str = ""
    needs_values: bool = True

    @property
    def column(self) -> str | None:
        """The column or columns it looks at, joined by commas; None for one of the whole table."""
        single = [self.arguments[key] for key in ("column", "column_A", "column_B") if key in self.arguments]
        return ",".join(str(name) for name in [*single, *self.arguments.get("column_list", ())]) or None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one expectation said of one batch.

    `state` is "passed", "failed" (the rows break it), "no_data" (there was no row, or no value, to check: neither
    passed nor failed) or "error" (it could not be carried out). `unexpected` counts the rows that break it and `rows`
    the rows looked at; both are None where the expectation does not count rows or could not be carried out.
    """

    name: str
    stream: str
    column: str | None
    expectation: str
    state: CheckState
    severity: Severity
    owner: str
    observed: str
    expected: str
    unexpected: int | None
    rows: int | None
    detail: str
    batch: int | None
    needs_values: bool = True
