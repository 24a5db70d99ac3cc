"""Up to when columns were profiled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from warehouse.records.metrics import Slice
from warehouse.records.profiles import Scheme
from warehouse.scope import sliced, statement, utc
from warehouse.store import Warehouse

_LOOKS = (timedelta(days=2), timedelta(days=30), None)
"""How far back is looked, one after another; None: at everything."""


def newest(warehouse: Warehouse, schemes: Sequence[Scheme], where: Slice) -> datetime | None:
    """The start of the newest window of a slice in which rows were counted under the schemes; None for none."""
    connection, values = warehouse.connection, {"schemes": [scheme.digest for scheme in schemes], **sliced(where)}
    last = connection.execute("SELECT max(window_start) FROM profile_bins").fetchone()
    if last is None or last[0] is None:
        return None
    # The windows of a year are many, and the newest is nearly always among the last.
    for back in _LOOKS:
        since = None if back is None else utc(last[0]) - back
        row = connection.execute(statement("profiled_newest"), {**values, "since": since}).fetchone()
        if row is not None and row[0] is not None:
            return utc(row[0])
    return None
