"""What takes how much room, and writing the file anew so that nothing of what was removed is left in it.

The engine frees blocks of rows that were removed and uses them again, but neither shrinks the file by much nor wipes
them: what stood there can be read from the file until it is written over. Only a new file has nothing of it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from warehouse import known_ids, retention, snapshot, sql
from warehouse.expressions import identifier
from warehouse.people.file import FILE_NAME as PEOPLE_FILE
from warehouse.records.errors import StoreError
from warehouse.records.storage import Month, Rewriting, StorageReport, Stored, StreamText
from warehouse.scope import utc
from warehouse.store import FILE_NAME, Warehouse

FREE_SHARE = 0.25
"""Share of unused blocks from which writing the file anew is worth it."""
FREE_BYTES = 16_000_000
"""Unused bytes below which it is not."""
_GROUPS = {
    "evidence": (
        "epochs",
        "evidence",
        "pins",
        "self_tests",
        "standings",
        "verdicts",
        "check_runs",
        "check_results",
        "findings",
    ),
    "quarantine": ("quarantine",),
}


def compact(warehouse: Warehouse, *, now: datetime, force: bool = False) -> Rewriting | None:
    """What writing the file anew did; None when little of it is unused, or the warehouse has no file.

    `force` writes it anew in any case. The new file takes the place of the old one in one step, under the writer slot;
    a crash leaves the old one.

    Raises:
        StoreError: there is no room for a second file, or it cannot be written; the old one stays.
    """
    if warehouse.is_in_memory:
        return None
    connection = warehouse.connection
    connection.execute("CHECKPOINT")
    size, free = _blocks(connection)
    if not force and (free < FREE_BYTES or free < FREE_SHARE * size):
        return None
    path = warehouse.folder / FILE_NAME
    before = path.stat().st_size
    if shutil.disk_usage(warehouse.folder).free < (size - free) * 1.2:
        raise StoreError(
            f"Writing {path} anew needs about {size - free:,} bytes more on its disk for a moment. "
            "Make room and try again."
        )
    part = path.with_suffix(".part")
    try:
        _write(connection, path, part)
        _swap(warehouse, path, part)
    except (duckdb.Error, OSError) as error:
        raise StoreError(
            f"{path} could not be written anew: {str(error).splitlines()[0]}. The old file stays."
        ) from error
    done = Rewriting(before, path.stat().st_size)
    _forget_ids(warehouse)
    with warehouse.transaction() as opened:
        opened.execute("INSERT INTO rewritings VALUES ($at, $before, $after)", {"at": utc(now), **_sizes(done)})
    return done


def sweep(warehouse: Warehouse) -> None:
    """Remove what a process that died left of a second file: it may hold what was to be removed."""
    if not warehouse.is_in_memory:
        _clear((warehouse.folder / FILE_NAME).with_suffix(".part"))


def text_waiting_since(warehouse: Warehouse) -> datetime | None:
    """When text or rows were first removed that may still stand in unused parts of the file; None: nothing waits."""
    row = warehouse.connection.execute(sql.load("storage_waiting")).fetchone()
    return utc(row[0]) if row and row[0] is not None else None


def is_due(warehouse: Warehouse, rewrite_after: timedelta, *, now: datetime) -> bool:
    """Whether removed text has waited for `rewrite_after` in unused parts of the file."""
    since = text_waiting_since(warehouse)
    return since is not None and utc(now) - since >= rewrite_after


def report(warehouse: Warehouse, text: dict[str, StreamText], *, reports: Path) -> StorageReport:
    """Sizes of everything stored; `text` says by stream what is raw text, `reports` is the folder of pages."""
    connection = warehouse.connection
    connection.execute("CHECKPOINT")
    _, free = _blocks(connection)
    stored = [Stored("free", "unused blocks of the warehouse", None, free)]
    months: list[Month] = []
    for table, columns in _columns(connection).items():
        rows = _count(connection, table)
        room = _room(connection, table)
        if not table.startswith("events_"):
            stored.append(Stored(_group(table, columns), table, rows, sum(room.values())))
            continue
        stream = table.removeprefix("events_")
        raw = {*text.get(stream, StreamText()).columns, "attributes"}
        texts = sum(taken for name, taken in room.items() if name in raw)
        narrow = sum(room.values()) - texts
        stored.append(Stored("events", f"{stream}: raw text", rows, texts))
        stored.append(Stored("events", f"{stream}: all other columns", rows, narrow))
        months += _months(connection, stream, rows, texts, narrow)
    stored += _files(warehouse.folder, reports)
    return StorageReport(
        stored=tuple(sorted(stored, key=lambda item: (-item.bytes, item.name))),
        months=tuple(months),
        total=_on_disk(warehouse.folder / FILE_NAME) + sum(item.bytes for item in stored if item.group == "files"),
        free=free,
        removals=tuple(retention.removals(warehouse)),
        erasures=_count(connection, "erasures"),
        text_waiting_since=text_waiting_since(warehouse),
    )


def _forget_ids(warehouse: Warehouse) -> None:
    """Drop the index of ids of streams that lost rows: it holds digests of theirs, and ingest makes it anew."""
    with warehouse.transaction() as connection:
        connection.execute("DELETE FROM id_runs WHERE stream IN (SELECT stream FROM removed_rows)")
        listed = {file for (file,) in connection.execute("SELECT file FROM id_runs").fetchall()}
    for path in (warehouse.folder / known_ids.FOLDER).glob("*"):
        if path.stem not in listed:
            path.unlink(missing_ok=True)


def _sizes(done: Rewriting) -> dict[str, int]:
    return {"before": done.before, "after": done.after}


def _write(connection: duckdb.DuckDBPyConnection, path: Path, part: Path) -> None:
    _clear(part)
    row = connection.execute("SELECT current_database()").fetchone()
    assert row is not None
    target = str(part.absolute()).replace("'", "''")
    connection.execute(f"ATTACH '{target}' AS rewritten")
    try:
        connection.execute(f'COPY FROM DATABASE "{row[0]}" TO rewritten')
        connection.execute("CHECKPOINT rewritten")
    finally:
        connection.execute("DETACH rewritten")


def _clear(part: Path) -> None:
    for old in (part, part.with_name(part.name + ".wal")):
        old.unlink(missing_ok=True)


def _swap(warehouse: Warehouse, path: Path, part: Path) -> None:
    """Close the old file, put the new one in its place, and open that."""
    row = warehouse.connection.execute("SELECT current_setting('memory_limit')").fetchone()
    warehouse.connection.close()
    try:
        if path.with_name(path.name + ".wal").exists():
            raise StoreError(f"{path} was not closed in full; it is kept as it is. Run again.")
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        warehouse.reopen(str(row[0]) if row else None)


def _blocks(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Bytes of the file's blocks, and of those that hold nothing."""
    row = connection.execute(sql.load("storage_blocks")).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column, _ in connection.execute(sql.load("snapshot_tables")).fetchall():
        found.setdefault(table, []).append(column)
    return found


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {identifier(table)}").fetchone()
    return int(row[0]) if row else 0


