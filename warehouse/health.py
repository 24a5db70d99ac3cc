"""What a doctor can ask of the store without changing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.store import FILE_NAME, migrations


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """State of the embedded store of one data folder.

    `exists` is false before the first run. `busy` is true while another process writes; `pending` and `newest` are
    unknown (empty, None) then. `problem` is one sentence when the file cannot be read for another reason.
    """

    duckdb_version: str
    extensions: tuple[str, ...]
    exists: bool
    busy: bool
    pending: tuple[str, ...]
    problem: str | None


def examine(folder: Path) -> StoreHealth:
    """The health of the store in `folder`; opens it read-only and never makes it."""
    with duckdb.connect(":memory:") as probe:
        loaded = probe.execute("SELECT extension_name FROM duckdb_extensions() WHERE loaded ORDER BY 1").fetchall()
    extensions = tuple(name for (name,) in loaded)
    file = folder / FILE_NAME
    if not file.exists():
        return StoreHealth(duckdb.__version__, extensions, False, False, (), None)
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            done = {n for (n,) in connection.execute("SELECT number FROM schema_version").fetchall()}
    except duckdb.IOException as error:
        busy = "lock" in str(error).lower()
        return StoreHealth(duckdb.__version__, extensions, True, busy, (), None if busy else str(error).split("\n")[0])
    except duckdb.Error as error:
        return StoreHealth(duckdb.__version__, extensions, True, False, (), str(error).split("\n")[0])
    pending = tuple(name for number, name, _ in migrations() if number not in done)
    return StoreHealth(duckdb.__version__, extensions, True, False, pending, None)
