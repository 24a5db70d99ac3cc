"""The file of the people's records: SQLite in WAL mode, one writer at a time, readers at any time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from warehouse import folder as folders
from warehouse.people.file import FILE_NAME, revisions, store_error, version
from warehouse.records.errors import StoreBusyError

__all__ = ["FILE_NAME", "People", "revisions"]

_WRITES = "gatehold_writes"


class People:
    """The open people's records; use it as a context manager so that the file is let go."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        """Wrap an engine; callers use `open`."""
        self.engine = engine
        self.folder = folder

    @classmethod
    def open(cls, folder: Path, *, wait_seconds: float = 30.0) -> People:
        """The people's records in `folder` (made if absent), migrated to this version.

        `wait_seconds` is how long this and every later write waits for another process that is writing.

        Raises:
            StoreBusyError: another process was migrating or writing for `wait_seconds`.
            StoreError: the file cannot be opened or was written by a newer version.
        """
        folders.make(folder)
        path = folder / FILE_NAME
        if version(path, wait_seconds) != revisions()[-1]:
            _migrate(path, wait_seconds)
        return cls(_engine(path, wait_seconds), folder)

    def close(self) -> None:
        """Let the file go; safe to call twice."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        """Return the open records."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one unchanging state; it never waits for a writer and no writer waits for it."""
        with _translated(self.folder), Session(self.engine) as session, session.begin():
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that holds the one writer's place from its first moment; all of it is kept, or nothing.

        Raises:
            StoreBusyError: another process was writing for as long as this store waits.
        """
        engine = self.engine.execution_options(**{_WRITES: True})
        with _translated(self.folder), Session(engine) as session, session.begin():
            # A session begins at its first statement; the place must be taken before anything is looked up.
            session.connection()
            yield session


def _migrate(path: Path, wait_seconds: float) -> None:
    """Bring the file to this version in one transaction; of several processes the first does it."""
    from alembic import command
    from alembic.config import Config

    try:
        with FileLock(path.with_suffix(".lock"), timeout=wait_seconds):
            if version(path, wait_seconds) == revisions()[-1]:
                return
            with closing(sqlite3.connect(path, timeout=wait_seconds)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            engine = _engine(path, wait_seconds)
            try:
                with _translated(path.parent), engine.execution_options(**{_WRITES: True}).begin() as connection:
                    config = Config(attributes={"connection": connection})
                    config.set_main_option("script_location", "warehouse.people:migrations")
                    command.upgrade(config, "head")
            finally:
                engine.dispose()
    except Timeout as error:
        raise StoreBusyError(
            f"Another process is preparing {path} (waited {wait_seconds:g} s). Wait for it to end and try again."
        ) from error
    except (sqlite3.Error, OSError) as error:
        raise store_error(path, error) from error


def _engine(path: Path, wait_seconds: float) -> Engine:
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": wait_seconds}, hide_parameters=True)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes late and never takes the writer's place; `_begin` says it instead.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    # A decision that was handed out must not be lost when the power fails.
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        # Only the driver's own words: the statement and its values are nobody's business.
        raise store_error(folder / FILE_NAME, error.orig) from None
