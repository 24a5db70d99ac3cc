"""The ledger rows of one epoch, checked: whatever disagrees with itself is refused, never repaired."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from datetime import timedelta

from checks.evidence.bets import BETS
from warehouse.records.errors import LedgerError
from warehouse.records.evidence import Epoch, EvidenceRow


def in_order(epoch: Epoch, rows: Sequence[EvidenceRow], window_seconds: int) -> list[EvidenceRow]:
    """The epoch's rows that have units, by window.

    Raises:
        LedgerError: a row belongs to another epoch, is there twice, lies before the epoch or between its windows, or
            does not hold one growth per bet; or there are fewer or more rows than were folded.
    """
    if epoch.windows is not None and len(rows) != epoch.windows:
        raise LedgerError(
            f"Evidence of epoch {epoch.epoch}: {epoch.windows} windows were folded and {len(rows)} are there. Restore "
            "the data folder from a copy; a new release begins an epoch of its own."
        )
    ordered = sorted(rows, key=lambda row: row.window_start)
    for i, row in enumerate(ordered):
        if problem := _problem(epoch, row, ordered[i - 1] if i else None, window_seconds):
            raise LedgerError(
                f"Evidence of epoch {epoch.epoch}, window {row.window_start.isoformat()}: {problem}. Restore the "
                "data folder from a copy; a new release begins an epoch of its own."
            )
    return [row for row in ordered if row.units > 0]


def looks(epoch: Epoch, rows: Sequence[EvidenceRow], window_seconds: int) -> list[int]:
    """The number of the look, counting from 1, at which each row was folded: empty windows are looks too."""
    window = timedelta(seconds=window_seconds)
    return [(row.window_start - epoch.first_window) // window + 1 for row in rows]


def digest(gate_digest: str, epochs: Sequence[tuple[Epoch, Sequence[EvidenceRow]]]) -> str:
    """A digest over the gate's configuration and everything of its evidence that can change a verdict."""
    sha = hashlib.sha256(gate_digest.encode())
    for epoch, rows in epochs:
        sha.update(f"\n{epoch.epoch}\n{epoch.first_window.isoformat()}\n{epoch.opened_at.isoformat()}".encode())
        for row in rows:
            totals = (row.units, row.scored_units, row.total_low, row.total_high, row.source_digest)
            sha.update(f"\n{row.window_start.isoformat()} {row.folded_at.isoformat()} {totals}".encode())
            sha.update(struct.pack(f"<{2 * BETS}d", *row.breach_growth, *row.pass_growth))
    return sha.hexdigest()


def _problem(epoch: Epoch, row: EvidenceRow, before: EvidenceRow | None, window_seconds: int) -> str | None:
    window = timedelta(seconds=window_seconds)
    if row.epoch != epoch.epoch:
        return f"the row belongs to epoch {row.epoch}"
    if before is not None and before.window_start == row.window_start:
        return "the window was folded twice"
    if row.window_start < epoch.first_window:
        return f"the window lies before the epoch's first, {epoch.first_window.isoformat()}"
    if (row.window_start - epoch.first_window) % window or row.window_end - row.window_start != window:
        return f"the window is not one of the epoch's windows of {window_seconds} seconds"
    if not 0 <= row.scored_units <= row.units:
        return f"{row.scored_units} of {row.units} units are scored"
    if len(row.breach_growth) != BETS or len(row.pass_growth) != BETS:
        return f"it holds {len(row.breach_growth)} and {len(row.pass_growth)} growths, not {BETS} each"
    return None
