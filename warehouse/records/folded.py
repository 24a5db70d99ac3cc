"""The folded windows of an epoch as columns, so that a year of them is judged in one pass over arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from warehouse.records.errors import LedgerError
from warehouse.records.evidence import EvidenceRow

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Exact = NDArray[np.object_]
"""Whole numbers of any size."""

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970 in UTC."""
    return (at - _START) // _MICROSECOND


def moment(at: int) -> datetime:
    """The time, in UTC, so many microseconds after the start of 1970."""
    return _START + int(at) * _MICROSECOND


@dataclass(frozen=True, slots=True, eq=False)
class FoldedWindows:
    """Ledger rows by column, in one order; the fields are those of `EvidenceRow`.

    Times are microseconds since 1970 (UTC), totals millionths, growths natural logs: one row per window, one column
    per bet. `counts` has the columns that the gate's kind says, or none. `epochs` names every epoch met.
    """

    epochs: frozenset[str]
    start: Integers
    end: Integers
    units: Integers
    scored: Integers
    total_low: Exact
    total_high: Exact
    breach: Floats
    passing: Floats
    counts: Integers
    through_batch: Integers
    folded_at: Integers
    source_digests: tuple[str, ...]

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.start)

    def take(self, places: Integers | NDArray[np.bool_] | slice) -> Self:
        """The windows at those places, in that order."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                values[name] = value[places]
        chosen = np.arange(len(self))[places]
        values["source_digests"] = tuple(self.source_digests[i] for i in chosen)
        return type(self)(**values)

    @classmethod
    def of(cls, rows: Sequence[EvidenceRow]) -> Self:
        """Rows as columns.

        Raises:
            LedgerError: rows do not hold the same number of growths or counts.
        """
        return cls(
            epochs=frozenset(row.epoch for row in rows),
            start=_integers([micros(row.window_start) for row in rows]),
            end=_integers([micros(row.window_end) for row in rows]),
            units=_integers([row.units for row in rows]),
            scored=_integers([row.scored_units for row in rows]),
            total_low=np.asarray([row.total_low for row in rows], dtype=object),
            total_high=np.asarray([row.total_high for row in rows], dtype=object),
            breach=_table([row.breach_growth for row in rows], np.float64),
            passing=_table([row.pass_growth for row in rows], np.float64),
            counts=_table([row.counts for row in rows], np.int64),
            through_batch=_integers([row.through_batch for row in rows]),
            folded_at=_integers([micros(row.folded_at) for row in rows]),
            source_digests=tuple(row.source_digest for row in rows),
        )

    def followed_by(self, rows: Sequence[EvidenceRow]) -> Self:
        """These windows and then those."""
        if not rows:
            return self
        more = type(self).of(rows)
        if not len(self):
            return more
        values: dict[str, Any] = {}
        for f in fields(self):
            mine, theirs = getattr(self, f.name), getattr(more, f.name)
            if isinstance(mine, np.ndarray):
                values[f.name] = _joined(mine, theirs)
            else:
                values[f.name] = mine | theirs if isinstance(mine, frozenset) else mine + theirs
        return type(self)(**values)


def _joined(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    if one.shape[1:] != other.shape[1:]:
        raise LedgerError(
            f"Windows of one epoch hold {one.shape[1:]} and {other.shape[1:]} values each. Restore the data folder "
            "from a copy; a new release begins an epoch of its own."
        )
    return np.concatenate([one, other])


def _integers(values: Sequence[int]) -> Integers:
    return np.asarray(values, dtype=np.int64)


def _table(rows: Sequence[Sequence[float]], kind: Any) -> Any:
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise LedgerError(
            f"Windows of one epoch hold {' and '.join(map(str, sorted(widths)))} values each. Restore the data folder "
            "from a copy; a new release begins an epoch of its own."
        )
    return np.asarray(rows, dtype=kind).reshape(len(rows), widths.pop() if widths else 0)
