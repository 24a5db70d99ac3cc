"""Event rows for tests: batches written as ingest leaves them, restatements included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from warehouse import tables
from warehouse.casting import SQL_TYPES
from warehouse.records.streams import COMMON, INTERACTIONS, Stream
from warehouse.store import Warehouse

START = datetime(2026, 3, 2, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


class Loader:
    """Writes batches into a warehouse; the same event_id with other values closes the revision before it."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.batch = 0
        self.revisions: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def add(
        self,
        rows: Iterable[Mapping[str, Any]],
        *,
        stream: Stream = INTERACTIONS,
        source: str = "logs",
        arrived_at: datetime | None = None,
    ) -> int:
        """The number of the new batch; values missing from a row are NULL, JSON ones are given as text."""
        self.batch += 1
        new: list[dict[str, Any]] = []
        closing: list[dict[str, Any]] = []
        for position, row in enumerate(rows, start=1):
            history = self.revisions.setdefault((stream.name, row["event_id"]), [])
            if history:
                history[-1]["closed_by"] = self.batch
                closing.append(history[-1])
            system = {
                "arrived_at": arrived_at or at(0) + timedelta(days=self.batch),
                "batch": self.batch,
                "position": position,
                "source": source,
                "revision": len(history) + 1,
                "closed_by": None,
            }
            history.append({"rollout": "bot", **row, **system})
            new.append(history[-1])
        self._write(stream, new, closing, source)
        return self.batch

    def known(self, batch: int, stream: Stream = INTERACTIONS) -> list[dict[str, Any]]:
        """The rows known when `batch` was in."""
        return [
            row
            for (name, _), history in self.revisions.items()
            for row in history
            if name == stream.name and row["batch"] <= batch and (row["closed_by"] is None or row["closed_by"] > batch)
        ]

    def _write(
        self, stream: Stream, new: Sequence[dict[str, Any]], closing: Sequence[dict[str, Any]], source: str
    ) -> None:
        tables.ensure(self.warehouse, stream)
        table = tables.table_of(stream.name)
        with self.warehouse.transaction() as connection:
            old = [row for row in closing if row["batch"] != self.batch]
            if old:
                keys = [row["event_id"] for row in old]
                connection.execute(
                    f"UPDATE {table} SET closed_by = $batch WHERE closed_by IS NULL AND event_id IN "
                    "(SELECT unnest($keys::VARCHAR[]))",
                    {"batch": self.batch, "keys": keys},
                )
            if new:
                names = [c.name for c in (*COMMON, *stream.columns)] + [name for name, _ in tables.SYSTEM]
                columns = {name: [row.get(name) for row in new] for name in names}
                connection.register("added", pa.table({n: _array(n, v, stream) for n, v in columns.items()}))
                connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM added")
                connection.unregister("added")
            times = [row["occurred_at"] for row in new]
            connection.execute(
                "INSERT INTO batches VALUES ($batch, $source, $stream, 'file', $digest, '', $at, $n, $accepted, 0, "
                "$restated, 0, 0, $first, $last, '{}', '{}', '{}', NULL)",
                {
                    "batch": self.batch,
                    "source": source,
                    "stream": stream.name,
                    "digest": f"file {self.batch}",
                    "at": at(0) + timedelta(days=self.batch),
                    "n": len(new),
                    "accepted": len(new) - len(closing),
                    "restated": len(closing),
                    "first": min(times, default=None),
                    "last": max(times, default=None),
                },
            )


_ARROW = {
    "VARCHAR": pa.string(),
    "JSON": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
}


def _array(name: str, values: Sequence[Any], stream: Stream) -> pa.Array:
    column = stream.column(name)
    sql_type = SQL_TYPES[column.type] if column else dict(tables.SYSTEM)[name]
    return pa.array(values, _ARROW[sql_type])
