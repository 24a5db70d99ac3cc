"""The one file that knows Evidently: measures drift and writes the page, in our own records.

Its defaults change the method with the number of rows and ignore sampling noise; here the method and the limit are
fixed by the kind of column, and noise is weighed (`judging`). The library is loaded when drift is first measured (four
to six seconds). Texts from the logs do not reach it: it writes category values into its page as live markup, so they go
in as harmless labels, and texts as numbers.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from checks.drift import judging, page
from checks.drift.preparing import Part, digest, parts
from checks.drift.records import ColumnDrift, DriftColumn, DriftReport
from warehouse.records.errors import CheckError, UsageError

_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")


def compare(
    reference: Any,
    current: Any,
    columns: Sequence[DriftColumn],
    *,
    html: Path | None = None,
    kept: Callable[[DriftReport], bool] | None = None,
    title: str = "Drift against the pinned reference",
    min_rows: int = 200,
    top: int = 50,
    max_rows: int = 100_000,
) -> DriftReport:
    """Drift of each column of `current` against `reference` (PyArrow tables or pandas data frames).

    Numbers: Wasserstein distance over the deviation of the reference; categories and booleans: Jensen-Shannon distance
    over the `top` categories of the reference, "(other)" and "(missing)"; texts: length and shares of digits,
    punctuation and characters outside ASCII. Numbers and texts with missing values get a part ``<name>.missing``. A
    part with fewer than `min_rows` values on a side, without any value, without spread, or absent is not judged and
    says why. Of more than `max_rows` rows every k-th is taken. `html` is where the page for people goes, if at all.
    Drawing takes ten times as long as measuring: it is left out when `kept` says that the page there is still right.

    Raises:
        UsageError: a column is named twice or its name is no identifier, or `min_rows`, `top` or `max_rows` is below 1.
        CheckError: the library failed; the reason is its own.
    """
    _refuse_wrong([column.name for column in columns], min(min_rows, top, max_rows))
    left, right = _frame(reference), _frame(current)
    reference_digest = digest(left, columns)
    totals = len(left), len(right)
    left, right = thinned(left, max_rows), thinned(right, max_rows)
    prepared = [enough(part, min_rows) for column in columns for part in parts(left, right, column, top)]
    usable = [part for part in prepared if not part.reason]
    with library():
        measured = _distances(usable)
    judged = tuple(_judged(part, measured.get(part.name)) for part in prepared)
    share, low, high = judging.shares(judged)
    report = DriftReport(judged, share, low, high, *totals, str(html) if html else None, reference_digest)
    if html is not None and not (kept is not None and kept(report)):
        with library():
            drawn = _drawn(usable)
        _write(html, page.framed(drawn, report, title))
    return report


def draw(
    reference: Any,
    current: Any,
    columns: Sequence[DriftColumn],
    report: DriftReport,
    *,
    html: Path,
    title: str,
    top: int = 50,
    max_rows: int = 20_000,
) -> None:
    """Write the library's page of two tables to `html`, with the judgements of `report` on top.

    Raises:
        CheckError: the library failed; the reason is its own.
    """
    left, right = thinned(_frame(reference), max_rows), thinned(_frame(current), max_rows)
    usable = [part for column in columns for part in parts(left, right, column, top) if not part.reason]
    usable = [part for part in usable if len(part.reference) and len(part.current)]
    with library():
        drawn = _drawn(usable)
    _write(html, page.framed(drawn, report, title))


def _refuse_wrong(names: Sequence[str], smallest: int) -> None:
    if bad := [name for name in names if not _NAME.match(name)]:
        raise UsageError(f"Column {bad[0]!r} cannot be compared: a name is letters, digits and underscores.")
    if len(set(names)) < len(names) or smallest < 1:
        raise UsageError("Drift needs each column once, and min_rows, top and max_rows of at least 1.")


def _frame(table: Any) -> Any:
    return table.to_pandas() if hasattr(table, "to_pandas") else table


def thinned(frame: Any, max_rows: int) -> Any:
    """The data frame, or every k-th row of one that has more than `max_rows`."""
    step = -(-len(frame) // max_rows) if len(frame) else 1
    return frame.iloc[::step].reset_index(drop=True)


def enough(part: Part, min_rows: int) -> Part:
    """The part, with a reason not to judge it where a side has fewer values than `min_rows`."""
    if part.reason or part.reference is None:
        return part
    few = min(len(part.reference), len(part.current))
    if few >= min_rows:
        return part
    reason = f"too few rows: {len(part.current)} against {len(part.reference)}, at least {min_rows} are needed"
    return Part(part.name, part.column, part.numeric, part.threshold, part.reference, part.current, reason)


def _judged(part: Part, statistic: float | None) -> ColumnDrift:
    noise = drifted = None
    reason = part.reason
    if not reason and (statistic is None or not math.isfinite(statistic)):
        reason, statistic = "the distance could not be measured", None
    elif statistic is not None:
        noise = _noise(part)
        drifted, reason = judging.judge(statistic, part.threshold, noise)
    rows = [0 if side is None else len(side) for side in (part.reference, part.current)]
    return ColumnDrift(
        part.name, part.column, part.method, statistic, part.threshold, noise, drifted, rows[0], rows[1], reason
    )


def _noise(part: Part) -> float:
    if not part.numeric:
        left, right = part.reference.value_counts().to_dict(), part.current.value_counts().to_dict()
        counts = [(left.get(key, 0), right.get(key, 0)) for key in {**left, **right}]
        return judging.category_noise(*zip(*counts, strict=True))
    import numpy

    pooled = numpy.sort(numpy.concatenate([part.reference.to_numpy(), part.current.to_numpy()]))
    deviation = float(numpy.std(part.reference.to_numpy()))
    return judging.numeric_noise(pooled.tolist(), deviation, len(part.reference), len(part.current))


@contextmanager
def library(trouble: str = "Drift could not be measured") -> Iterator[None]:
    """Keep the library silent and away from the network.

    Raises:
        CheckError: with `trouble` and what the library raised, whatever that is.
    """
    os.environ.setdefault("DO_NOT_TRACK", "1")
    try:
        with warnings.catch_warnings():
            # It imports names that NumPy and Pydantic have deprecated, and warns of its own and pandas' future.
            warnings.simplefilter("ignore")
            yield
    except Exception as error:  # whatever the library raises, the comparison could not be made
        raise CheckError(f"{trouble}: {type(error).__name__}: {error}") from error


def _distances(usable: Sequence[Part]) -> dict[str, float]:
    """The distance of each part by name.

    By the functions that the library's own report calls: its report draws every chart before it gives a number.
    """
    if not usable:
        return {}
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType

    distances = {}
    for part in usable:
        kind = ColumnType.Numerical if part.numeric else ColumnType.Categorical
        distance = get_stattest(part.reference, part.current, kind, part.method)
        distances[part.name] = float(distance(part.reference, part.current, kind, part.threshold).drift_score)
    return distances


def _drawn(usable: Sequence[Part]) -> str:
    """The library's page (a bare one when there is nothing to draw)."""
    if not usable:
        return "<!DOCTYPE html><html><head></head><body></body></html>"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "drift.html"
        _run(usable).save_html(str(path))
        return path.read_text(encoding="utf-8")


def _run(usable: Sequence[Part]) -> Any:
    """The library's report of the parts."""
    import pandas
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    definition = DataDefinition(
        numerical_columns=[part.name for part in usable if part.numeric],
        categorical_columns=[part.name for part in usable if not part.numeric],
    )
    sides = [
        Dataset.from_pandas(pandas.DataFrame({part.name: getattr(part, side) for part in usable}), definition)
        for side in ("current", "reference")
    ]
    drifts = [ValueDrift(column=part.name, method=part.method, threshold=part.threshold) for part in usable]
    return Report(drifts).run(*sides)


def _write(path: Path, text: str) -> None:
    """Put the page in place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, path)
