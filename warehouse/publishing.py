"""Publishing the snapshot: a new file that grows from the one before by what is new."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse import ledger, snapshot, sql
from warehouse.records.errors import StoreError
from warehouse.records.storage import Published, SnapshotRules, StreamText
from warehouse.scope import utc
from warehouse.store import Warehouse

PRIVATE = frozenset(
    {
        "backfill_todo",
        "batches_parted",
        "batches_summed",
        "contents",
        "cursors",
        "id_runs",
        "profiled",
        "sightings",
        "summarised",
        "tombstones",
        "sealed_sessions",
        "store_salts",
        "retention_marks",
        "quarantine",
    }
)
"""Tables that stay at home; quarantine goes in bounded."""
HASHED_BELOW = 200_000
"""Rows up to which a table is known by the hashes of its rows; a larger one by sums of its whole numbers and times."""
_SUMMED = ("BIGINT", "INTEGER", "TIMESTAMP WITH TIME ZONE")


@dataclass(slots=True)
class _Tally:
    whole: int = 0
    grown: int = 0
    rows: int = 0
    marks: list[tuple[str, str, int, str]] = field(default_factory=list)


def publish(
    warehouse: Warehouse,
    rules: SnapshotRules,
    text: Mapping[str, StreamText],
    *,
    now: datetime,
    fresh: bool = False,
) -> Published | None:
    """What publishing did; None for a warehouse without a file.

    `text` says by stream which columns are raw text. The new snapshot is the one before with what is new; it is built
    from nothing when there is none that fits, when it holds four times the room it needs, or with `fresh`, which leaves
    nothing of removed rows behind.

    Raises:
        StoreError: it cannot be written; the one before stays.
    """
    if warehouse.is_in_memory:
        return None
    target = warehouse.folder / snapshot.FILE_NAME
    part = target.with_suffix(".part")
    try:
        _clear(part)
        grows = not fresh and _usable(target)
        if grows:
            shutil.copyfile(target, part)
        done = _fill(warehouse, rules, text, part, now=now)
        if part.stat().st_size > 4 * done[1] + 64_000_000:
            _clear(part)
            done = _fill(warehouse, rules, text, part, now=now)
        _settle(part)
        os.replace(part, target)
    except (duckdb.Error, OSError) as error:
        raise StoreError(
            f"The snapshot {target} could not be published: {str(error).splitlines()[0]}. "
            "The one before stays; is the disk full or the folder read-only?"
        ) from error
    tally = done[0]
    batch = ledger.newest_batch(warehouse)
    return Published(utc(now), batch, tally.whole, tally.grown, tally.rows, target.stat().st_size)


def _usable(target: Path) -> bool:
    try:
        return snapshot.state(target.parent).state == "ready"
    except OSError:
        return False


def _clear(part: Path) -> None:
    for path in (part, part.with_name(part.name + ".wal")):
        path.unlink(missing_ok=True)


def _settle(part: Path) -> None:
    """Make sure that the file is on the disk before it takes its name."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())


def _fill(
    warehouse: Warehouse, rules: SnapshotRules, text: Mapping[str, StreamText], part: Path, *, now: datetime
) -> tuple[_Tally, int]:
    """Bring the file up to date; returns what was done and the bytes that it held when it was built from nothing."""
    connection = warehouse.connection
    path = str(part.absolute()).replace("'", "''")
    connection.execute(f"ATTACH '{path}' AS published")
    try:
        with warehouse.transaction():
            before, room = _before(connection)
            tally = _Tally()
            for table, columns in _tables(connection).items():
                _take(connection, table, columns, before.get(table), tally)
            streams = _recent(connection, rules, text, now, tally)
            _quarantine(connection, rules, now, tally)
            _about(connection, warehouse, streams, tally, now, room)
        connection.execute("CHECKPOINT published")
    finally:
        connection.execute("DETACH published")
    if room:
        return tally, room
    return tally, part.stat().st_size


def _before(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, tuple[str, int, str]], int]:
    """What the file holds of each table (columns, newest row, digest of the rows), and its bytes when it was built."""
    known = "SELECT 1 FROM duckdb_tables() WHERE database_name = 'published' AND table_name = 'snapshot_about'"
    if not connection.execute(known).fetchone():
        return {}, 0
    marks = connection.execute("SELECT name, columns, newest, digest FROM published.snapshot_tables").fetchall()
    row = connection.execute("SELECT bytes FROM published.snapshot_about").fetchone()
    return {name: (columns, int(newest), digest) for name, columns, newest, digest in marks}, int(row[0]) if row else 0


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    """Every table that is published as it is, with names and types of its columns."""
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in connection.execute(sql.load("snapshot_tables")).fetchall():
        if table not in PRIVATE and not table.startswith("events_"):
            found.setdefault(table, []).append((column, kind))
    return found


