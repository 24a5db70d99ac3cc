"""Schemes as they are stored: written once under their digest, never changed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from warehouse.records.profiles import Scheme, from_json, to_json
from warehouse.scope import statement
from warehouse.store import Warehouse


def store(warehouse: Warehouse, schemes: Sequence[Scheme]) -> None:
    """Store those of one stream that are not there yet."""
    if not schemes:
        return
    asked = [scheme.digest for scheme in schemes]
    held = warehouse.connection.execute(
        "SELECT count(*) FROM profile_schemes WHERE scheme IN (SELECT unnest($schemes::VARCHAR[]))", {"schemes": asked}
    ).fetchone()
    if held is not None and held[0] == len(set(asked)):
        return
    values = {
        "stream": schemes[0].stream,
        "schemes": asked,
        "names": [scheme.name for scheme in schemes],
        "bodies": [json.dumps(to_json(scheme), sort_keys=True) for scheme in schemes],
    }
    with warehouse.transaction() as connection:
        connection.execute(statement("profiles_add_scheme"), values)


def stored(warehouse: Warehouse) -> list[Scheme]:
    """All stored schemes, by stream, name and digest."""
    found = warehouse.connection.execute("SELECT body FROM profile_schemes ORDER BY stream, name, scheme").fetchall()
    return [from_json(json.loads(body)) for (body,) in found]
