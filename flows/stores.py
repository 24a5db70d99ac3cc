"""Both stores of a project, opened together: events and evidence in DuckDB, people's records in SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.project import Project

if TYPE_CHECKING:
    from warehouse.people.store import People
    from warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class Stores:
    """The open stores of one run; holding them means holding the writer slot."""

    warehouse: Warehouse
    people: People


@contextmanager
def open_stores(project: Project) -> Iterator[Stores]:
    """Both stores, with the writer slot taken until the block ends.

    Raises:
        StoreBusyError: another run holds the writer slot.
        StoreError: a store cannot be opened or was written by a newer version.
    """
    from warehouse.people.store import People
    from warehouse.store import Warehouse

    with Warehouse.open(project.data) as warehouse, People.open(project.data) as people:
        yield Stores(warehouse, people)
