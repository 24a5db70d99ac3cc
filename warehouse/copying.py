"""A copy of what readers look at: people's records, the snapshot and the pages, each as it is at one moment.

The warehouse itself is never copied: that would drop its writer's lock.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from warehouse import folder as folders
from warehouse import snapshot
from warehouse.people.file import FILE_NAME, store_error
from warehouse.records.errors import StoreError

WHY = "copy"
PAGES = "reports"


def copy(data: Path, to: Path, *, wait_seconds: float = 30.0) -> None:
    """Copy what readers look at into `to`, which is marked as no live folder; what is not there is left out.

    Nobody who writes is held up, and what they write meanwhile is in the copy whole or not at all.

    Raises:
        StoreError: something cannot be read or written.
    """
    folders.set_apart(to, WHY)
    try:
        if (data / FILE_NAME).exists():
            _people(data / FILE_NAME, to / FILE_NAME, wait_seconds)
        # A run puts a new file in its place; the one that was opened stays as it is.
        pages = (path for kind in ("*.html", "drift-*.json") for path in sorted((data / PAGES).glob(kind)))
        for path in (data / snapshot.FILE_NAME, *pages):
            if path.is_file() and not path.is_symlink():
                target = to / path.relative_to(data)
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(path, target)
    except OSError as error:
        raise StoreError(f"{data} could not be copied to {to}: {error.strerror or error}.") from error


def _people(file: Path, to: Path, wait_seconds: float) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=wait_seconds)) as source,
            closing(sqlite3.connect(to)) as target,
        ):
            source.backup(target)
    except sqlite3.Error as error:
        raise store_error(file, error) from error
