"""Publish the snapshot that readers use while a run writes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flows import retaining
from flows.project import Project
from flows.stores import Stores
from warehouse.records.storage import StreamText

if TYPE_CHECKING:
    from warehouse.records.storage import Published


def publish(project: Project, stores: Stores, *, now: datetime, fresh: bool = False) -> Published | None:
    """What publishing did; None where the stores are in memory.

    With `fresh` the snapshot is built from nothing, so that nothing of removed rows is left in it.

    Raises:
        StoreError: it cannot be written; the one before stays.
    """
    from warehouse import publishing

    asked = retaining.settings(project)
    # Text that a metric reads stays in the warehouse for as long as rows do, but it is text: it is not published.
    text = {name: StreamText(asked.texts(stream)) for name, stream in project.policy.all_streams().items()}
    return publishing.publish(stores.warehouse, asked.snapshot.record(), text, now=now, fresh=fresh)
