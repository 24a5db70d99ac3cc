"""The deltas of some batches as tables in memory: what a reader hands to the one writer.

A reader has a connection of its own and writes nothing but temporary tables, so that several can work at once, on
threads of one process or, over files of their own, elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from warehouse import cells
from warehouse.chunks import TEMPORARY, chunk_of
from warehouse.records.metrics import CellMetric
from warehouse.records.streams import Stream
from warehouse.store import Warehouse

TABLES = ("cells", "units", "bins")
_INTO = "delta_"


@dataclass(frozen=True, slots=True, eq=False)
class Deltas:
    """The deltas of some metrics over some batches, as Arrow tables with the columns of cells, units and bins."""

    metrics: tuple[CellMetric, ...]
    batches: tuple[int, ...]
    tables: dict[str, Any]


@contextmanager
def reader(warehouse: Warehouse) -> Iterator[Warehouse]:
    """A connection of its own to the same open database, for one thread."""
    connection = warehouse.cursor_factory()()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        view = Warehouse(connection, warehouse.folder, None)
        for table in TABLES:
            connection.execute(f"CREATE TEMP TABLE {_INTO}{table} AS FROM {table} LIMIT 0")
        yield view
    finally:
        connection.close()


def read(view: Warehouse, metrics: Sequence[CellMetric], stream: Stream, batches: Sequence[int]) -> list[Deltas]:
    """The deltas of metrics of one stream over batches in ascending order, in parts when it is too much at once.

    Raises:
        UsageError: an expression of a metric does not fit the stream.
    """
    for table in TABLES:
        view.connection.execute(f"DELETE FROM {_INTO}{table}")
    chunk = chunk_of(view, stream, batches, into=_INTO)
    if chunk is not None and not cells.write(view, metrics, chunk):
        half = len(batches) // 2
        return read(view, metrics, stream, batches[:half]) + read(view, metrics, stream, batches[half:])
    found = {table: view.connection.execute(f"FROM {_INTO}{table}{_EXACT[table]}").to_arrow_table() for table in TABLES}
    for name in TEMPORARY:
        view.connection.execute(f"DROP TABLE IF EXISTS {name}")
    return [Deltas(tuple(metrics), tuple(batches), found)]


_EXACT = {
    # The engine hands its widest integers out as decimals of 38 digits only when told to.
    "cells": " SELECT * REPLACE (total::DECIMAL(38, 0) AS total, total_squares::DECIMAL(38, 0) AS total_squares)",
    "units": "",
    "bins": "",
}
