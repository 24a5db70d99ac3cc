"""The one file that knows Great Expectations: runs a suite inside DuckDB and gives our own records back.

The library is loaded when the first suite runs (three to five seconds). It runs in an ephemeral context: nothing is
written, nothing is sent, nothing is drawn on the terminal.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from checks.quality.known import tells_no_count
from checks.quality.outcome import errored, outcome
from checks.quality.records import CheckResult, Expectation
from warehouse.records.errors import UsageError

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
_RESULT = {"result_format": "BASIC", "partial_unexpected_count": 20}


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
    visible; it is called often, and each connection is closed after use. Every query runs in a transaction that cannot
    write. An expectation that cannot be carried out is "error" for itself: it is tried once more alone, so that it
    cannot take another one down. With `show_values` the results may quote texts from the rows; without, only numbers.

    Raises:
        UsageError: `table` is not a plain name.
    """
    if not _NAME.match(table):
        raise UsageError(f"Table {table!r} cannot be checked: a name is lower-case letters, digits and underscores.")
    if not expectations:
        return ()
    try:
        rows = _count(connect, table, "*")
        filled = _filled(connect, table, expectations)
    except Exception as error:  # whatever the database says, it is the outcome of these checks and of nothing else
        reason = f"The rows to check cannot be read: {error}"
        return tuple(errored(check, stream, batch, reason) for check in expectations)
    with _quiet():
        raw = _validate(connect, table, expectations)
    return tuple(
        outcome(
            check,
            raw[index],
            stream=stream,
            batch=batch,
            rows=rows,
            filled=filled.get(check.column),
            show_values=show_values,
        )
        for index, check in enumerate(expectations)
    )


def _count(connect: Callable[[], Any], table: str, what: str) -> int:
    connection = connect()
    try:
        return int(connection.execute(f'SELECT count({what}) FROM "{table}"').fetchone()[0])
    finally:
        connection.close()


def _filled(connect: Callable[[], Any], table: str, expectations: Sequence[Expectation]) -> dict[str | None, int]:
    """Values per column for the expectations of which the library does not say whether there were any."""
    counts: dict[str | None, int] = {}
    for check in expectations:
        name = check.column
        if tells_no_count(check.expectation) and name is not None and _NAME.match(name) and name not in counts:
            try:
                counts[name] = _count(connect, table, f'"{name}"')
            except Exception:  # no such column: the library says so of the expectation itself
                counts[name] = 0
    return counts


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


def _validate(connect: Callable[[], Any], table: str, expectations: Sequence[Expectation]) -> dict[int, Any]:
    """What the library says of each expectation, by its index; an exception where it cannot say anything."""
    answers: dict[int, Any] = {}
    prepared = {}
    for index, check in enumerate(expectations):
        try:
            prepared[index] = _configuration(index, check)
        except Exception as error:  # a bad argument is the outcome of this expectation alone
            answers[index] = error
    answers.update(_ask(connect, table, list(prepared.values())))
    for index, configuration in prepared.items():
        if raised(answers.get(index)):
            answers[index] = _ask(connect, table, [configuration]).get(index)
    return answers


def _configuration(index: int, check: Expectation) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    configuration = ExpectationConfiguration(
        type=check.expectation, kwargs=dict(check.arguments), meta={"check": index}
    )
    configuration.to_domain_obj()
    return configuration


def _ask(connect: Callable[[], Any], table: str, configurations: list[Any]) -> dict[int, Any]:
    """Results by index of the expectation; empty when the library raised for all of them together."""
    if not configurations:
        return {}
    try:
        results = _validator(connect, table).graph_validate(
            configurations=configurations,
            runtime_configuration={"catch_exceptions": True, "result_format": _RESULT},
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


def _validator(connect: Callable[[], Any], table: str) -> Any:
    from great_expectations.core.batch import Batch
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.validator.validator import Validator

    from checks.quality.buffered import engine

    context = EphemeralDataContext(
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        )
    )
    execution = SqlAlchemyExecutionEngine(engine=engine(connect))
    data: Any = SqlAlchemyBatchData(execution_engine=execution, table_name=table, create_temp_table=False)
    return Validator(execution_engine=execution, data_context=context, batches=[Batch(data=data)])
