"""What a doctor can ask of a lake without changing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.lake.attaching import NAME, attached
from warehouse.records.errors import StoreError
from warehouse.records.lake import LakePlace
from warehouse.store import FILE_NAME


@dataclass(frozen=True, slots=True)
class LakeHealth:
    """How far a lake is: its newest batch, and how many batches of the ledger it lacks (None while that is written)."""

    head: int
    waiting: int | None


def examine(folder: Path, place: LakePlace) -> LakeHealth | None:
    """How the lake stands against the store in `folder`; None where the store was not made yet.

    Raises:
        StoreError: the lake cannot be used, or was never made.
    """
    if not (folder / FILE_NAME).exists():
        return None
    with duckdb.connect(":memory:") as connection, attached(connection, place, read_only=True):
        try:
            found = connection.execute(f"SELECT max(batch) FROM {NAME}.gatehold_head").fetchone()
        except duckdb.CatalogException:
            raise StoreError(f"The lake at {place.path} has no tables yet; the next run makes them.") from None
    head = int(found[0]) if found and found[0] is not None else 0
    try:
        with duckdb.connect(str(folder / FILE_NAME), read_only=True) as ledger:
            waiting = ledger.execute("SELECT count(*) FROM batches WHERE batch > $head", {"head": head}).fetchone()
    except duckdb.IOException:
        return LakeHealth(head, None)
    return LakeHealth(head, int(waiting[0]) if waiting else 0)
