"""Extensions of DuckDB: found in an installed package, in a configured folder, or by DuckDB itself, in this order.

Where nothing can be downloaded an extension package (`duckdb-extension-ducklake`) brings the file; it loads only in the
DuckDB version that it was built for.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal as OneOf

import duckdb

from warehouse.records.errors import StoreError

NEEDED = ("ducklake", "postgres_scanner")
"""What a lake with a PostgreSQL catalog needs."""
OBJECT_STORAGE = "httpfs"
"""What a lake in object storage needs beside them."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How one extension was loaded: from an installed package, the configured folder, or by DuckDB itself.

    `file` is None where DuckDB found it.
    """

    name: str
    way: OneOf["package", "folder", "duckdb"]
    file: Path | None


def load(
    connection: duckdb.DuckDBPyConnection, name: str, *, folder: Path | None = None, install: bool = True
) -> Loaded:
    """How the extension was loaded into `connection`; one that is loaded already is loaded again at no cost.

    `folder` holds extension files (`<name>.duckdb_extension`), by itself or as DuckDB lays its own folder out.
    `install` False downloads nothing: DuckDB then only takes what it has installed before.

    Raises:
        StoreError: no way works; it says why each did not, and what to do.
    """
    reasons: list[str] = []
    for way, file in _files(name, folder, reasons):
        try:
            connection.execute(f"LOAD {_text(str(file))}")
        except duckdb.Error as error:
            reasons.append(f"{file} does not load ({_first_line(error)})")
        else:
            return Loaded(name, way, file)
    try:
        if install:
            connection.execute(f"INSTALL {name}")
        connection.execute(f"LOAD {name}")
    except duckdb.Error as error:
        reasons.append(f"DuckDB {'could not install' if install else 'has not installed'} it ({_first_line(error)})")
    else:
        return Loaded(name, "duckdb", None)
    raise StoreError(
        f"The DuckDB extension {name} cannot be loaded: {'; '.join(reasons)}. "
        f"Install {package_of(name)}=={duckdb.__version__}, or put {name}.duckdb_extension into a folder and name it "
        'under "storage: extensions:".'
    )


def package_of(name: str) -> str:
    """The name of the package that brings the extension."""
    return f"duckdb-extension-{name.replace('_', '-')}"


def _files(name: str, folder: Path | None, reasons: list[str]) -> Iterator[tuple[OneOf["package", "folder"], Path]]:
    """The files to try, in order; `reasons` hears why a way has none."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    places = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    there = [found for place in places for found in sorted(place.rglob(f"{name}.duckdb_extension"))]
    fitting = [file for file in there if f"v{duckdb.__version__}" in file.parts]
    if not spec:
        reasons.append(f"the package {package_of(name)} is not installed")
    elif not fitting:
        held = ", ".join(sorted({file.parent.name for file in there})) or "nothing"
        reasons.append(f"the package {package_of(name)} is for {held}, and this DuckDB is v{duckdb.__version__}")
    yield from (("package", file) for file in fitting)
    if folder is None:
        reasons.append("no folder of extensions is configured")
        return
    inside = [folder / f"{name}.duckdb_extension"]
    inside += sorted((folder / f"v{duckdb.__version__}").glob(f"*/{name}.duckdb_extension"))
    held_here = [file for file in inside if file.is_file()]
    if not held_here:
        reasons.append(f"{folder} has no {name}.duckdb_extension")
    yield from (("folder", file) for file in held_here)


def _text(value: str) -> str:
    """The value as a text in SQL, for statements that take no parameters."""
    return "'" + value.replace("'", "''") + "'"


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")


@dataclass(frozen=True, slots=True)
class Examined:
    """Whether an extension can be loaded without a download: how, or (`loaded` None) why not."""

    name: str
    loaded: Loaded | None
    problem: str = ""


def examine(names: Iterable[str], folder: Path | None = None) -> list[Examined]:
    """How each extension would be loaded on this machine; downloads and keeps nothing."""
    found = []
    for name in names:
        with duckdb.connect(":memory:") as probe:
            try:
                found.append(Examined(name, load(probe, name, folder=folder, install=False)))
            except StoreError as error:
                found.append(Examined(name, None, str(error)))
    return found
