"""A warehouse that goes through its own history again: at any moment it holds what was known then, and nothing else.

It is made from a copy and lives in a folder of its own; the live warehouse is read once and never written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from warehouse.backfill.surveying import known_at
from warehouse.expressions import identifier
from warehouse.folder import set_apart
from warehouse.scope import statement, utc
from warehouse.store import FILE_NAME, Warehouse
from warehouse.tables import table_of

_BY_BATCH = ("batches", "window_counts", "quarantine", "cells", "units", "bins", "summarised")
_BY_TIME = {"polls": "polled_at", "check_runs": "checked_at", "findings": "found_at", "self_tests": "tested_at"}
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def copy(warehouse: Warehouse, folder: Path) -> Path:
    """The file of a copy of all that a warehouse holds, in a folder that is made; the warehouse is only read."""
    folder.mkdir(parents=True)
    path = folder / FILE_NAME
    connection = warehouse.connection
    found = connection.execute("SELECT current_database()").fetchone()
    assert found is not None
    connection.execute(f"ATTACH {_quoted(str(path))} AS copied")
    try:
        connection.execute(f'COPY FROM DATABASE "{found[0].replace(chr(34), chr(34) * 2)}" TO copied')
    finally:
        connection.execute("DETACH copied")
    return path


class Rewound:
    """A warehouse that begins empty and is moved forward in time; `warehouse` is it, as anything may read and write it.

    Evidence, pins and standings begin empty, since they follow from what is judged, not from what came in; so do sums
    of rows by batch, which stand in for rows that do not change any more.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        """Wrap a warehouse that has the copy attached as `history`; callers use `rewound`."""
        self.warehouse = warehouse
        self._at = _NEVER
        self._batch = 0
        found = warehouse.connection.execute(statement("rewind_tables")).fetchall()
        for table in (identifier(name) for (name,) in found):
            warehouse.connection.execute(f"CREATE TABLE IF NOT EXISTS {table} AS FROM history.{table} LIMIT 0")

    def began(self) -> datetime | None:
        """When the first batch of the history came in; None if none ever did."""
        found = self.warehouse.connection.execute("SELECT min(arrived_at) FROM history.batches").fetchone()
        return utc(found[0]) if found and found[0] is not None else None

    def advance(self, at: datetime) -> int:
        """Let in all that had come in up to a moment; the newest batch known now. Time only goes forward."""
        through = known_at(self.warehouse, at, batches="history.batches")
        with self.warehouse.transaction() as connection:
            values = {"after": self._batch, "through": through}
            for table in _BY_BATCH:
                connection.execute(statement("rewind_batches", table=table), values)
            for table, column in _BY_TIME.items():
                moments = {"after": self._at, "through": utc(at)}
                connection.execute(statement("rewind_times", table=table, column=column), moments)
            streams = [s for (s,) in connection.execute(statement("rewind_streams"), values).fetchall()]
            for stream in streams:
                self._events(stream, values)
        self._at, self._batch = max(self._at, utc(at)), max(self._batch, through)
        return self._batch

    def _events(self, stream: str, values: dict[str, int]) -> None:
        table = identifier(table_of(stream))
        connection = self.warehouse.connection
        connection.execute(statement("rewind_close", table=table), values)
        connection.execute(statement("rewind_events", table=table), values)


@contextmanager
def rewound(copied: Path, folder: Path) -> Iterator[Rewound]:
    """An empty warehouse in `folder` that goes through the history of a copy; the copy is only read."""
    set_apart(folder, "replay")
    with Warehouse.open(folder) as warehouse:
        warehouse.connection.execute(f"ATTACH {_quoted(str(copied))} AS history (READ_ONLY)")
        yield Rewound(warehouse)


def _quoted(text: str) -> str:
    """A text as SQL; the engine takes no parameter for the name of a file."""
    return "'" + text.replace("'", "''") + "'"
