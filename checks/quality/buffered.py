"""A SQLAlchemy engine over an open DuckDB database whose results outlive the connection that made them.

Great Expectations closes its connection before it reads the rows, and DuckDB drops a pending result when the
transaction ends ("list index out of range"). Here every result is read into memory as soon as the statement has run;
the statements of Great Expectations return aggregates or a bounded sample, so that is little.

Imported only by the adapter, inside a function: it loads SQLAlchemy and DuckDB.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from duckdb_engine import ConnectionWrapper, CursorWrapper, Dialect
from sqlalchemy import Engine, create_engine, text, types
from sqlalchemy.dialects import registry
from sqlalchemy.pool import StaticPool

_COLUMNS = text("SELECT name, type FROM pragma_table_info(:table)")
registry.register("duckdb.gatehold", __name__, "BufferedDialect")


class BufferedCursor(CursorWrapper):
    """A cursor that holds the rows of its last statement itself."""

    def __init__(self, raw: Any, connection: BufferedConnection) -> None:
        """Start without a result."""
        super().__init__(raw, connection)
        self._raw = raw
        self._rows: list[tuple[Any, ...]] = []
        self._next = 0
        self.description: Any = None
        self.rowcount = -1

    def execute(self, statement: str, parameters: tuple[Any, ...] | None = None, context: Any = None) -> None:
        """Run the statement and read its whole result."""
        super().execute(statement, parameters, context)
        self.description = self._raw.description
        self._rows = self._raw.fetchall() if self.description else []
        self._next = 0

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """The next `size` rows (one, unless told), fewer at the end."""
        rows = self._rows[self._next : self._next + (1 if size is None else size)]
        self._next += len(rows)
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, None at the end."""
        return next(iter(self.fetchmany(1)), None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows not yet read."""
        return self.fetchmany(len(self._rows))


class BufferedConnection(ConnectionWrapper):
    """A connection whose cursors buffer and whose transactions cannot write."""

    def __init__(self, raw: Any) -> None:
        """Wrap a DuckDB connection, which is closed with this one."""
        super().__init__(raw)
        self._raw = raw

    def cursor(self) -> BufferedCursor:
        """A buffering cursor."""
        return BufferedCursor(self._raw, self)

    def begin(self) -> None:
        """Begin a transaction in which the warehouse cannot be changed, whatever SQL an expectation brings."""
        self._raw.execute("BEGIN TRANSACTION READ ONLY")


class BufferedDialect(Dialect):
    """The DuckDB dialect with columns under the type names DuckDB itself uses, temporary views included.

    The reflection it replaces reads DuckDB's imitation of PostgreSQL's catalogue: that knows neither temporary views
    nor JSON, and calls DOUBLE a float.
    """

    supports_statement_cache = False

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> list[Any]:
        """Name, type and nothing more of each column."""
        rows = connection.execute(_COLUMNS, {"table": str(table_name)})
        return [{"name": name, "type": column_type(kind), "nullable": True, "default": None} for name, kind in rows]

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """No primary key: a view has none."""
        return {"constrained_columns": [], "name": None}


def column_type(name: str) -> Any:
    """A SQLAlchemy type whose class carries DuckDB's name, derived from the standard type of that name if any."""
    standard = getattr(types, name.split("(")[0].split(" ")[0], types.NullType)
    base = standard if isinstance(standard, type) and issubclass(standard, types.TypeEngine) else types.NullType
    return type(name, (base,), {})()


def engine(connect: Callable[[], Any]) -> Engine:
    """An engine that asks `connect` for one connection when it is first needed; `dispose` closes it.

    Between two statements the connection is rolled back, so each statement has a transaction of its own.
    """
    return create_engine("duckdb+gatehold://", creator=lambda: BufferedConnection(connect()), poolclass=StaticPool)
