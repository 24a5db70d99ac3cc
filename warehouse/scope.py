"""Where the rows of a stream lie, which of them a slice takes, and SQL files with checked names composed in."""

from __future__ import annotations

from datetime import UTC, datetime

from warehouse import sql
from warehouse.expressions import identifier
from warehouse.records.errors import UsageError
from warehouse.records.metrics import Slice
from warehouse.store import Warehouse


def events_table(warehouse: Warehouse, stream: str) -> str | None:
    """The quoted name of the stream's event table, None while the stream was never used."""
    name = identifier(f"events_{stream}")
    if name in warehouse.seen_tables:
        return name
    found = warehouse.connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = $name", {"name": name.strip('"')}
    ).fetchone()
    if found is None or not found[0]:
        return None
    if not warehouse.in_transaction:
        # Event tables are never dropped, but one made in a transaction may yet be undone with it.
        warehouse.seen_tables.add(name)
    return name


def statement(name: str, **parts: str) -> str:
    """The SQL file of that name with the slice's fragment and `parts` (checked names, compiled expressions) put in."""
    text = sql.load(name)
    for key, part in {"scope": sql.load("cells_scope"), **parts}.items():
        text = text.replace("{" + key + "}", part)
    return text


def sliced(where: Slice) -> dict[str, object]:
    """The parameters of the slice's fragment."""
    return {"rollout": where.rollout, "release": where.release, "arm": where.arm, "segment": where.segment}


def utc(moment: datetime) -> datetime:
    """The moment in UTC.

    Raises:
        UsageError: it has no time zone, so it names no moment.
    """
    if moment.tzinfo is None:
        raise UsageError(f"The time {moment.isoformat()} has no time zone. Give it one, for example UTC.")
    return moment.astimezone(UTC)
