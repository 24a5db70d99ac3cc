"""Pins: what the reference period of a gate held when it was first read. Written once, never changed."""

from __future__ import annotations

import json

from warehouse.records.evidence import Pin
from warehouse.scope import statement, utc
from warehouse.store import Warehouse


def find(warehouse: Warehouse, gate: str, config_digest: str) -> Pin | None:
    """The pin of a gate ("rollout/name") under one configuration; None when nothing was pinned yet."""
    values = {"gate": gate, "digest": config_digest}
    row = warehouse.connection.execute(statement("pins_find"), values).fetchone()
    return None if row is None else Pin(row[0], row[1], utc(row[2]), int(row[3]), json.loads(row[4]))


def add(warehouse: Warehouse, pin: Pin) -> None:
    """Store a pin; the gate must have none under that configuration."""
    values = {
        "gate": pin.gate,
        "digest": pin.config_digest,
        "at": utc(pin.pinned_at),
        "batch": pin.through_batch,
        "body": json.dumps(pin.body, sort_keys=True),
    }
    with warehouse.transaction() as connection:
        connection.execute(statement("pins_add"), values)
