"""The embedded store: one DuckDB file, one writer at a time, numbered migrations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
from filelock import FileLock, Timeout

from warehouse import folder as folders
from warehouse.records.errors import StoreBusyError, StoreError

FILE_NAME = folders.WAREHOUSE_FILE
_MIGRATION = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


class Warehouse:
    """An open warehouse; use it as a context manager so that the writer slot is given back."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, lock: FileLock | None) -> None:
        """Wrap an open connection; callers use `open` or `in_memory`."""
        self.connection = connection
        self.folder = folder
        self.seen_tables: set[str] = set()
        self._lock = lock
        self._depth = 0

    @classmethod
    def open(cls, folder: Path, *, wait_seconds: float = 30.0, memory_limit: str | None = None) -> Warehouse:
        """The warehouse in `folder` (made if absent), migrated to this version, with the writer slot taken.

        Raises:
            StoreBusyError: another process held the slot for `wait_seconds`.
            StoreError: the file cannot be opened or was written by a newer version.
        """
        folders.make(folder)
        lock = FileLock(folder / "writer.lock")
        try:
            lock.acquire(timeout=wait_seconds)
        except Timeout as error:
            raise StoreBusyError(
                f"Another process is writing to {folder} (waited {wait_seconds:g} s). "
                "Wait for it to end, or stop it, and try again."
            ) from error
        except OSError as error:
            raise StoreError(
                f"{folder} cannot be written: {error.strerror}. Is the disk full, or the folder read-only?"
            ) from error
        try:
            connection = duckdb.connect(str(folder / FILE_NAME))
        except duckdb.Error as error:
            lock.release()
            raise StoreError(
                f"{folder / FILE_NAME} cannot be opened: {error}. "
                "Is it open in another program, or not a DuckDB 1.5 file?"
            ) from error
        warehouse = cls(connection, folder, lock)
        try:
            warehouse._prepare(memory_limit)
        except BaseException:
            warehouse.close()
            raise
        return warehouse

    @classmethod
    def in_memory(cls, folder: Path) -> Warehouse:
        """A warehouse without a file, for tests and for trying a policy; `folder` takes what would lie beside it."""
        warehouse = cls(duckdb.connect(":memory:"), folder, None)
        warehouse._prepare(None)
        return warehouse

    def close(self) -> None:
        """Close the file and give the writer slot back; safe to call twice."""
        self.connection.close()
        if self._lock is not None:
            self._lock.release()

    def reopen(self, memory_limit: str | None = None) -> None:
        """Open the file again after it was replaced, with the writer slot still held.

        Raises:
            StoreError: the file was written by a newer version.
        """
        self.connection = duckdb.connect(str(self.folder / FILE_NAME))
        self._prepare(memory_limit)

    def __enter__(self) -> Self:
        """Return the open warehouse."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The connection inside a transaction: all of it is kept or, after an exception, nothing. Nested ones join."""
        if self._depth:
            self._depth += 1
            try:
                yield self.connection
            finally:
                self._depth -= 1
            return
        self.connection.execute("BEGIN TRANSACTION")
        self._depth = 1
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        else:
            self.connection.execute("COMMIT")
        finally:
            self._depth = 0

    @property
    def in_transaction(self) -> bool:
        """True inside a `transaction` block."""
        return self._depth > 0

    @property
    def is_in_memory(self) -> bool:
        """True for a warehouse without a file of its own."""
        return self._lock is None

    def cursor_factory(self) -> Callable[[], Any]:
        """A maker of further connections to the same open database, for libraries that bring their own SQL."""
        return self.connection.cursor

    def _prepare(self, memory_limit: str | None) -> None:
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute("SET enable_progress_bar = false")
        # Merging small groups of rows waits for its hour (warehouse/merging.py).
        self.connection.execute("SET GLOBAL max_vacuum_tasks = 0")
        if memory_limit is not None:
            self.connection.execute("SET memory_limit = ?", [memory_limit])
        migrate(self)


def migrations() -> list[tuple[int, str, str]]:
    """All migrations of this version as (number, file name, SQL), in order."""
    found = []
    for entry in resources.files("warehouse.migrations").iterdir():
        if match := _MIGRATION.match(entry.name):
            found.append((int(match.group(1)), entry.name, entry.read_text(encoding="utf-8")))
    return sorted(found)


def pending(warehouse: Warehouse) -> list[str]:
    """File names of migrations that this store has not seen yet, in order; reads only."""
    done = _applied(warehouse)
    return [name for number, name, _ in migrations() if number not in done]


def migrate(warehouse: Warehouse) -> list[str]:
    """Apply pending migrations, each in one transaction with its own record; returns their file names.

    Raises:
        StoreError: the store holds a migration that this version does not know.
    """
    known = {number for number, _, _ in migrations()}
    done = _applied(warehouse)
    if unknown := sorted(done - known):
        raise StoreError(
            f"The warehouse in {warehouse.folder} was written by a newer version (migration {unknown[0]:04d}). "
            "Install that version or point to another data folder."
        )
    applied = []
    for number, name, sql in migrations():
        if number in done:
            continue
        with warehouse.transaction() as connection:
            connection.execute(sql)
            connection.execute("INSERT INTO schema_version VALUES (?, ?)", [number, name])
        applied.append(name)
    return applied


def _applied(warehouse: Warehouse) -> set[int]:
    warehouse.connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version (number INTEGER PRIMARY KEY, name VARCHAR NOT NULL)"
    )
    return {row[0] for row in warehouse.connection.execute("SELECT number FROM schema_version").fetchall()}
