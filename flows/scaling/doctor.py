"""What a doctor says of a lake: how each extension was found, and how far the lake is behind the ledger."""

from __future__ import annotations

from collections.abc import Iterator
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
    from warehouse import extensions

    storage = project.policy.storage
    if storage is None:
        return
    folder = (project.base / storage.extensions).absolute() if storage.extensions else None
    names = (*extensions.NEEDED, *([extensions.OBJECT_STORAGE] if storage.in_bucket else []))
    for found in extensions.examine(names, folder):
        if found.loaded is None:
            yield Diagnosis(f"extension {found.name}", "warning", found.problem, "The first use tries a download.")
        else:
            where = f", {found.loaded.file}" if found.loaded.file else ""
            yield Diagnosis(f"extension {found.name}", "ok", f"{WAYS[found.loaded.way]}{where}")
    yield _lake(project)


def _lake(project: Project) -> Diagnosis:
    from flows.doctoring import Diagnosis
    from warehouse.lake import health

    try:
        where = lake.place(project)
        assert where is not None
        state = health.examine(project.data, where)
    except GateholdError as error:
        return Diagnosis(
            "lake", "wrong", str(error), "Runs go on without it, and copy what is missing when it is back."
        )
    if state is None:
        return Diagnosis("lake", "ok", f"{where.path}, not made yet: `gatehold run`")
    if state.waiting is None:
        return Diagnosis("lake", "ok", f"{where.path}, holds everything up to batch {state.head}; a run is writing now")
    if state.waiting:
        return Diagnosis("lake", "warning", f"{state.waiting} batch(es) behind the ledger", "The next run copies them.")
    return Diagnosis("lake", "ok", f"{where.path}, holds everything up to batch {state.head}")
