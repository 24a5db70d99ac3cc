"""Where the ids of stored rows are to be found: an index of ids beside the store, so that history costs nothing.

A file's ids are looked up in sorted runs of keys (half of the MD5 of an id), each with the day of its row. An id in no
run is new; for the others the days say which part of the event table has to be read, also where a row was moved to
another day. Runs are files that never change; which of them count is written in the transaction of the rows, so that
a crash leaves at worst a file that is in no list, and it is removed. An entry too many costs a look into its day; one
too few cannot be: a list that holds fewer entries than there are rows is made anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from warehouse.sql import load

FOLDER = "ids"

SMALL = 1_000_000
"""Up to how many rows an event table is searched as it is, without an index."""

_FEW = 65_536
_TIER = 4
_SLICE = 1_000_000

Keys = npt.NDArray[np.uint64]
Days = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Index:
    """The runs of one stream: files in `folder` with how many ids each holds."""

    folder: Path
    stream: str
    runs: tuple[tuple[str, int], ...]


def opened(connection: duckdb.DuckDBPyConnection, folder: Path, stream: str, events: str) -> Index | None:
    """The index of a stream, made anew where it does not hold every row; None where the table is small or in memory.

    Runs inside a transaction. `events` is the quoted name of the event table.
    """
    (rows, path) = _one(connection, load("ids_size").format(events=events))
    if rows <= SMALL or path is None:
        return None
    place = folder / FOLDER
    place.mkdir(exist_ok=True)
    listed = connection.execute("SELECT file, ids FROM id_runs WHERE stream = $stream", {"stream": stream}).fetchall()
    index = Index(place, stream, tuple(listed))
    _clear(index)
    if sum(ids for _, ids in listed) >= rows and all(_is_whole(place, file, ids) for file, ids in listed):
        return index
    return _made_anew(connection, index, events)


def days(index: Index, keys: Keys) -> tuple[int, int] | None:
    """The first and the last day (since 1970-01-01 UTC) of stored rows with one of the keys; None without one.

    `keys` are sorted.
    """
    found: list[int] = []
    for file, ids in index.runs:
        known, of_day = _read(index.folder, file, ids)
        first = np.searchsorted(known, keys)
        hits = np.flatnonzero(known[np.minimum(first, ids - 1)] == keys)
        if not len(hits):
            continue
        start, end = first[hits], np.searchsorted(known, keys[hits], side="right")
        # An id that was restated stands there more than once.
        places = np.concatenate([start, *(np.arange(a + 1, b) for a, b in zip(start, end, strict=True) if b > a + 1)])
        found += [int(of_day[places].min()), int(of_day[places].max())]
    return (min(found), max(found)) if found else None


def add(connection: duckdb.DuckDBPyConnection, index: Index, batch: int, keys: Keys, of_day: Days) -> None:
    """Note sorted keys with their days as rows of `batch`; small runs become one."""
    if not len(keys):
        return
    size, left = len(keys), list(index.runs)
    merged: list[tuple[str, int]] = []
    while len(alike := [run for run in left if _level(run[1]) <= _level(size)]) >= _TIER - 1:
        left = [run for run in left if run not in alike]
        merged += alike
        size += sum(ids for _, ids in alike)
    name = f"{index.stream}-{batch}"
    parts = [(keys, of_day), *(_read(index.folder, file, ids) for file, ids in merged)]
    _write(index.folder, name, _together(parts) if merged else iter([(keys, of_day)]))
    for file, _ in merged:
        connection.execute(
            "DELETE FROM id_runs WHERE stream = $stream AND file = $file", {"stream": index.stream, "file": file}
        )
    connection.execute("INSERT INTO id_runs VALUES ($stream, $file, $ids)", _entry(index, name, size))


def _made_anew(connection: duckdb.DuckDBPyConnection, index: Index, events: str) -> Index:
    connection.execute("DELETE FROM id_runs WHERE stream = $stream", {"stream": index.stream})
    name = f"{index.stream}-0-{os.urandom(4).hex()}"
    result = connection.execute(load("ids_of_all").format(events=events))

    def parts() -> Iterator[tuple[Keys, Days]]:
        for batch in result.to_arrow_reader(_SLICE):
            yield batch.column(0).to_numpy(zero_copy_only=False), batch.column(1).to_numpy(zero_copy_only=False)

    ids = _write(index.folder, name, parts())
    connection.execute("INSERT INTO id_runs VALUES ($stream, $file, $ids)", _entry(index, name, ids))
    return Index(index.folder, index.stream, ((name, ids),))


def _together(parts: Sequence[tuple[Keys, Days]]) -> Iterator[tuple[Keys, Days]]:
    """Sorted runs as one, slice by slice, so that no run has to fit into memory."""
    longest = max((keys for keys, _ in parts), key=len)
    bounds = [*longest[_SLICE::_SLICE], None]
    starts = [0] * len(parts)
    for bound in bounds:
        ends = [len(keys) if bound is None else int(np.searchsorted(keys, bound)) for keys, _ in parts]
        cut = [slice(start, end) for start, end in zip(starts, ends, strict=True)]
        keys = np.concatenate([part[0][one] for part, one in zip(parts, cut, strict=True)])
        of_day = np.concatenate([part[1][one] for part, one in zip(parts, cut, strict=True)])
        order = np.argsort(keys, kind="stable")
        yield keys[order], of_day[order]
        starts = ends


def _write(folder: Path, name: str, parts: Iterator[tuple[Keys, Days]]) -> int:
    """Write a run, safe on the disk before it is listed; returns how many ids it holds."""
    count = 0
    with (folder / f"{name}.keys").open("wb") as keys, (folder / f"{name}.days").open("wb") as of_day:
        for some_keys, some_days in parts:
            keys.write(np.ascontiguousarray(some_keys, "<u8").tobytes())
            of_day.write(np.ascontiguousarray(some_days, "<i4").tobytes())
            count += len(some_keys)
        for file in (keys, of_day):
            file.flush()
            os.fsync(file.fileno())
    return count


def _read(folder: Path, file: str, ids: int) -> tuple[Keys, Days]:
    return (
        np.memmap(folder / f"{file}.keys", "<u8", "r", shape=(ids,)),
        np.memmap(folder / f"{file}.days", "<i4", "r", shape=(ids,)),
    )


def _is_whole(folder: Path, file: str, ids: int) -> bool:
    sizes = {f"{file}.keys": 8 * ids, f"{file}.days": 4 * ids}
    return all((folder / name).is_file() and (folder / name).stat().st_size == size for name, size in sizes.items())


def _clear(index: Index) -> None:
    """Remove the stream's files that are in no list: of transactions that were undone, and runs that became others."""
    listed = {file for file, _ in index.runs}
    for path in index.folder.glob(f"{index.stream}-*"):
        if path.stem not in listed:
            path.unlink(missing_ok=True)


def _level(ids: int) -> int:
    level = 0
    while ids > _FEW:
        ids //= _TIER
        level += 1
    return level


def _entry(index: Index, name: str, ids: int) -> dict[str, object]:
    return {"stream": index.stream, "file": name, "ids": ids}


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, str | None]:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0]), row[1]
