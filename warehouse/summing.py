"""Facts of rows summed by batch, so that nobody has to read all rows to know which releases there are."""

from __future__ import annotations

import duckdb

from warehouse.sql import load
from warehouse.store import Warehouse
from warehouse.tables import table_of


def add(connection: duckdb.DuckDBPyConnection, stream: str, batch: int, *, restated: bool) -> None:
    """Sum the rows that a batch brought, and again those of the batches whose rows it closed.

    Runs inside the transaction that takes the batch in, behind its rows.
    """
    events = f'"{table_of(stream)}"'
    touched = [batch]
    if restated:
        found = connection.execute(load("sums_touched"))
        touched += [row[0] for row in found.fetchall()]
    _sum(connection, events, stream, touched)


def catch_up(warehouse: Warehouse, stream: str) -> None:
    """Sum the batches of a stream that are not summed yet; free when there are none."""
    with warehouse.transaction() as connection:
        missing = [row[0] for row in connection.execute(load("sums_missing"), {"stream": stream}).fetchall()]
        if missing:
            _sum(connection, f'"{table_of(stream)}"', stream, missing)


def _sum(connection: duckdb.DuckDBPyConnection, events: str, stream: str, batches: list[int]) -> None:
    bound = {"stream": stream, "batches": batches}
    connection.execute(load("sums_clear"), bound)
    span = {"first": min(batches), "last": max(batches)}
    connection.execute(load("sums_add").format(events=events), {**bound, **span})
    connection.execute(load("sums_mark"), bound)
