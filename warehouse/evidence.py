"""The evidence ledger: epochs of gates and the windows folded into them, append-only.

Log-growths are stored as doubles and come back bit for bit, so that recomputing from the ledger repeats a decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from warehouse.records.errors import LedgerError
from warehouse.records.evidence import Epoch, EvidenceRow
from warehouse.records.folded import FoldedWindows
from warehouse.scope import statement, utc
from warehouse.store import Warehouse


def open_epoch(warehouse: Warehouse, epoch: Epoch) -> None:
    """Add an epoch.

    Raises:
        LedgerError: an epoch of that name is there already.
    """
    with warehouse.transaction() as connection:
        if _find(warehouse, epoch.epoch) is not None:
            raise LedgerError(
                f"Epoch {epoch.epoch!r} of gate {epoch.gate!r} was opened before. Give a new one a new name."
            )
        connection.execute(statement("evidence_open"), _plain(asdict(epoch)))


def close_epoch(warehouse: Warehouse, epoch_id: str, *, at: datetime, reason: str) -> None:
    """Close an epoch; one that is closed already stays as it was closed first.

    Raises:
        LedgerError: there is no such epoch.
    """
    with warehouse.transaction() as connection:
        _open_or_closed(warehouse, epoch_id)
        connection.execute(statement("evidence_close"), {"epoch": epoch_id, "at": utc(at), "reason": reason})


def fold(warehouse: Warehouse, epoch_id: str, rows: Sequence[EvidenceRow], folded_through: datetime) -> None:
    """Append folded windows to an epoch and note how far it is folded, in one transaction.

    Windows without units have no row; that they were looked at is known from `folded_through`.

    Raises:
        LedgerError: the epoch is unknown or closed, a row is of another epoch, a window is there already or lies
            before what was folded, or `folded_through` lies before a window's end or goes back. Nothing is kept then.
    """
    with warehouse.transaction() as connection:
        epoch = _open_or_closed(warehouse, epoch_id)
        _check(warehouse, epoch, rows, utc(folded_through))
        if rows:
            connection.register("folded_rows", _table(rows))
            connection.execute(statement("evidence_append"))
            connection.unregister("folded_rows")
        values = {"epoch": epoch_id, "through": utc(folded_through), "windows": len(rows)}
        connection.execute(statement("evidence_advance"), values)


def epochs(warehouse: Warehouse, gate: str) -> list[Epoch]:
    """All epochs of a gate ("rollout/name") in order of opening."""
    return _epochs(warehouse, gate=gate, epoch=None)


def epochs_of(warehouse: Warehouse, gates: Sequence[str]) -> dict[str, list[Epoch]]:
    """As `epochs`, of several gates at once; a gate without any has an empty list."""
    found: dict[str, list[Epoch]] = {gate: [] for gate in gates}
    for row in warehouse.connection.execute(statement("evidence_epochs_of"), {"gates": list(gates)}).fetchall():
        epoch = _epoch(*(utc(value) if isinstance(value, datetime) else value for value in row))
        found[epoch.gate].append(epoch)
    return found


def rows(warehouse: Warehouse, epoch_id: str) -> FoldedWindows:
    """The folded windows of an epoch in order; none for an epoch that is unknown or has no units yet.

    Raises:
        LedgerError: windows of the epoch hold different numbers of growths or counts.
    """
    found = warehouse.connection.execute(statement("evidence_rows"), {"epoch": epoch_id}).to_arrow_table()
    return _folded(epoch_id, found)


def newer(warehouse: Warehouse, after: Mapping[str, int]) -> dict[str, FoldedWindows]:
    """By epoch, its folded windows that begin after the given time (microseconds since 1970), in order.

    Raises:
        LedgerError: windows of an epoch hold different numbers of growths or counts.
    """
    values = {"epochs": list(after), "after": list(after.values())}
    found = warehouse.connection.execute(statement("evidence_newer"), values).to_arrow_table()
    parts, begin = {}, 0
    for epoch_id, count in warehouse.connection.execute(statement("evidence_newer_counts"), values).fetchall():
        parts[epoch_id], begin = _folded(epoch_id, found.slice(begin, count)), begin + count
    nothing = found.slice(0, 0)
    return {epoch_id: parts[epoch_id] if epoch_id in parts else _folded(epoch_id, nothing) for epoch_id in after}


def fingerprints(warehouse: Warehouse, through: Mapping[str, int]) -> dict[str, int]:
    """By epoch, a number that differs if any window up to the one that begins at the given time is another one.

    0 for an epoch without such windows; times in microseconds since 1970.
    """
    values = {"epochs": list(through), "through": list(through.values())}
    found = dict(warehouse.connection.execute(statement("evidence_fingerprints"), values).fetchall())
    return {epoch_id: found.get(epoch_id, 0) for epoch_id in through}


def _folded(epoch_id: str, found: Any) -> FoldedWindows:
    columns = {name: found.column(name).combine_chunks() for name in found.column_names}

    def integers(name: str) -> Any:
        return columns[name].to_numpy(zero_copy_only=False).astype(np.int64, copy=False)

    return FoldedWindows(
        epochs=frozenset({epoch_id}) if found.num_rows else frozenset(),
        start=integers("window_start"),
        end=integers("window_end"),
        units=integers("units"),
        scored=integers("scored_units"),
        total_low=_whole(columns["total_low"]),
        total_high=_whole(columns["total_high"]),
        breach=_square(epoch_id, columns["breach_growth"]),
        passing=_square(epoch_id, columns["pass_growth"]),
        counts=_square(epoch_id, columns["counts"]),
        through_batch=integers("through_batch"),
        folded_at=integers("folded_at"),
        source_digests=tuple(columns["source_digest"].to_pylist()),
    )


def _whole(texts: Any) -> Any:
    """Numbers of any size, which come as text: no other column type holds them exactly."""
    return np.asarray([int(text) for text in texts.to_pylist()], dtype=object)


def _square(epoch: str, lists: Any) -> Any:
    """A column of lists as a table, one row per window."""
    flat = lists.flatten().to_numpy(zero_copy_only=False)
    if not len(lists):
        return flat.reshape(0, 0)
    wide, odd = divmod(len(flat), len(lists))
    # Of a slice, offsets begin where the slice does.
    offsets = lists.offsets.to_numpy()
    if odd or (np.diff(offsets) != wide).any():
        raise LedgerError(
            f"Windows of epoch {epoch} hold different numbers of values. Restore the data folder from a copy; a new "
            "release begins an epoch of its own."
        )
    return flat.reshape(len(lists), wide)


def _find(warehouse: Warehouse, epoch_id: str) -> Epoch | None:
    return next(iter(_epochs(warehouse, gate=None, epoch=epoch_id)), None)


def _epochs(warehouse: Warehouse, *, gate: str | None, epoch: str | None) -> list[Epoch]:
    found = warehouse.connection.execute(statement("evidence_epochs"), {"gate": gate, "epoch": epoch}).fetchall()
    return [_epoch(*(utc(value) if isinstance(value, datetime) else value for value in row)) for row in found]


def _epoch(*values: Any) -> Epoch:
    return Epoch(*values)


def _open_or_closed(warehouse: Warehouse, epoch_id: str) -> Epoch:
    epoch = _find(warehouse, epoch_id)
    if epoch is None:
        raise LedgerError(f"There is no epoch {epoch_id!r} in the ledger. Open it before anything is folded into it.")
    return epoch


def _check(warehouse: Warehouse, epoch: Epoch, rows: Sequence[EvidenceRow], through: datetime) -> None:
    """Raise LedgerError unless the rows continue the epoch: in order, once each, within what is newly folded."""
    where = f"Epoch {epoch.epoch!r} of gate {epoch.gate!r}"
    if epoch.closed_at is not None:
        raise LedgerError(f"{where} was closed at {epoch.closed_at.isoformat()}; nothing more is folded into it.")
    if through < epoch.folded_through:
        raise LedgerError(
            f"{where} is folded through {epoch.folded_through.isoformat()} and cannot go back to {through.isoformat()}."
        )
    if bad := next((row for row in rows if row.epoch != epoch.epoch), None):
        raise LedgerError(f"{where} was given a window of epoch {bad.epoch!r}.")
    starts = [utc(row.window_start) for row in rows]
    values = {"epoch": epoch.epoch, "starts": starts}
    present = warehouse.connection.execute(statement("evidence_present"), values).fetchone()
    if present is not None and present[0] is not None:
        raise LedgerError(f"{where} holds the window from {utc(present[0]).isoformat()} already; windows fold once.")
    if any(later <= earlier for earlier, later in pairwise(starts)):
        raise LedgerError(f"{where} was given windows out of order or twice; give each once, oldest first.")
    if early := next((start for start in starts if start < epoch.folded_through), None):
        raise LedgerError(
            f"{where} is folded through {epoch.folded_through.isoformat()}; the window from {early.isoformat()} lies "
            "before that and was looked at already."
        )
    if rows and utc(rows[-1].window_end) > through:
        raise LedgerError(
            f"{where} was given a window that ends after {through.isoformat()}, through which it is folded."
        )


def _table(rows: Sequence[EvidenceRow]) -> object:
    """The rows as an Arrow table; totals go through decimals of 38 digits, which hold them exactly."""
    import pyarrow as pa

    time, growth, total = pa.timestamp("us", tz="UTC"), pa.list_(pa.float64()), pa.decimal128(38, 0)
    types = {
        "epoch": pa.string(),
        "window_start": time,
        "window_end": time,
        "units": pa.int64(),
        "scored_units": pa.int64(),
        "total_low": total,
        "total_high": total,
        "breach_growth": growth,
        "pass_growth": growth,
        "through_batch": pa.int64(),
        "source_digest": pa.string(),
        "folded_at": time,
        "counts": pa.list_(pa.int64()),
    }
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in types}
    for name in ("total_low", "total_high"):
        columns[name] = [Decimal(value) for value in columns[name]]
    return pa.table({name: pa.array(columns[name], kind) for name, kind in types.items()})


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {name: utc(value) if isinstance(value, datetime) else value for name, value in values.items()}
