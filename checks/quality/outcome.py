"""From an answer of Great Expectations to our own record, without loading the library."""

from __future__ import annotations

import re
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from checks.quality.known import ABOUT_NULLS, UNSUPPORTED, about_shape
from checks.quality.records import CheckResult, CheckState, Expectation
from checks.quality.text import plain

_QUOTED = re.compile(r"'[^']*'")
_NOT_LIMITS = {"column", "column_A", "column_B", "column_list", "row_condition", "condition_parser"}
_INSTEAD = "Great Expectations cannot do this on DuckDB; say it in SQL with unexpected_rows_expectation."


def outcome(
    check: Expectation,
    answer: Any,
    *,
    stream: str,
    batch: int | None,
    rows: int,
    filled: int | None,
    show_values: bool,
) -> CheckResult:
    """Our record of one answer; an exception, or an answer that holds one, is the state "error".

    `rows` are the rows of the batch; `filled` counts the values of the column where the answer itself does not tell.
    """
    if (reason := _exception(answer)) is not None:
        if not show_values and "Conversion Error" in reason:
            reason = _QUOTED.sub("'...'", reason)
        return errored(check, stream, batch, _INSTEAD if check.expectation in UNSUPPORTED else reason)
    result: Mapping[str, Any] = answer.result or {}
    unexpected, looked_at = _whole(result.get("unexpected_count")), _whole(result.get("element_count"))
    if by_query := check.expectation == "unexpected_rows_expectation":
        unexpected, looked_at = _whole(result.get("observed_value")), rows
    state = _state(check, result, bool(answer.success), rows, filled)
    counts_rows = by_query or "element_count" in result
    observed = _observed(result, unexpected if counts_rows else None, looked_at, show_values)
    return CheckResult(
        name=check.name,
        stream=stream,
        column=check.column,
        expectation=check.expectation,
        state=state,
        severity=check.severity,
        owner=check.owner,
        observed=observed,
        expected=expected(check),
        unexpected=unexpected if state != "no_data" else None,
        rows=rows if state == "no_data" else looked_at,
        detail=_detail(check, state, rows, observed),
        batch=batch,
        needs_values=check.needs_values,
    )


def errored(check: Expectation, stream: str, batch: int | None, reason: str) -> CheckResult:
    """The record of an expectation that could not be carried out, with the reason as one line."""
    return CheckResult(
        name=check.name,
        stream=stream,
        column=check.column,
        expectation=check.expectation,
        state="error",
        severity=check.severity,
        owner=check.owner,
        observed="",
        expected=expected(check),
        unexpected=None,
        rows=None,
        detail=f"{check.name}: could not be checked. {plain(reason, 300)}",
        batch=batch,
        needs_values=check.needs_values,
    )


def _exception(answer: Any) -> str | None:
    """The message of the exception in an answer, without the SQL that SQLAlchemy appends; None when there is none."""
    if answer is None:
        return "Great Expectations gave no answer."
    if isinstance(answer, Exception):
        return _arguments(answer) or str(answer)
    information = answer.exception_info or {}
    parts = [information, *(part for part in information.values() if isinstance(part, dict))]
    messages = [str(part.get("exception_message")) for part in parts if part.get("raised_exception")]
    return messages[0].split("\n[SQL")[0] if messages else None


def _arguments(error: Exception) -> str:
    """What pydantic says of each bad argument, as one sentence; empty for another kind of exception."""
    listed = getattr(error, "errors", None)
    found = listed() if callable(listed) else []
    return "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in found)


def _state(check: Expectation, result: Mapping[str, Any], success: bool, rows: int, filled: int | None) -> CheckState:
    if about_shape(check.expectation):
        return "passed" if success else "failed"
    if rows == 0 or not (_has_values(check, result) if filled is None else filled):
        return "no_data"
    return "passed" if success else "failed"


def _has_values(check: Expectation, result: Mapping[str, Any]) -> bool:
    """False when every value the expectation looks at is missing, or its condition leaves no row."""
    elements, missing = _whole(result.get("element_count")), _whole(result.get("missing_count"))
    if elements is not None:
        return elements > (0 if check.expectation in ABOUT_NULLS else missing or 0)
    observed = result.get("observed_value", 0)
    if isinstance(observed, Mapping) and "values" in observed:
        observed = observed["values"]
    if isinstance(observed, (list, tuple)):
        return any(value is not None for value in observed)
    return observed is not None and observed == observed  # a NaN is not itself


def _observed(result: Mapping[str, Any], unexpected: int | None, looked_at: int | None, show_values: bool) -> str:
    if unexpected is not None and looked_at is not None:
        text = f"{unexpected} of {looked_at} rows"
        sample = result.get("partial_unexpected_list") or []
        return f"{text}, such as {value_text(sample[:5], True)}" if show_values and sample and unexpected else text
    if "observed_value" not in result:
        return ""
    return value_text(result["observed_value"], show_values)


def value_text(value: Any, show_values: bool) -> str:
    """A value as short text; unless `show_values`, a text is told by its length and a list by its size."""
    if value is None:
        return "no value"
    if isinstance(value, Integral):
        return str(bool(value)) if type(value).__name__.startswith("bool") else str(int(value))
    if isinstance(value, Real):
        return f"{float(value):.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{plain(str(key), 40)} {value_text(part, show_values)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        numbers = all(isinstance(part, Real) for part in value)
        if show_values or (numbers and len(value) <= 10):
            return plain("[" + ", ".join(value_text(part, show_values) for part in value[:10]) + "]", 200)
        return f"{len(value)} values"
    return plain(str(value), 60) if show_values else f"a text of {len(str(value))} characters"


def expected(check: Expectation) -> str:
    """The arguments of an expectation, which are its author's own words, as short text."""
    limits = {key: value for key, value in check.arguments.items() if key not in _NOT_LIMITS}
    return plain(", ".join(f"{key} {value}" for key, value in limits.items()), 200)


def _detail(check: Expectation, state: CheckState, rows: int, observed: str) -> str:
    match state:
        case "no_data":
            why = "the batch has no rows" if rows == 0 else "no value to look at"
            return f"{check.name}: nothing to check, {why}."
        case "passed":
            return f"{check.name}: kept."
        case _:
            return f"{check.name}: broken{f' ({observed})' if observed else ''}."


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, Integral) else None
