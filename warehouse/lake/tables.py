"""The lake's own tables: one of events and one of closings per stream, and what it knows of itself."""

from __future__ import annotations

import duckdb

from warehouse import sql
from warehouse.expressions import identifier
from warehouse.lake.attaching import NAME
from warehouse.records.errors import StoreError
from warehouse.store import Warehouse

CLOSING_COLUMNS = "batch BIGINT, position BIGINT, closed_by BIGINT, occurred_at TIMESTAMPTZ"
BY_DAY = "(year(occurred_at), month(occurred_at), day(occurred_at))"


def events_of(stream: str) -> str:
    """The quoted name of the stream's event table, the same in the embedded file and in the lake."""
    return identifier(f"events_{stream}")


def closings_of(stream: str) -> str:
    """The quoted name of the lake's table of superseded rows of the stream."""
    return identifier(f"closings_{stream}")


def statement(name: str, stream: str, **parts: str) -> str:
    """The SQL file of that name for one stream, with further checked parts composed in."""
    text = sql.load(name)
    for key, part in {**parts, "events": events_of(stream), "closings": closings_of(stream)}.items():
        text = text.replace("{" + key + "}", part)
    return text


def streams(warehouse: Warehouse) -> list[str]:
    """The streams that have an event table in the embedded file, by name."""
    found = warehouse.connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() "
        "AND starts_with(table_name, 'events_') ORDER BY 1"
    ).fetchall()
    return [str(name).removeprefix("events_") for (name,) in found]


def columns(connection: duckdb.DuckDBPyConnection, database: str | None, table: str) -> dict[str, str]:
    """The columns of a table with their types, in order; empty when there is none. `database` None: the embedded."""
    found = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $table "
        "AND database_name = coalesce($database, current_database()) ORDER BY column_index",
        {"table": table, "database": database},
    ).fetchall()
    return dict(found)


def ensure(warehouse: Warehouse, stream: str) -> None:
    """Make the lake's tables of a stream, or add the columns that its event table got since.

    Raises:
        StoreError: a column changed its type.
    """
    connection = warehouse.connection
    table = events_of(stream)
    wanted = columns(connection, None, table.strip('"'))
    wanted.pop("closed_by")
    found = columns(connection, NAME, table.strip('"'))
    if not found:
        declared = ", ".join(f"{identifier(name)} {sql_type}" for name, sql_type in wanted.items())
        connection.execute(f"CREATE TABLE {NAME}.{table} ({declared})")
        connection.execute(f"ALTER TABLE {NAME}.{table} SET PARTITIONED BY {BY_DAY}")
        connection.execute(f"CREATE TABLE {NAME}.{closings_of(stream)} ({CLOSING_COLUMNS})")
        return
    for name, sql_type in wanted.items():
        if name not in found:
            connection.execute(f"ALTER TABLE {NAME}.{table} ADD COLUMN {identifier(name)} {sql_type}")
        elif found[name].upper() != sql_type.upper():
            raise StoreError(
                f"Column {name} of stream {stream} is {sql_type} in the warehouse and {found[name]} in the lake. "
                "Give the changed column another name, or point the lake at an empty path and catalog."
            )


def prepare(warehouse: Warehouse) -> int:
    """The newest batch of the lake, 0 for a new one; makes what it knows of itself.

    Raises:
        StoreError: the lake was filled from another warehouse.
    """
    connection = warehouse.connection
    connection.execute(sql.load("lake_control"))
    head = connection.execute(f"SELECT max(batch) FROM {NAME}.gatehold_head").fetchone()
    if head is None or head[0] is None:
        # A new lake never held what is forgotten already.
        values = dict(zip(("erasures", "removals"), forgotten(warehouse), strict=True))
        connection.execute(f"INSERT INTO {NAME}.gatehold_head VALUES (0, NULL, $erasures, $removals, NULL)", values)
        return 0
    stranger = connection.execute(sql.load("lake_strangers")).fetchone()
    if stranger is not None and stranger[0] is not None:
        raise StoreError(
            f"The lake holds batch {stranger[0]} of another warehouse. Give each data folder a lake of its own: "
            "another path and another catalog database."
        )
    return int(head[0])


def forgotten(warehouse: Warehouse) -> tuple[int, int]:
    """How many erasures, and how many removals of rows or text by retention, the embedded file has seen."""
    found = warehouse.connection.execute(sql.load("lake_forgotten")).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 0)
