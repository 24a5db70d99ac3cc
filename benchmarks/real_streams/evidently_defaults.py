"""What Evidently says by its own defaults: its own functions choose the test and the threshold and decide.

For drift its report calls the same functions after it has left out missing values (it draws charts before it gives a
number, so they are called directly). By default: with at most 1,000 reference rows Kolmogorov-Smirnov, chi-squared or z
at p < 0.05; with more, the Wasserstein distance over the reference's deviation or the Jensen-Shannon distance at 0.1.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks.real_streams.looks import Look
from benchmarks.real_streams.streams import Table, Values

DRIFTED_COLUMNS = 0.5
"""The share of drifted columns from which Evidently calls a dataset drifted."""


def drifted(reference: Values, current: Values, looks: Sequence[Look], *, numeric: bool) -> list[bool]:
    """Whether each look drifted from the reference."""
    import pandas

    with _library():
        from evidently.legacy.calculations.stattests import get_stattest
        from evidently.legacy.core import ColumnType

        kind = ColumnType.Numerical if numeric else ColumnType.Categorical
        pinned = pandas.Series(reference).dropna()
        # It counts the distinct values of both sides: with more than five in the reference the choice never changes.
        chosen = get_stattest(pinned, pinned, kind, None) if pinned.nunique() > 5 else None
        flags = []
        for look in looks:
            now = pandas.Series(current[look.rows]).dropna()
            test = chosen or get_stattest(pinned, now, kind, None)
            flags.append(bool(test(pinned, now, kind, None).drifted))
    return flags


def quality(reference: Table, current: Table, looks: Sequence[Look], nulls: Sequence[str], category: str) -> list[Any]:
    """Per look, whether its share of missing values in each of `nulls`, and of unseen values in `category`, fails.

    The tests are those that Evidently makes by itself when a reference is given (within 10 % of the reference's share).
    It makes the same test for the bare count, which fails whenever the look has another number of rows than the
    reference: that one is left out.
    """
    import pandas

    with _library():
        from evidently import DataDefinition, Dataset, Report
        from evidently.metrics import MissingValueCount, OutListValueCount
        from evidently.tests import Reference, eq

        names = [*nulls, category]
        frames = [pandas.DataFrame({name: table.columns[name] for name in names}) for table in (reference, current)]
        numbers = [name for name in names if pandas.api.types.is_numeric_dtype(frames[0][name])]
        roles = DataDefinition(
            numerical_columns=numbers, categorical_columns=[name for name in names if name not in numbers]
        )
        within: dict[str, Any] = {"tests": [], "share_tests": [eq(Reference(relative=0.1))]}
        known = sorted(frames[0][category].dropna().unique())
        metrics = [MissingValueCount(column=name, **within) for name in nulls]
        report = Report([*metrics, OutListValueCount(column=category, values=known, **within)])
        pinned = Dataset.from_pandas(frames[0], roles)
        runs = [report.run(Dataset.from_pandas(frames[1].iloc[look.rows], roles), pinned) for look in looks]
        return [[test["status"].value != "SUCCESS" for test in run.dict()["tests"]] for run in runs]


@contextmanager
def _library() -> Iterator[None]:
    os.environ.setdefault("DO_NOT_TRACK", "1")
    with warnings.catch_warnings():
        # It and what it imports warn of deprecated names, and of chi-squared tables with small counts.
        warnings.simplefilter("ignore")
        yield
