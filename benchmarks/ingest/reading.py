"""A whole exactly-once ingest against the bare typed read of the same files into a table of the same engine."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.ingest import rows
from benchmarks.timing import Timed, in_turn, stopwatch
from warehouse.ingest import pull
from warehouse.store import Warehouse
from warehouse.tables import table_of

NOW = rows.BEGIN + timedelta(days=3650)
_SAME = "count(*), sum(strlen(prompt)), sum(strlen(response)), sum(latency_ms * 10)::BIGINT, count(DISTINCT {id})"


def compare(folder: Path, name: str, rounds: int, *, warm: bool = True) -> Timed:
    """Seconds of ``ours`` and ``bare`` over the files that match `name`, both into a file of their own each time.

    Opening the empty stores does not count; what is written to the disk until they are closed does. Raises
    AssertionError when the two do not hold the same.
    """

    def ours() -> float:
        place = folder / "ours"
        shutil.rmtree(place, ignore_errors=True)
        warehouse = Warehouse.open(place)

        def work() -> None:
            report = pull(warehouse, rows.source(name), rows.STREAM, now=NOW, window_seconds=3600, base=folder)
            assert report.degraded is None, report.degraded
            warehouse.close()

        return stopwatch(work)

    def bare() -> float:
        place = folder / "bare.duckdb"
        place.unlink(missing_ok=True)
        connection = duckdb.connect(str(place))
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")

        def work() -> None:
            connection.execute(_read(folder / name))
            connection.close()

        return stopwatch(work)

    timed = in_turn({"ours": ours, "bare": bare}, rounds, warm=warm)
    assert _sums(folder / "ours" / "warehouse.duckdb", table_of(rows.STREAM.name), "event_id") == _sums(
        folder / "bare.duckdb", "logs", "id"
    )
    return timed


def _read(path: Path) -> str:
    return (
        f"CREATE TABLE logs AS SELECT * FROM read_json('{path}', columns = {rows.TYPED}, format = 'newline_delimited')"
    )


def _sums(path: Path, table: str, identifier: str) -> Any:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(f'SELECT {_SAME.format(id=identifier)} FROM "{table}"').fetchone()
