"""Event tables: one per stream, made from its declaration and extended when the declaration grows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from warehouse import sql
from warehouse.casting import SQL_TYPES
from warehouse.records.errors import StoreError, UsageError
from warehouse.records.streams import COMMON, Stream
from warehouse.store import Warehouse

IDENTIFIER = re.compile(r"^[a-z][a-z0-9_]{0,62}$")

SYSTEM: tuple[tuple[str, str], ...] = (
    ("attributes", "JSON"),
    ("arrived_at", "TIMESTAMPTZ"),
    ("batch", "BIGINT"),
    ("position", "BIGINT"),
    ("source", "VARCHAR"),
    ("revision", "INTEGER"),
    ("closed_by", "BIGINT"),
    ("digest", "VARCHAR"),
)
"""Columns that ingest adds to every event table, with their types; a stream cannot use these names."""


def table_of(stream: str) -> str:
    """The name of the event table of a stream.

    Raises:
        UsageError: the stream's name is not an identifier.
    """
    _check_name("stream", stream)
    return f"events_{stream}"


def columns_of(stream: Stream) -> list[tuple[str, str]]:
    """All columns of the stream's event table as (name, SQL type): common ones, its own, then those of ingest.

    Raises:
        UsageError: a name is not an identifier, stands twice, or is taken by ingest.
    """
    columns = [(c.name, SQL_TYPES[c.type]) for c in (*COMMON, *stream.columns)]
    seen = {name for name, _ in SYSTEM}
    for name, _ in columns:
        _check_name("column", name)
        if name in seen:
            raise UsageError(
                f"Column {name!r} of stream {stream.name!r} is taken: it stands twice or belongs to every event table. "
                "Give it another name."
            )
        seen.add(name)
    return [*columns, *SYSTEM]


def tables_with(warehouse: Warehouse, column: str) -> list[str]:
    """Names of the event tables that have the column as one of their stream's own or common ones."""
    return [
        table
        for table, name, _ in warehouse.connection.execute(sql.load("snapshot_tables")).fetchall()
        if table.startswith("events_") and name == column and name not in dict(SYSTEM)
    ]


def ensure(warehouse: Warehouse, stream: Stream) -> None:
    """Make the event table of `stream`, or add the columns that it does not have yet.

    Columns that the declaration no longer names stay in the table with what they hold.

    Raises:
        StoreError: the table holds a column under another type.
        UsageError: a name of the declaration cannot be used.
    """
    table, wanted = table_of(stream.name), columns_of(stream)
    with warehouse.transaction() as connection:
        found = dict(
            connection.execute(
                "SELECT column_name, data_type FROM duckdb_columns() "
                "WHERE table_name = $table AND database_name = current_database() ORDER BY column_index",
                {"table": table},
            ).fetchall()
        )
        if not found:
            connection.execute(f'CREATE TABLE "{table}" ({_declared(wanted)})')
            return
        for name, sql_type in wanted:
            if name not in found:
                connection.execute(f'ALTER TABLE "{table}" ADD COLUMN "{name}" {sql_type}')
            elif _plain(found[name]) != _plain(sql_type):
                raise StoreError(
                    f"Column {name!r} of stream {stream.name!r} is declared as {sql_type}, but the warehouse holds it "
                    f"as {found[name]}. Give the column a new name, or start a new data folder."
                )


def _declared(columns: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f'"{name}" {sql_type}' for name, sql_type in columns)


def _plain(sql_type: str) -> str:
    return "TIMESTAMPTZ" if sql_type == "TIMESTAMP WITH TIME ZONE" else sql_type


def _check_name(kind: str, name: str) -> None:
    if not IDENTIFIER.match(name):
        raise UsageError(
            f"{name!r} cannot name a {kind}: use lower-case letters, digits and _, a letter first, at most 63 in all."
        )
