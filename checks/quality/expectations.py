"""The suite of one stream: what its schema promises, and what the user adds."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from checks.quality.known import ARGUMENTS
from checks.quality.records import CheckResult, Expectation
from checks.quality.text import plain
from warehouse.records.errors import ConfigurationError, Problem
from warehouse.records.evidence import Finding
from warehouse.records.streams import COMMON, Column, Stream

_ADDED_COLUMNS = ("attributes", "arrived_at", "batch", "position", "source", "revision", "closed_by", "digest")
_COLUMN_KEYS = ("column", "column_A", "column_B")


def suite(stream: Stream, own: Sequence[Expectation] = (), *, file: str = "gatehold.yaml") -> tuple[Expectation, ...]:
    """What the schema of the stream promises, then the user's own expectations in their order.

    Raises:
        ConfigurationError: an own expectation has an unknown name, argument or column; every such problem at once.
    """
    if wrong := problems(own, stream, file=file):
        raise ConfigurationError(wrong)
    return (*from_schema(stream), *own)


def from_schema(stream: Stream) -> tuple[Expectation, ...]:
    """Unique keys, no missing value where none may be, ranges and choices; columns in their order.

    Declared types are not among them: the table holds no value of another type.
    """
    unique = Expectation(
        "event_id is unique", "expect_column_values_to_be_unique", {"column": "event_id"}, severity="critical"
    )
    return (unique, *(check for column in (*COMMON, *stream.columns) for check in _of_column(column)))


def _of_column(column: Column) -> Iterator[Expectation]:
    name = column.name
    if not column.nullable:
        yield Expectation(
            f"{name} is never missing", "expect_column_values_to_not_be_null", {"column": name}, severity="critical"
        )
    if column.low is not None or column.high is not None:
        limits = {"min_value": column.low, "max_value": column.high}
        arguments = {"column": name, **{key: limit for key, limit in limits.items() if limit is not None}}
        yield Expectation(
            f"{name} is in range",
            "expect_column_values_to_be_between",
            arguments,
            needs_values=not column.nullable,
        )
    if column.choices:
        yield Expectation(
            f"{name} is one of its choices",
            "expect_column_values_to_be_in_set",
            {"column": name, "value_set": list(column.choices)},
            needs_values=not column.nullable,
        )


def problems(own: Sequence[Expectation], stream: Stream, *, file: str = "gatehold.yaml") -> list[Problem]:
    """What is wrong with the user's expectations: unknown names, arguments and columns, with the nearest known.

    Whether the values of the arguments make sense shows only when the expectation is carried out.
    """
    return [problem for index, check in enumerate(own) for problem in _wrong(check, f"checks[{index}]", stream, file)]


def _wrong(check: Expectation, path: str, stream: Stream, file: str) -> Iterator[Problem]:
    allowed = ARGUMENTS.get(check.expectation)
    if allowed is None:
        yield _unknown("expectation", check.expectation, list(ARGUMENTS), f"{path}.expectation", file)
        return
    for key in check.arguments:
        if key not in allowed:
            yield _unknown("argument", key, list(allowed), f"{path}.{key}", file)
    query = check.arguments.get("unexpected_rows_query")
    if query is not None and "{batch}" not in str(query):
        yield Problem(
            file=file,
            line=None,
            path=f"{path}.unexpected_rows_query",
            message="The query does not read the rows to check.",
            given=repr(query),
            allowed="SQL that reads FROM {batch}",
        )
    columns = [*stream.names(), *_ADDED_COLUMNS]
    named = [(key, check.arguments[key]) for key in _COLUMN_KEYS if key in check.arguments]
    named += [("column_list", name) for name in check.arguments.get("column_list", ())]
    for key, column in named:
        if column not in columns:
            yield _unknown(f"column of stream {stream.name!r}", str(column), columns, f"{path}.{key}", file)


def _unknown(what: str, given: str, known: Sequence[str], path: str, file: str) -> Problem:
    near = difflib.get_close_matches(given, known, n=1)
    return Problem(
        file=file,
        line=None,
        path=path,
        message=f"There is no such {what}.",
        given=repr(given),
        allowed=", ".join(known) if len(known) <= 40 else f"one of {len(known)} names",
        hint=f"Did you mean {near[0]!r}?" if near else "",
    )


def findings(results: Sequence[CheckResult], *, seen_at: datetime | None = None) -> list[Finding]:
    """One finding for each result that failed, could not be carried out, or lacked the values it needs.

    A check without values is an "error" (it could not be carried out), never silence; only where nothing had to be
    there (`needs_values` is False) does it leave no finding. A batch without a single row is one finding.
    """
    empty = [result for result in results if result.state == "no_data" and result.rows == 0]
    found = [_nothing(empty[0], seen_at)] if empty else []
    return found + [_finding(result, seen_at) for result in results if result not in empty and _reportable(result)]


def _reportable(result: CheckResult) -> bool:
    return result.state in ("failed", "error") or (result.state == "no_data" and result.needs_values)


def _nothing(result: CheckResult, seen_at: datetime | None) -> Finding:
    finding = _finding(result, seen_at)
    detail = f"There were no rows of stream {result.stream} to check."
    return replace(finding, subject=result.stream, name="rows to check", detail=detail, observed="0 rows", expected="")


def _finding(result: CheckResult, seen_at: datetime | None) -> Finding:
    return Finding(
        kind="expectation",
        state="failed" if result.state == "failed" else "error",
        severity=result.severity,
        stream=result.stream,
        subject=result.column or result.stream,
        name=result.name,
        detail=_owned(result.detail, result.owner),
        observed=result.observed,
        expected=result.expected,
        batch=result.batch,
        seen_at=seen_at,
    )


def _owned(detail: str, owner: str) -> str:
    """The detail with who is to look at it, where the policy names somebody."""
    return f"{detail.rstrip('.')}. To be looked at by {plain(owner, 80)}." if owner else detail
