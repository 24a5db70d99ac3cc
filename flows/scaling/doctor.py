"""What a doctor says of a lake: how each extension was found, and how far the lake is behind the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flows.project import Project
from flows.scaling import lake
from warehouse.records.errors import GateholdError

if TYPE_CHECKING:
    from flows.doctoring import Diagnosis

WAYS = {
    "package": "from an installed package",
    "folder": "from the configured folder",
    "duckdb": "by DuckDB itself",
}


def examine(project: Project) -> Iterator[Diagnosis]:
    """A diagnosis of each extension and of the lake; nothing without `storage:`. Downloads and changes nothing."""
    from flows.doctoring import Diagnosis
    from warehouse import health
    from warehouse.extensions import NEEDED, OBJECT_STORAGE

    storage = project.policy.storage
    if storage is None:
        return
    folder = (project.base / storage.extensions).absolute() if storage.extensions else None
    names = (*NEEDED, *([OBJECT_STORAGE] if storage.in_bucket else []))
    for found in health.extensions(names, folder):
        if found.loaded is None:
            yield Diagnosis(f"extension {found.name}", "warning", found.problem, "The first use tries a download.")
        else:
            where = f", {found.loaded.file}" if found.loaded.file else ""
            yield Diagnosis(f"extension {found.name}", "ok", f"{WAYS[found.loaded.way]}{where}")
    yield _lake(project, project.data)


def _lake(project: Project, data: Path) -> Diagnosis:
    from flows.doctoring import Diagnosis
    from warehouse import health

    try:
        where = lake.place(project)
        assert where is not None
        state = health.lake(data, where)
    except GateholdError as error:
        return Diagnosis("lake", "wrong", str(error), "Runs go on without it, and catch up when it is back.")
    if state is None:
        return Diagnosis("lake", "ok", f"{where.path}, not made yet: `gatehold run`")
    head, waiting = state
    if waiting:
        return Diagnosis("lake", "warning", f"{waiting} batch(es) behind the ledger", "The next run copies them.")
    return Diagnosis("lake", "ok", f"{where.path}, holds everything up to batch {head}")
