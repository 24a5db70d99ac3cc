"""The file of the people's records, before anything heavy is loaded: where it is, and what version it stands at."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from functools import cache
from importlib import resources
from pathlib import Path

from warehouse.records.errors import StoreBusyError, StoreError

FILE_NAME = "people.sqlite"
_REVISION = re.compile(r"^v(\d{4})_[a-z0-9_]+\.py$")


@cache
def revisions() -> list[str]:
    """The migrations of this version by number, in order; reads file names only, so that opening stays fast."""
    names = (entry.name for entry in resources.files("warehouse.people.migrations.versions").iterdir())
    return sorted(match.group(1) for name in names if (match := _REVISION.match(name)))


def version(path: Path, wait_seconds: float) -> str | None:
    """The migration that the file stands at; None for a file that is absent or empty.

    Raises:
        StoreBusyError: another process was writing for `wait_seconds`.
        StoreError: the file cannot be read or was written by a newer version.
    """
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path, timeout=wait_seconds)) as connection:
            row = stamp(connection)
    except sqlite3.Error as error:
        raise store_error(path, error) from error
    check_known(path, row)
    return row


def stamp(connection: sqlite3.Connection) -> str | None:
    """The migration number that an open file carries; None for an empty one."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return None if row is None else str(row[0])


def check_known(path: Path, found: str | None) -> None:
    """Refuse a file that a newer version has written.

    Raises:
        StoreError: it stands at a migration that this version does not have.
    """
    if found is not None and found not in revisions():
        raise StoreError(
            f"{path} was written by a newer version (migration {found}). "
            "Install that version or point to another data folder."
        )


def store_error(path: Path, error: BaseException | None) -> StoreError:
    """The driver's error in our words."""
    if "locked" in str(error):
        return StoreBusyError(f"Another process is writing to {path} and did not finish in time. Try again.")
    return StoreError(
        f"{path} could not be used: {error}. Is the disk full, the folder read-only, or the file not Gatehold's?"
    )
