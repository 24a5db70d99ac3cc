"""What the checks of the data layer saw, run by run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from warehouse.records.evidence import Finding
from warehouse.scope import statement, utc
from warehouse.store import Warehouse


def record(warehouse: Warehouse, findings: Sequence[Finding], *, now: datetime) -> None:
    """Add the findings of one run, all found at `now`; an empty run adds nothing."""
    if not findings:
        return
    import pyarrow as pa

    time = pa.timestamp("us", tz="UTC")
    types = {"batch": pa.int64(), "seen_at": time}
    columns = {
        field.name: pa.array([getattr(f, field.name) for f in findings], types.get(field.name, pa.string()))
        for field in fields(Finding)
    }
    columns["found_at"] = pa.array([utc(now)] * len(findings), time)
    with warehouse.transaction() as connection:
        connection.register("found_rows", pa.table(columns))
        connection.execute(statement("evidence_findings_add"))
        connection.unregister("found_rows")


def recent(warehouse: Warehouse, *, since: datetime, limit: int) -> list[tuple[datetime, Finding]]:
    """At most `limit` findings with the time they were found at, `since` or later, newest first."""
    values = {"since": utc(since), "limit": limit}
    return _read(warehouse, "evidence_findings_recent", values)


def of_stream(warehouse: Warehouse, stream: str, *, kind: str, limit: int) -> list[tuple[datetime, Finding]]:
    """At most `limit` findings of one kind about one stream with the time they were found at, newest first."""
    return _read(warehouse, "evidence_findings_of_stream", {"stream": stream, "kind": kind, "limit": limit})


def _read(warehouse: Warehouse, query: str, values: dict[str, Any]) -> list[tuple[datetime, Finding]]:
    found = warehouse.connection.execute(statement(query), values).fetchall()
    return [(utc(row[0]), _finding(*row[1:11], None if row[11] is None else utc(row[11]))) for row in found]


def _finding(*values: Any) -> Finding:
    return Finding(*values)
