"""Summarising in parts: each worker its own rows with its own connection, one driver that adds up what they found.

Cells, units and bins are sums of integers, and every row with its whole session lies in exactly one part, so the sum
over parts is the same, bit for bit, however many parts and workers there are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from warehouse import cells, partitions
from warehouse.backfill.reading import Deltas
from warehouse.expressions import identifier
from warehouse.lake.attaching import attached
from warehouse.lake.tables import statement as lake_statement
from warehouse.records.lake import LakePlace
from warehouse.records.metrics import UNIT_KINDS, CellMetric
from warehouse.records.parts import Part, Partitions
from warehouse.records.streams import Stream
from warehouse.scope import events_table, statement
from warehouse.store import Warehouse

TABLES: Mapping[str, tuple[str, ...]] = {
    "cells": ("items", "unscored", "total", "total_squares"),
    "units": ("units",),
    "bins": ("items",),
}
"""Tables of deltas, with the columns that are sums."""

Packed = Mapping[str, bytes]
"""Tables by name, as Arrow streams: what goes from process to process."""


def lacking(warehouse: Warehouse, metrics: Sequence[CellMetric]) -> dict[str, set[int]]:
    """By metric digest, the batches of its stream that it has not seen."""
    connection = warehouse.connection
    batches = connection.execute("SELECT batch, stream FROM batches").fetchall()
    seen = "SELECT batch FROM summarised WHERE metric_digest = $digest"
    found: dict[str, set[int]] = {}
    for metric in metrics:
        done = {batch for (batch,) in connection.execute(seen, {"digest": metric.digest}).fetchall()}
        found[metric.digest] = {batch for batch, stream in batches if stream == metric.stream} - done
    return found


def ledger_of(warehouse: Warehouse, metrics: Sequence[CellMetric], todo: Mapping[str, AbstractSet[int]]) -> Packed:
    """What workers have to know of the ledger: batches, which of them each metric has not to look at, sealed sessions.

    `todo` are the batches to be summarised, by metric digest.
    """
    batches = warehouse.connection.execute("SELECT * FROM batches").to_arrow_table()
    own = list(zip(batches["batch"].to_pylist(), batches["stream"].to_pylist(), strict=True))
    done = [
        (metric.digest, metric.name, batch)
        for metric in metrics
        for batch, stream in own
        if stream == metric.stream and batch not in todo.get(metric.digest, ())
    ]
    columns = zip(*done, strict=True) if done else ([], [], [])
    schema = pa.schema([("metric_digest", pa.string()), ("metric", pa.string()), ("batch", pa.int64())])
    marks = pa.table([pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    sealed = warehouse.connection.execute("SELECT * FROM sealed_sessions").to_arrow_table()
    return {"batches": _packed(batches), "summarised": _packed(marks), "sealed_sessions": _packed(sealed)}


def split(
    warehouse: Warehouse, stream: Stream, metrics: Sequence[CellMetric], wanted: int, folder: Path | None
) -> list[Part]:
    """About `wanted` parts of a stream with about as many rows each, in order; none while it has no rows.

    Rows are written to `folder` as a file per day; without one, workers read them from the lake.
    """
    columns = partitions.columns_read(metrics)
    events = events_table(warehouse, stream.name)
    if events is None:
        return []
    if folder is not None:
        held: Partitions | None = partitions.write(warehouse, stream.name, columns, folder)
        days = held.days if held is not None else ()
    else:
        held = None
        days = tuple(warehouse.connection.execute(statement("parts_days", events=events)).fetchall())
    found = warehouse.connection.execute(f"SELECT max(occurred_at) FROM {events}").fetchone()
    if found is None or found[0] is None:
        return []
    starts = [partitions.start_of(day) for day in _cuts(days, wanted)]
    ends = [*starts[1:], partitions.start_of(days[-1][0]) + partitions.DAY]
    return [
        Part(stream, tuple(metrics), start, end, found[0].astimezone(UTC), columns, held)
        for start, end in zip(starts, ends, strict=True)
    ]


def _cuts(days: Sequence[tuple[date, int]], wanted: int) -> list[date]:
    """The first days of about `wanted` groups of days with about as many rows each."""
    share = sum(rows for _, rows in days) / max(wanted, 1)
    cuts: list[date] = []
    passed = 0
    for day, rows in days:
        if not cuts or passed >= share * len(cuts):
            cuts.append(day)
        passed += rows
    return cuts


def compute(part: Part, ledger: Packed, place: LakePlace | None = None, *, memory_limit: str | None = None) -> Packed:
    """The deltas of cells, units and bins that the rows of one part make, for what the ledger says is not done yet.

    Raises:
        StoreError: the rows cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="gatehold-part-") as folder, Warehouse.in_memory(Path(folder)) as own:
        own.connection.execute("SET threads = 1")
        own.connection.execute("SET temp_directory = $folder", {"folder": folder})
        if memory_limit is not None:
            own.connection.execute("SET memory_limit = $limit", {"limit": memory_limit})
        for name, table in ledger.items():
            _insert(own, name, table)
        if place is not None:
            with attached(own.connection, place, read_only=True):
                _load(own, part)
        else:
            _load(own, part)
        cells.summarise(own, part.metrics, {part.stream.name: part.stream})
        return {name: _packed(own.connection.execute(f"SELECT * FROM {name}").to_arrow_table()) for name in TABLES}


