"""Schemes as they are stored: written once under their digest, never changed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from warehouse.records.profiles import Scheme, from_json, to_json
from warehouse.scope import statement
from warehouse.store import Warehouse


def store(warehouse: Warehouse, schemes: Sequence[Scheme]) -> None:
    """Store those schemes that are not there yet."""
    with warehouse.transaction() as connection:
        for scheme in schemes:
            values = {
                "scheme": scheme.digest,
                "stream": scheme.stream,
                "name": scheme.name,
                "body": json.dumps(to_json(scheme), sort_keys=True),
            }
            connection.execute(statement("profiles_add_scheme"), values)


def stored(warehouse: Warehouse) -> list[Scheme]:
    """All stored schemes, by stream, name and digest."""
    found = warehouse.connection.execute("SELECT body FROM profile_schemes ORDER BY stream, name, scheme").fetchall()
    return [from_json(json.loads(body)) for (body,) in found]
