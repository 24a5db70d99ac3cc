"""Both stores of a project, opened together: events and evidence in DuckDB, people's records in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.project import Project
from warehouse.records.errors import StoreBusyError

if TYPE_CHECKING:
    from warehouse.people.store import People
    from warehouse.store import Warehouse

AT_ONCE = 1.0
"""Seconds that a run waits before it says that it waits."""
PATIENCE = 30.0
"""Seconds that a run waits for another one to end."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The open stores of one run; holding them means holding the writer slot."""

    warehouse: Warehouse
    people: People


@contextmanager
def open_stores(project: Project, *, say: Callable[[str], None] | None = None) -> Iterator[Stores]:
    """Both stores, with the writer slot taken until the block ends; `say` hears when it has to be waited for.

    Raises:
        StoreBusyError: another run holds the writer slot.
        StoreError: a store cannot be opened or was written by a newer version.
    """
    from warehouse.people.store import People

    with _warehouse(project.data, say) as warehouse, People.open(project.data) as people:
        yield Stores(warehouse, people)


def _warehouse(folder: Path, say: Callable[[str], None] | None) -> Warehouse:
    from warehouse.store import Warehouse

    try:
        return Warehouse.open(folder, wait_seconds=AT_ONCE)
    except StoreBusyError:
        if say is not None:
            say(f"Another run is writing; waiting up to {PATIENCE:g} s for it to end")
        return Warehouse.open(folder, wait_seconds=PATIENCE)