def _room(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    """Bytes that the columns of a table take in the file; a block that columns share counts in equal parts."""
    return dict(connection.execute(sql.load("storage_room"), {"table": table}).fetchall())


def _group(table: str, columns: Sequence[str]) -> Any:
    if group := next((name for name, tables in _GROUPS.items() if table in tables), None):
        return group
    return "summaries" if retention.summary_time(table, columns) or "metric_digest" in columns else "ledger"


def _months(connection: duckdb.DuckDBPyConnection, stream: str, rows: int, texts: int, narrow: int) -> list[Month]:
    statement = sql.load("storage_months").format(events=identifier(f"events_{stream}"))
    return [
        Month(stream, month, count, texts * count // rows, narrow * count // rows)
        for month, count in connection.execute(statement).fetchall()
    ]


def _files(folder: Path, reports: Path) -> list[Stored]:
    people = sum(_on_disk(path) for path in folder.glob(f"{PEOPLE_FILE}*"))
    pages = sum(path.stat().st_size for path in reports.rglob("*") if path.is_file()) if reports.is_dir() else 0
    return [
        Stored("files", "snapshot", None, _on_disk(folder / snapshot.FILE_NAME)),
        Stored("files", "people's records", None, people),
        Stored("files", "reports", None, pages),
    ]


def _on_disk(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
