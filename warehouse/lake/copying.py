"""Bringing the lake up to the ledger: whole batches, each exactly once, compared before they are committed.

A crash at any moment leaves the lake at a batch's end: rows, closings, the note of the batches and the head are one
transaction there. It begins after the ledger's own commit, so that the lake never holds what the ledger does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from warehouse import sql
from warehouse.lake import comparing, tables
from warehouse.lake.attaching import NAME, attached
from warehouse.lake.retrying import retried
from warehouse.records.errors import StoreError
from warehouse.records.lake import Copied, LakePlace
from warehouse.store import Warehouse

CHUNK_ROWS = 1_000_000
"""Event rows that are copied in one transaction, unless one batch alone brings more."""

Progress = Callable[[int, int], None]
"""Called with the number of batches copied and of all that were waiting."""


def copy(warehouse: Warehouse, place: LakePlace, *, now: datetime, progress: Progress | None = None) -> Copied:
    """What was new to the lake; nothing when it holds every batch of the ledger.

    Raises:
        StoreError: the lake cannot be used, or what was written does not read back alike; nothing of that step is kept.
    """
    batches = rows = 0
    with attached(warehouse.connection, place):
        while True:
            done, copied, head, waiting = retried(warehouse, place, lambda: _step(warehouse, now))
            batches, rows = batches + done, rows + copied
            if progress is not None and done:
                progress(batches, batches + waiting)
            if not waiting:
                return Copied(batches, rows, head)


def _step(warehouse: Warehouse, now: datetime) -> tuple[int, int, int, int]:
    """One transaction: batches and rows copied, the lake's newest batch, and how many batches still wait."""
    head = tables.prepare(warehouse)
    waiting = warehouse.connection.execute(sql.load("lake_pending"), {"head": head}).fetchall()
    chunk = _chunk(waiting)
    if not chunk:
        return 0, 0, head, 0
    batches = [batch for batch, _ in chunk]
    for stream in tables.streams(warehouse):
        tables.ensure(warehouse, stream)
        add(warehouse, stream, batches, head=head, now=now)
        _check(warehouse, stream, batches)
    advance(warehouse, batches[-1], now)
    return len(chunk), sum(rows for _, rows in chunk), batches[-1], len(waiting) - len(chunk)


def _chunk(waiting: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    chunk: list[tuple[int, int]] = []
    filled = 0
    for batch, rows in waiting:
        if chunk and filled + rows > CHUNK_ROWS:
            break
        chunk.append((int(batch), int(rows)))
        filled += rows
    return chunk


def add(warehouse: Warehouse, stream: str, batches: Sequence[int], *, head: int, now: datetime) -> None:
    """Write the rows of some batches of a stream into the lake, with what they superseded after `head`."""
    connection = warehouse.connection
    span: dict[str, object] = {"first": batches[0], "last": batches[-1], "batches": list(batches)}
    connection.execute(tables.statement("lake_add_events", stream), span)
    connection.execute(tables.statement("lake_add_closings", stream), {"head": head, "last": batches[-1]})
    note(warehouse, stream, batches, now)


def note(warehouse: Warehouse, stream: str, batches: Sequence[int], now: datetime) -> None:
    """Note the batches of a stream as copied."""
    values = {"batches": list(batches), "first": min(batches), "last": max(batches), "stream": stream, "now": now}
    warehouse.connection.execute(tables.statement("lake_note_batches", stream), values)


def advance(warehouse: Warehouse, batch: int, now: datetime) -> None:
    """Set the lake's newest batch; of two transactions that do so at the same time only one commits."""
    warehouse.connection.execute(f"UPDATE {NAME}.gatehold_head SET batch = $batch, copied_at = $now",
                                 {"batch": batch, "now": now})  # fmt: skip


def _check(warehouse: Warehouse, stream: str, batches: Sequence[int]) -> None:
    found = comparing.of_stream(warehouse, stream, batches[0], batches[-1], head=batches[-1])
    if found:
        raise StoreError(
            f"Batch {found[0].batch} of stream {stream} does not read back from the lake as it was written "
            f"({found[0].embedded_rows} rows here, {found[0].lake_rows} there). Nothing of it was kept; look at the "
            "storage and run again."
        )
