"""Transactions of the lake that another process crossed: done again from the start, not patched up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import duckdb

from warehouse.lake.attaching import without_secrets
from warehouse.records.errors import StoreError
from warehouse.records.lake import LakePlace
from warehouse.store import Warehouse

TRIES = 8
FIRST_WAIT = 0.05

T = TypeVar("T")


def retried(warehouse: Warehouse, place: LakePlace, work: Callable[[], T]) -> T:
    """What `work` gave inside a transaction that committed; after a conflict all of it is done again, at most 8 times.

    Raises:
        StoreError: the engine or the storage failed, or every try met a conflict; nothing is kept.
    """
    for attempt in range(TRIES):
        try:
            with warehouse.transaction():
                return work()
        except duckdb.Error as error:
            if not _crossed(error):
                raise StoreError(f"The lake could not be written: {without_secrets(str(error), place)}.") from None
        time.sleep(FIRST_WAIT * 2**attempt)
    raise StoreError(
        f"The lake could not be written: in {TRIES} tries another process changed it at the same time. "
        "Let one process write to a lake, and run again."
    )


def _crossed(error: duckdb.Error) -> bool:
    """True when another transaction came first, so that the same work can succeed on what it left."""
    text = str(error).lower()
    return "conflict" in text or "could not serialize" in text or "retry count" in text or "already exists" in text
