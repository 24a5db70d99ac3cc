"""When which rows were checked: without it, no finding could mean all was well or nobody looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
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


@dataclass(frozen=True, slots=True)
class KeptResult:
    """What one expectation said in one carrying out.

    `state` is "passed", "failed", "no_data" or "error". `unexpected` counts the rows that break it, `rows` those looked
    at; both are None where it counts no rows or could not be carried out.
    """

    name: str
    state: str
    severity: str
    owner: str
    observed: str
    expected: str
    unexpected: int | None
    rows: int | None


def add(warehouse: Warehouse, run: CheckRun, results: Sequence[KeptResult] = ()) -> None:
    """Remember one carrying out, and what each expectation said."""
    values = {name: getattr(run, name) for name in CheckRun.__dataclass_fields__}
    warehouse.connection.execute(statement("checks_add"), values | {"checked_at": utc(run.checked_at)})
    if not results:
        return
    import pyarrow as pa

    kinds = {"unexpected": pa.int64(), "rows": pa.int64()}
    columns = {
        field.name: pa.array([getattr(r, field.name) for r in results], kinds.get(field.name, pa.string()))
        for field in fields(KeptResult)
    }
    columns["stream"] = pa.array([run.stream] * len(results), pa.string())
    columns["last_batch"] = pa.array([run.last_batch] * len(results), pa.int64())
    columns["checked_at"] = pa.array([utc(run.checked_at)] * len(results), pa.timestamp("us", tz="UTC"))
    warehouse.connection.register("result_rows", pa.table(columns))
    warehouse.connection.execute(statement("checks_results_add"))
    warehouse.connection.unregister("result_rows")


def results(warehouse: Warehouse, run: CheckRun) -> list[KeptResult]:
    """What each expectation said in one carrying out, by name; [] for one from before results were kept."""
    values = {"stream": run.stream, "last_batch": run.last_batch, "checked_at": utc(run.checked_at)}
    return [KeptResult(*row) for row in warehouse.connection.execute(statement("checks_results_of"), values).fetchall()]


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