def _load(own: Warehouse, part: Part) -> None:
    """Make the event table of a part: read on after its end until no session of it can go on."""
    gap = max((m.session_gap_seconds for m in part.metrics if m.kind in UNIT_KINDS and m.unit == "session"), default=0)
    start, end, step = _micros(part.start), _micros(part.end), max(gap, 1) * 1_000_000
    seen, last = end, _micros(part.last_row)
    while True:
        seen += step
        rows, values = _rows(part, part.start - timedelta(seconds=gap), _moment(seen))
        span = {"start": start, "end": end, "seen": seen, "gap": gap * 1_000_000}
        own.connection.execute(statement("parts_home", rows=rows), {**values, **span})
        found = own.connection.execute("SELECT max(_last) FROM part_home").fetchone()
        newest = found[0] if found is not None else None
        if newest is None or newest + gap * 1_000_000 < seen or seen > last:
            break
        step *= 4
    listed = ", ".join(identifier(name) for name in part.columns)
    load = statement("parts_load", rows=rows, columns=listed, events=identifier(f"events_{part.stream.name}"))
    own.connection.execute(load, {**values, "start": start, "seen": seen})


def _rows(part: Part, start: datetime, end: datetime) -> tuple[str, dict[str, object]]:
    """SQL of the rows around a part, and what it binds."""
    if part.partitions is None:
        return lake_statement("lake_rows", part.stream.name), {}
    return "SELECT * FROM read_parquet($files)", {"files": partitions.within(part.partitions, start, end)}


class Merging:
    """Adds up what the workers found; use it as a context manager."""

    def __init__(self, warehouse: Warehouse) -> None:
        """Begin with nothing found."""
        self._warehouse = warehouse

    def __enter__(self) -> Self:
        """Make the temporary tables that take the parts."""
        for name in TABLES:
            self._warehouse.connection.execute(f"CREATE OR REPLACE TEMP TABLE part_{name} AS FROM {name} LIMIT 0")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop them."""
        for name in TABLES:
            self._warehouse.connection.execute(f"DROP TABLE IF EXISTS part_{name}")

    def add(self, found: Packed) -> None:
        """Take what one part found."""
        for name in TABLES:
            _insert(self._warehouse, f"part_{name}", found[name])

    def deltas(self, metrics: Sequence[CellMetric], batches: Sequence[int]) -> Deltas:
        """The sums over all parts of some metrics and batches; what came to nothing leaves no row, as in a live run."""
        asked = {"digests": [metric.digest for metric in metrics], "batches": list(batches)}
        tables = {
            name: self._warehouse.connection.execute(_summed(name, sums), asked).to_arrow_table()
            for name, sums in TABLES.items()
        }
        return Deltas(tuple(metrics), tuple(batches), tables)


def _summed(name: str, sums: Sequence[str]) -> str:
    added = ", ".join(f"sum({column}) AS {column}" for column in sums)
    left = " OR ".join(f"sum({column}) <> 0" for column in sums)
    return (
        f"SELECT * EXCLUDE ({', '.join(sums)}), {added} FROM part_{name} "
        "WHERE list_contains($digests::VARCHAR[], metric_digest) AND list_contains($batches::BIGINT[], batch) "
        f"GROUP BY ALL HAVING {left}"
    )


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _insert(warehouse: Warehouse, name: str, packed: bytes) -> None:
    """Write a packed table; the engine finds it by the name of the variable."""
    # What came over a network starts at any byte, which Arrow's readers warn of.
    options = pa.ipc.IpcReadOptions(ensure_alignment=pa.ipc.Alignment.At64Byte)
    incoming = pa.ipc.open_stream(packed, options=options).read_all()
    warehouse.connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM incoming")
    del incoming


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
