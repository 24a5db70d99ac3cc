"""The published snapshot: a small file beside the warehouse that anybody may read at any moment.

While a process writes, no other one can open the warehouse, not even to read. So a run ends by writing what people
look at into a new file and putting it in the place of the one before in one step; whoever has the old one open goes on
reading it. Nothing is ever copied from the file of the warehouse itself: a copy would drop the writer's lock.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from warehouse.records.errors import StoreError, UsageError
from warehouse.records.storage import SnapshotState
from warehouse.scope import utc
from warehouse.store import Warehouse
from warehouse.tables import IDENTIFIER

FILE_NAME = "snapshot.duckdb"
FORMAT = 2
"""Goes up when a reader of an older version would misread the file."""
ADVICE = "`gatehold run` publishes a new one."


class Snapshot:
    """An open snapshot; use it as a context manager so that the file is let go.

    `as_of` is the time of the run that published it, `batch` the newest batch known then; both never change while it
    is open. `view` can be given to everything that reads cells, evidence, ledger, findings and history; of the rows
    of a stream there are only recent ones (`rows`), so whatever reads event tables fails on it.
    """

    def __init__(self, view: Warehouse, as_of: datetime, batch: int) -> None:
        """Wrap an open view; callers use `open`."""
        self.view = view
        self.as_of = as_of
        self.batch = batch

    @classmethod
    def open(cls, folder: Path) -> Snapshot:
        """The snapshot of a data folder, open for reading; never waits for a writer and no writer waits for it.

        Raises:
            StoreError: there is none, it cannot be read, or another version published it; says which, and what to do.
        """
        found = _open(folder)
        if isinstance(found, SnapshotState):
            raise StoreError(f"{found.detail} {ADVICE}")
        return found

    def rows(self, stream: str, *, limit: int = 100) -> list[dict[str, Any]]:
        """The newest rows of a stream that the snapshot holds, newest first; [] for a stream without recent rows.

        Raises:
            UsageError: `stream` is not a name of a stream.
        """
        if not IDENTIFIER.match(stream):
            raise UsageError(f"{stream!r} is not a name of a stream.")
        known = "SELECT 1 FROM duckdb_tables() WHERE table_name = $name AND database_name = current_database()"
        if not self.view.connection.execute(known, {"name": f"recent_{stream}"}).fetchone():
            return []
        sql = f'SELECT * FROM "recent_{stream}" ORDER BY occurred_at DESC, event_id LIMIT $limit'
        result = self.view.connection.execute(sql, {"limit": limit})
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        self.view.close()

    def __enter__(self) -> Self:
        """Return the open snapshot."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def identity(folder: Path) -> tuple[int, int, int] | None:
    """What tells the published file from every other one that was or will be there; None while there is none."""
    try:
        found = os.stat(folder / FILE_NAME)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def state(folder: Path) -> SnapshotState:
    """Whether the folder's snapshot can be read, and of when it is."""
    found = _open(folder)
    if isinstance(found, SnapshotState):
        return found
    with found:
        size = (folder / FILE_NAME).stat().st_size
        return SnapshotState("ready", f"As of {found.as_of.isoformat()}.", found.as_of, found.batch, size)


def _open(folder: Path) -> Snapshot | SnapshotState:
    path = folder / FILE_NAME
    if not path.exists():
        return SnapshotState("missing", f"There is no snapshot in {folder}.")
    # An engine of its own: one that has the file before this one open would go on showing that.
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{_quoted(path)}' AS published (READ_ONLY)")
        connection.execute("USE published")
        about = connection.execute("SELECT format, as_of, batch, streams FROM snapshot_about").fetchone()
    except duckdb.Error as error:
        connection.close()
        reason = str(error).splitlines()[0]
        return SnapshotState("broken", f"The snapshot {path} cannot be read: {reason.rstrip('.')}.")
    if about is None or about[0] != FORMAT:
        connection.close()
        return SnapshotState("other_version", f"The snapshot {path} was published by another version.")
    view = Warehouse(connection, folder, None)
    # Known to be there, so that a reader of whole streams fails instead of finding nothing.
    view.seen_tables |= {f'"events_{stream}"' for stream in about[3]}
    return Snapshot(view, utc(about[1]), int(about[2]))


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("'", "''")
