"""Small groups of rows are merged once a day.

The engine would merge them whenever it writes: each time it writes all rows of those groups again, texts included, and
an hourly run takes twice as long, for the same tables.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from warehouse.scope import utc
from warehouse.store import Warehouse

EVERY = timedelta(days=1)


def allow_if_due(warehouse: Warehouse, *, now: datetime) -> bool:
    """Let the engine merge what it writes until the warehouse is closed, if it did not within the last day.

    Returns whether it does. A clock that was set back makes it due.
    """
    row = warehouse.connection.execute("SELECT max(merged_at) FROM merges").fetchone()
    last = None if row is None or row[0] is None else utc(row[0])
    if last is not None and timedelta(0) <= utc(now) - last < EVERY:
        return False
    with warehouse.transaction() as connection:
        connection.execute("DELETE FROM merges")
        connection.execute("INSERT INTO merges VALUES ($at)", {"at": utc(now)})
    warehouse.connection.execute("RESET GLOBAL max_vacuum_tasks")
    return True
