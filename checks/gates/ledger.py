"""The ledger rows of one epoch, checked: whatever disagrees with itself is refused, never repaired."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from warehouse.records.errors import LedgerError
from warehouse.records.evidence import Epoch, EvidenceRow
from warehouse.records.folded import FoldedWindows, Integers, micros, moment

Rows = FoldedWindows | Sequence[EvidenceRow]
"""Rows of an epoch, as read from the warehouse or one by one."""


def in_order(epoch: Epoch, rows: Rows, window_seconds: int, bets: tuple[int, int]) -> FoldedWindows:
    """The epoch's windows that have units, in order of time; `bets` is how many growths of either kind each holds.

    Raises:
        LedgerError: a row belongs to another epoch, is there twice, lies before the epoch or between its windows, or
            does not hold one growth per bet; or there are fewer or more rows than were folded.
    """
    found = rows if isinstance(rows, FoldedWindows) else FoldedWindows.of(rows)
    if epoch.windows is not None and len(found) != epoch.windows:
        raise LedgerError(
            f"Evidence of epoch {epoch.epoch}: {epoch.windows} windows were folded and {len(found)} are there. Restore "
            "the data folder from a copy; a new release begins an epoch of its own."
        )
    if not len(found):
        return found
    if (found.start[1:] < found.start[:-1]).any():
        found = found.take(np.argsort(found.start, kind="stable"))
    for problem, wrong in _problems(epoch, found, window_seconds * 1_000_000, bets):
        if wrong.any():
            at = moment(int(found.start[int(np.argmax(wrong))])).isoformat()
            raise LedgerError(
                f"Evidence of epoch {epoch.epoch}, window {at}: {problem}. Restore the data folder from a copy; a new "
                "release begins an epoch of its own."
            )
    return found.take(found.units > 0) if (found.units == 0).any() else found


def looks(epoch: Epoch, rows: FoldedWindows, window_seconds: int) -> Integers:
    """The number of the look, counting from 1, at which each row was folded: empty windows are looks too."""
    return (rows.start - micros(epoch.first_window)) // (window_seconds * 1_000_000) + 1


def digest(gate_digest: str, epochs: Sequence[tuple[Epoch, FoldedWindows]]) -> str:
    """A digest over the gate's configuration and everything of its evidence that can change a verdict."""
    sha = hashlib.sha256(gate_digest.encode())
    for epoch, rows in epochs:
        sha.update(f"\n{epoch.epoch}\n{epoch.first_window.isoformat()}\n{epoch.opened_at.isoformat()}".encode())
        for column in (
            rows.start,
            rows.folded_at,
            rows.units,
            rows.scored,
            rows.counts,
            rows.breach,
            rows.passing,
        ):
            sha.update(b"\n" + np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<")).tobytes())
        sha.update(f"\n{rows.total_low.tolist()}\n{rows.total_high.tolist()}\n".encode())
        sha.update("\n".join(rows.source_digests).encode())
    return sha.hexdigest()


def _problems(
    epoch: Epoch, rows: FoldedWindows, window: int, bets: tuple[int, int]
) -> list[tuple[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    """What would be wrong, in words, and where it is."""
    everywhere = np.ones(len(rows), dtype=bool)
    other = sorted(rows.epochs - {epoch.epoch})
    first = micros(epoch.first_window)
    again = np.concatenate([[False], rows.start[1:] == rows.start[:-1]])
    widths = (rows.breach.shape[1], rows.passing.shape[1])
    growths = f"it holds {widths[0]} and {widths[1]} growths, not {bets[0]} and {bets[1]}"
    return [
        (f"the row belongs to epoch {other[0] if other else ''}", everywhere if other else ~everywhere),
        ("the window was folded twice", again),
        (f"the window lies before the epoch's first, {epoch.first_window.isoformat()}", rows.start < first),
        (
            f"the window is not one of the epoch's windows of {window // 1_000_000} seconds",
            ((rows.start - first) % window != 0) | (rows.end - rows.start != window),
        ),
        ("more units are scored than there are", (rows.scored < 0) | (rows.scored > rows.units)),
        (growths, everywhere if widths != bets else ~everywhere),
    ]
