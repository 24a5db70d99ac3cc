"""Making the lake like the embedded file again: after an erasure, after text was removed, or after damage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from warehouse import sql
from warehouse.lake import comparing, copying, tables, tidying
from warehouse.lake.attaching import NAME, attached
from warehouse.lake.retrying import retried
from warehouse.records.errors import StoreError
from warehouse.records.lake import Difference, LakePlace
from warehouse.store import Warehouse

RETENTION_EVERY = timedelta(days=1)
"""How long the lake may keep what retention has taken out of the embedded file."""


def mend(warehouse: Warehouse, place: LakePlace, *, now: datetime) -> list[Difference]:
    """The batches that differed and are alike now; what the embedded file forgot is gone from the lake's files too.

    Batches that the lake does not have yet are left to `copying.copy`. Readers of the lake's past lose it: older
    snapshots go, since they hold what was forgotten.

    Raises:
        StoreError: the lake cannot be used; nothing was changed.
    """
    with attached(warehouse.connection, place):
        changed = retried(warehouse, place, lambda: _rewrite(warehouse, now))
        if changed:
            tidying.forget(warehouse, place)
    return changed


def mend_if_owed(warehouse: Warehouse, place: LakePlace, *, now: datetime) -> list[Difference]:
    """As `mend`, if the embedded file has forgotten something since: at once after an erasure, daily after retention.

    Comparing reads the whole lake, which is too much for each hour in which retention takes the next few rows.

    Raises:
        StoreError: the lake cannot be used; it is owed until it can.
    """
    with attached(warehouse.connection, place):
        owed = retried(warehouse, place, lambda: _is_owed(warehouse, now))
    return mend(warehouse, place, now=now) if owed else []


def _is_owed(warehouse: Warehouse, now: datetime) -> bool:
    tables.prepare(warehouse)
    erasures, removals = tables.forgotten(warehouse)
    found = warehouse.connection.execute(f"SELECT erasures, removals, mended_at FROM {NAME}.gatehold_head").fetchone()
    if found is None or found[0] != erasures:
        return True
    return bool(found[1] != removals and (found[2] is None or now - found[2] >= RETENTION_EVERY))


def _rewrite(warehouse: Warehouse, now: datetime) -> list[Difference]:
    head = tables.prepare(warehouse)
    changed: list[Difference] = []
    for stream in tables.streams(warehouse):
        tables.ensure(warehouse, stream)
        found = comparing.of_stream(warehouse, stream, 1, head, head=head)
        if found:
            _replace(warehouse, stream, [each.batch for each in found], head, now)
            changed += found
    values = dict(zip(("erasures", "removals"), tables.forgotten(warehouse), strict=True))
    warehouse.connection.execute(sql.load("lake_follow"), {**values, "now": now})
    return changed


def _replace(warehouse: Warehouse, stream: str, batches: Sequence[int], head: int, now: datetime) -> None:
    connection = warehouse.connection
    for table in (tables.events_of(stream), tables.closings_of(stream)):
        connection.execute(
            f"DELETE FROM {NAME}.{table} WHERE list_contains($batches::BIGINT[], batch)", {"batches": list(batches)}
        )
    connection.execute(
        f"DELETE FROM {NAME}.gatehold_batches WHERE stream = $stream AND list_contains($batches::BIGINT[], batch)",
        {"batches": list(batches), "stream": stream},
    )
    span: dict[str, object] = {"first": batches[0], "last": batches[-1], "batches": list(batches)}
    connection.execute(tables.statement("lake_add_events", stream), span)
    connection.execute(tables.statement("lake_renew_closings", stream), {"batches": list(batches), "head": head})
    copying.note(warehouse, stream, batches, now)
    if comparing.of_stream(warehouse, stream, batches[0], batches[-1], head=head):
        raise StoreError(
            f"Stream {stream} does not read back from the lake as it was written. Nothing was changed; look at the "
            "storage and try again."
        )