def _take(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: list[tuple[str, str]],
    before: tuple[str, int, str] | None,
    tally: _Tally,
) -> None:
    """Bring one table up to date: nothing if it is as it was, its new rows if it only grew, else the whole of it."""
    form = ", ".join(f"{name} {kind}" for name, kind in columns)
    rows, newest = _one(connection, f'SELECT count(*), coalesce(max(rowid), -1) FROM "{table}"')
    digest = _digest(connection, table, columns, rows, newest)
    known = before if before is not None and before[0] == form else None
    if known is None or newest < known[1] or _digest(connection, table, columns, rows, known[1]) != known[2]:
        connection.execute(f'CREATE OR REPLACE TABLE published."{table}" AS SELECT * FROM "{table}"')
        tally.whole += 1
        tally.rows += rows
    elif newest > known[1]:
        grown = f'INSERT INTO published."{table}" SELECT * FROM "{table}" WHERE rowid > {known[1]}'
        tally.rows += _one(connection, grown)[0]
        tally.grown += 1
    tally.marks.append((table, form, newest, digest))


def _digest(
    connection: duckdb.DuckDBPyConnection, table: str, columns: list[tuple[str, str]], rows: int, through: int
) -> str:
    """What the rows up to a row number come to; other rows give another text (of a large table, other numbers do)."""
    if rows <= HASHED_BELOW:
        # Lists and structures take long to hash, and no table changes one without changing what stands beside it.
        plain = ", ".join(f'"{name}"' for name, kind in columns if not kind.endswith(("[]", ")")))
        sums = ["hashes", f"sum(hash({plain}))"]
    else:
        sums = ["sums", *(_sum(name, kind) for name, kind in columns if kind in _SUMMED)]
    asked = ", ".join(["count(*)", *sums[1:]])
    row = _one(connection, f'SELECT {asked} FROM "{table}" WHERE rowid <= {through}')
    return f"{sums[0]}: {row}"


def _sum(name: str, kind: str) -> str:
    return f'sum(epoch_us("{name}") % 1000003)' if kind.startswith("TIMESTAMP") else f'sum("{name}")'


def _recent(
    connection: duckdb.DuckDBPyConnection,
    rules: SnapshotRules,
    text: Mapping[str, StreamText],
    now: datetime,
    tally: _Tally,
) -> list[str]:
    """Newest rows of every stream, current revisions, without raw text unless it is asked for; names of the streams."""
    streams = []
    bound = {"since": utc(now) - rules.rows, "most": rules.most_rows}
    for table, columns in _event_tables(connection).items():
        stream = table.removeprefix("events_")
        hidden = {"digest"} if rules.text else {"digest", "attributes", *text.get(stream, StreamText()).columns}
        shown = ", ".join(f'"{name}"' for name in columns if name not in hidden)
        made = f'published."recent_{stream}"'
        connection.execute(f'CREATE OR REPLACE TABLE {made} AS SELECT {shown} FROM "{table}" WITH NO DATA')
        statement = sql.load("snapshot_recent").format(recent=made, events=f'"{table}"', columns=shown)
        tally.rows += _one(connection, statement, bound)[0]
        streams.append(stream)
    return streams


def _event_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column, _ in connection.execute(sql.load("snapshot_tables")).fetchall():
        if table.startswith("events_"):
            found.setdefault(table, []).append(column)
    return found


def _quarantine(connection: duckdb.DuckDBPyConnection, rules: SnapshotRules, now: datetime, tally: _Tally) -> None:
    connection.execute("CREATE OR REPLACE TABLE published.quarantine AS SELECT * FROM quarantine WITH NO DATA")
    bound = {"since": utc(now) - rules.quarantine, "most": rules.most_rows, "text": rules.text}
    tally.rows += _one(connection, sql.load("snapshot_quarantine"), bound)[0]


def _about(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    streams: Sequence[str],
    tally: _Tally,
    now: datetime,
    room: int,
) -> None:
    connection.execute(sql.load("snapshot_about"))
    connection.execute(
        "INSERT INTO published.snapshot_about VALUES ($format, $as_of, $batch, $streams, $bytes)",
        {
            "format": snapshot.FORMAT,
            "as_of": utc(now),
            "batch": ledger.newest_batch(warehouse),
            "streams": list(streams),
            "bytes": room,
        },
    )
    names, forms, newest, digests = (list(part) for part in zip(*tally.marks, strict=True))
    marks = {"names": names, "forms": forms, "newest": newest, "digests": digests}
    connection.execute(sql.load("snapshot_marks"), marks)


def _one(connection: duckdb.DuckDBPyConnection, statement: str, bound: dict[str, Any] | None = None) -> tuple[Any, ...]:
    row = connection.execute(statement, bound or {}).fetchone()
    assert row is not None
    return tuple(row)
