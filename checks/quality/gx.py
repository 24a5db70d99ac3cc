"""The one file that knows Great Expectations: runs a suite inside DuckDB and gives our own records back.

The library is loaded when the first suite runs (three to five seconds). It runs in an ephemeral context: nothing is
written, nothing is sent, nothing is drawn on the terminal.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from checks.quality import quick
from checks.quality.known import tells_no_count
from checks.quality.outcome import errored, outcome
from checks.quality.records import CheckResult, Expectation
from warehouse.records.errors import UsageError

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
_YES_OR_NO = {"result_format": "BOOLEAN_ONLY"}
_IN_FULL = {"result_format": "BASIC", "partial_unexpected_count": 20}


def run(
    connect: Callable[[], Any],
    table: str,
    expectations: Sequence[Expectation],
    *,
    stream: str,
    batch: int | None = None,
    show_values: bool = False,
) -> tuple[CheckResult, ...]:
    """One result per expectation, in their order, each about the rows of `table` alone.

    `connect` opens a further connection to the open database on which `table` (or a temporary view of that name) is
    visible; each connection is closed before this returns. Every query runs in a transaction that cannot write. An
    expectation that cannot be carried out is "error" for itself: it is tried once more alone, so that it
    cannot take another one down. With `show_values` the results may quote texts from the rows; without, only numbers.

    Raises:
        UsageError: `table` is not a plain name.
    """
    if not _NAME.match(table):
        raise UsageError(f"Table {table!r} cannot be checked: a name is lower-case letters, digits and underscores.")
    if not expectations:
        return ()
    try:
        rows, filled = _counts(connect, table, {check.column for check in expectations})
    except Exception as error:  # whatever the database says, it is the outcome of these checks and of nothing else
        reason = f"The rows to check cannot be read: {error}"
        return tuple(errored(check, stream, batch, reason) for check in expectations)
    with _quiet():
        raw = _validate(connect, table, expectations, rows, filled)
    return tuple(
        outcome(
            check,
            raw[index],
            stream=stream,
            batch=batch,
            rows=rows,
            filled=filled.get(check.column or "", 0) if tells_no_count(check.expectation) else None,
            show_values=show_values,
        )
        for index, check in enumerate(expectations)
    )


def _counts(connect: Callable[[], Any], table: str, columns: Iterable[str | None]) -> tuple[int, dict[str, int]]:
    """Rows, and values per column; a column that is not there is left out (the library says so of the expectation)."""
    connection = connect()
    try:
        there = {column[0] for column in connection.execute(f'SELECT * FROM "{table}" LIMIT 0').description}
        names = sorted(there.intersection(name for name in columns if name is not None and _NAME.match(name)))
        counts = ", ".join(["count(*)", *(f'count("{name}")' for name in names)])
        rows, *values = connection.execute(f'SELECT {counts} FROM "{table}"').fetchone()
        return int(rows), dict(zip(names, map(int, values), strict=True))
    finally:
        connection.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from the terminal and the network; what it would say is in the results."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logger = logging.getLogger("great_expectations")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            # It imports modules that Python has deprecated, and warns of its own and SQLAlchemy's future.
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def _validate(
    connect: Callable[[], Any], table: str, expectations: Sequence[Expectation], rows: int, filled: Mapping[str, int]
) -> dict[int, Any]:
    """What the library says of each expectation, by its index; an exception where it cannot say anything.

    Simple expectations are asked for yes or no first: an answer in full costs twice the time.
    """
    answers: dict[int, Any] = {}
    prepared = {}
    simple = {}
    for index, check in enumerate(expectations):
        values = filled.get(check.column or "")
        try:
            prepared[index] = _configuration(index, check)
        except Exception as error:  # a bad argument is the outcome of this expectation alone
            answers[index] = error
            continue
        if rows and values is not None and quick.is_simple(check):
            simple[index] = quick.kept(rows, values)
            if quick.is_moot(check, values):
                answers[index] = simple[index]
    with _engine(connect) as engine:

        def ask(which: Iterable[int], form: Mapping[str, Any]) -> dict[int, Any]:
            return _ask(engine, table, [prepared[index] for index in which if index not in answers], form)

        short = ask(simple, _YES_OR_NO)
        answers.update({i: simple[i] for i, answer in short.items() if not raised(answer) and answer.success})
        answers.update(ask(prepared, _IN_FULL))
        for index in [index for index in prepared if raised(answers.get(index))]:
            del answers[index]
            answers.update(ask([index], _IN_FULL))
    return answers


@contextmanager
def _engine(connect: Callable[[], Any]) -> Iterator[Any]:
    from checks.quality.buffered import engine

    opened = engine(connect)
    try:
        yield opened
    finally:
        opened.dispose()


def _configuration(index: int, check: Expectation) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    configuration = ExpectationConfiguration(
        type=check.expectation, kwargs=dict(check.arguments), meta={"check": index}
    )
    configuration.to_domain_obj()
    return configuration


def _ask(engine: Any, table: str, configurations: list[Any], form: Mapping[str, Any]) -> dict[int, Any]:
    """Results by index of the expectation; an exception for each when the library raised for all of them together."""
    if not configurations:
        return {}
    try:
        results = _validator(engine, table).graph_validate(
            configurations=configurations,
            runtime_configuration={"catch_exceptions": True, "result_format": dict(form)},
        )
    except Exception as error:  # one of them took the whole run down: the caller asks for each alone
        return {configuration.meta["check"]: error for configuration in configurations}
    return {result.expectation_config.meta["check"]: result for result in results}


def raised(answer: Any) -> bool:
    """True when the library could not carry an expectation out."""
    if answer is None or isinstance(answer, Exception):
        return True
    information = answer.exception_info or {}
    nested = [part for part in information.values() if isinstance(part, dict)]
    return any(part.get("raised_exception") for part in (information, *nested))


def _validator(engine: Any, table: str) -> Any:
    from great_expectations.core.batch import Batch
    from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.validator.validator import Validator

    execution = SqlAlchemyExecutionEngine(engine=engine)
    data: Any = SqlAlchemyBatchData(execution_engine=execution, table_name=table, create_temp_table=False)
    return Validator(execution_engine=execution, data_context=_context(), batches=[Batch(data=data)])


@cache
def _context() -> Any:
    """The library's context in memory; it holds nothing of a run, so that all runs of a process share it."""
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    return EphemeralDataContext(
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        )
    )
