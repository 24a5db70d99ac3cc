"""The same suite with Great Expectations on a pandas frame, as its own tutorials do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checks.quality import gx
from checks.quality.records import Expectation
from warehouse.new_rows import NewRows


def frame(rows: NewRows, checks: Sequence[Expectation]) -> Any:
    """The columns that have a rule, as a frame in memory."""
    columns = sorted({column for check in checks if (column := check.column)})
    connection = rows.connect()
    try:
        return connection.execute(f'SELECT {", ".join(columns)} FROM "{rows.view}"').df()
    finally:
        connection.close()


def run(data: Any, checks: Sequence[Expectation]) -> list[int]:
    """The rows that break each expectation.

    Raises:
        AssertionError: the library could not carry one out.
    """
    with gx._quiet():
        configurations = [gx._configuration(index, check) for index, check in enumerate(checks)]
        results = _validator(data).graph_validate(
            configurations=configurations,
            runtime_configuration={"catch_exceptions": True, "result_format": dict(gx._IN_FULL)},
        )
    counts = [0] * len(checks)
    for answer in results:
        assert not gx.raised(answer), answer.exception_info
        counts[answer.expectation_config.meta["check"]] = int(answer.result["unexpected_count"])
    return counts


def _validator(data: Any) -> Any:
    from great_expectations.core.batch import Batch
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.execution_engine.pandas_batch_data import PandasBatchData
    from great_expectations.validator.validator import Validator

    engine = PandasExecutionEngine()
    held = PandasBatchData(execution_engine=engine, dataframe=data)
    return Validator(execution_engine=engine, data_context=gx._context(), batches=[Batch(data=held)])
