"""Up to when columns were profiled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from warehouse.records.metrics import Slice
from warehouse.records.profiles import Scheme
from warehouse.scope import sliced, statement, utc
from warehouse.store import Warehouse


def newest(warehouse: Warehouse, schemes: Sequence[Scheme], where: Slice) -> datetime | None:
    """The start of the newest window of a slice in which rows were counted under the schemes; None for none."""
    values = {"schemes": [scheme.digest for scheme in schemes], **sliced(where)}
    row = warehouse.connection.execute(statement("profiled_newest"), values).fetchone()
    return None if row is None or row[0] is None else utc(row[0])
