"""The rows that new batches brought, as a view for libraries that bring their own SQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from warehouse import sql
from warehouse.records.errors import UsageError
from warehouse.store import Warehouse

VIEW = "new_rows"
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,53}$")


@dataclass(frozen=True, slots=True)
class NewRows:
    """A maker of connections on which `view` shows the rows of some batches; whoever opens one closes it."""

    connect: Callable[[], Any]
    view: str


def new_rows(warehouse: Warehouse, stream: str, batch: int, through: int | None = None) -> NewRows:
    """The committed rows that batches `batch` to `through` brought to `stream`, in the revision that held after them.

    `through` is `batch` itself when it is left out.

    The view is temporary: it belongs to each connection alone, so nothing is written to the warehouse and nothing is
    left behind. A further connection sees committed rows only: ask after the batch's transaction has ended. A batch
    that brought nothing gives an empty view.

    Raises:
        UsageError: `stream` is not a name of a stream, or has no rows yet.
    """
    if not _NAME.match(stream):
        raise UsageError(f"Stream {stream!r} is not a name: lower-case letters, digits and underscores, letter first.")
    view = sql.load("new_rows_view").replace("events_stream", f"events_{stream}")
    found = warehouse.connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = $table", {"table": f"events_{stream}"}
    ).fetchone()
    if found is None or not found[0]:
        raise UsageError(f"Stream {stream!r} has no rows in this warehouse yet; ingest a source of it first.")
    opened = warehouse.cursor_factory()

    def connect() -> Any:
        connection = opened()
        connection.execute("SET VARIABLE first_checked = $batch", {"batch": batch})
        connection.execute("SET VARIABLE last_checked = $batch", {"batch": batch if through is None else through})
        connection.execute(view)
        return connection

    return NewRows(connect, VIEW)
