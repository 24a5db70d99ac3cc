"""Which columns are compared with the reference, and what the comparison found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

DriftKind = OneOf["numeric", "categorical", "boolean", "text"]

NUMERIC_METHOD, NUMERIC_LIMIT = "wasserstein", 0.1
"""Wasserstein distance over the standard deviation of the reference: drifted when a tenth of a deviation was moved."""
CATEGORY_METHOD, CATEGORY_LIMIT = "jensenshannon", 0.1
"""Jensen-Shannon distance, natural logarithm, 0 to 0.83."""

WORDS_METHOD, WORDS_LIMIT = "words", 0.1
"""Largest change of the share of texts that hold a word of one bucket: drifted when a tenth of the texts changed."""

State = OneOf[
    "drifted", "steady", "too_few", "no_data", "missing_column", "all_missing", "constant", "unusable", "unjudged"
]
"""What is known of a column: only the first two are verdicts."""


@dataclass(frozen=True, slots=True)
class DriftColumn:
    """A column to compare. `limit` replaces the limit of its kind; the method is fixed by the kind."""

    name: str
    kind: DriftKind
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """The comparison of one column, or of one property of it (``prompt.length``).

    `drifted` is None where nothing can be said; `reason` then names why. `noise` is the distance that two samples of
    these sizes show on average when nothing has drifted, in the unit of `statistic`. Rows are those with a value.
    `log_p` is ln of the chance of such a difference without any drift, at this look alone, and `log_e` ln of the
    evidence it is worth. `distances` are all that were measured: name, value, and by how much at most the value can
    differ from that of the single rows (None: not known).
    """

    name: str
    column: str
    method: str
    statistic: float | None
    threshold: float
    noise: float | None
    drifted: bool | None
    reference_rows: int
    current_rows: int
    reason: str = ""
    state: State = "unjudged"
    log_p: float | None = None
    log_e: float | None = None
    distances: tuple[tuple[str, float, float | None], ...] = ()


@dataclass(frozen=True, slots=True)
class DriftReport:
    """The comparison of all columns.

    `share_drifted` is the share of the columns that drifted, and None as soon as one column could not be judged:
    silence never passes. `share_at_least` and `share_at_most` then bound it (unjudged columns counted as not drifted
    and as drifted); they are None only when no column was asked for. `html` is the path of the page, if one was asked
    for and written. `reference_digest` covers the values of the reference that were compared, row by row.
    """

    columns: tuple[ColumnDrift, ...]
    share_drifted: float | None
    share_at_least: float | None
    share_at_most: float | None
    reference_rows: int
    current_rows: int
    html: str | None
    reference_digest: str
