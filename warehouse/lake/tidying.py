"""Keeping the lake's files few, and removing for good what it no longer holds."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from warehouse.lake.attaching import NAME, attached, without_secrets
from warehouse.records.errors import StoreError
from warehouse.records.lake import LakePlace
from warehouse.store import Warehouse

KEEP = timedelta(days=1)
"""How long a reader may go on with the state that it began with."""


def tidy(warehouse: Warehouse, place: LakePlace, *, now: datetime, keep: timedelta = KEEP) -> int:
    """The number of files removed: small files become one per day, and states older than `keep` go.

    Raises:
        StoreError: the lake cannot be used.
    """
    with attached(warehouse.connection, place):
        return _tidy(warehouse, place, now - keep)


def forget(warehouse: Warehouse, place: LakePlace) -> int:
    """The number of files removed: nothing is left in any file but what the lake holds now. Needs it attached."""
    return _tidy(warehouse, place, None)


def _tidy(warehouse: Warehouse, place: LakePlace, before: datetime | None) -> int:
    connection = warehouse.connection
    bound = "now() + INTERVAL 1 SECOND" if before is None else "$before::TIMESTAMPTZ"
    values = {} if before is None else {"before": before}
    removed = "cleanup_all => true" if before is None else f"older_than => {bound}"
    try:
        connection.execute(f"CALL ducklake_rewrite_data_files('{NAME}', delete_threshold => 0)").fetchall()
        connection.execute(f"CALL ducklake_merge_adjacent_files('{NAME}')").fetchall()
        connection.execute(f"CALL ducklake_expire_snapshots('{NAME}', older_than => {bound})", values).fetchall()
        return len(connection.execute(f"CALL ducklake_cleanup_old_files('{NAME}', {removed})", values).fetchall())
    except duckdb.Error as error:
        raise StoreError(f"The lake could not be tidied: {without_secrets(str(error), place)}.") from None
