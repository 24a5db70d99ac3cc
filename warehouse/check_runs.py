"""When which rows were checked: without it, no finding could mean all was well or nobody looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from warehouse.scope import statement, utc
from warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One carrying out of a suite over the rows of some batches of one stream, with the number of each outcome."""

    stream: str
    first_batch: int
    last_batch: int
    checked_at: datetime
    passed: int
    failed: int
    errored: int
    no_data: int


def add(warehouse: Warehouse, run: CheckRun) -> None:
    """Remember one carrying out."""
    values = {name: getattr(run, name) for name in CheckRun.__dataclass_fields__}
    warehouse.connection.execute(statement("checks_add"), values | {"checked_at": utc(run.checked_at)})


def since(warehouse: Warehouse, *, since: datetime, until: datetime) -> dict[str, int]:
    """How often each stream's new rows were checked in (since, until]; streams that were not are left out."""
    values = {"since": utc(since), "until": utc(until)}
    return dict(warehouse.connection.execute(statement("checks_since"), values).fetchall())


def through(warehouse: Warehouse, stream: str) -> int:
    """The newest batch of the stream whose rows were checked; 0 before the first."""
    found = warehouse.connection.execute(statement("checks_through"), {"stream": stream}).fetchone()
    return int(found[0]) if found else 0


def recent(warehouse: Warehouse, stream: str, *, limit: int) -> list[CheckRun]:
    """At most `limit` carryings out over new rows of the stream, newest first."""
    found = warehouse.connection.execute(statement("checks_recent"), {"stream": stream, "most": limit}).fetchall()
    return [CheckRun(name, first, last, utc(at), *counts) for name, first, last, at, *counts in found]
