"""Comparing the lake with the embedded file, batch by batch: the same number of rows and the same content."""

from __future__ import annotations

from warehouse.expressions import identifier
from warehouse.lake import tables
from warehouse.lake.attaching import attached
from warehouse.records.lake import Difference, LakePlace
from warehouse.store import Warehouse


def compare(warehouse: Warehouse, place: LakePlace) -> list[Difference]:
    """Every batch that the lake does not hold as the embedded file does, by stream and batch; none: they are alike.

    Every column of every row is read on both sides.

    Raises:
        StoreError: the lake cannot be used, or belongs to another warehouse.
    """
    with attached(warehouse.connection, place), warehouse.transaction():
        head = tables.prepare(warehouse)
        found: list[Difference] = []
        for stream in tables.streams(warehouse):
            tables.ensure(warehouse, stream)
            found += of_stream(warehouse, stream, 1, head, head=head)
        return found + _waiting(warehouse, head)


def of_stream(warehouse: Warehouse, stream: str, first: int, last: int, *, head: int) -> list[Difference]:
    """The batches from `first` to `last` of one stream that differ, as far as batch `head` knows."""
    names = tables.columns(warehouse.connection, None, tables.events_of(stream).strip('"'))
    listed = ", ".join(identifier(name) for name in names if name != "closed_by")
    text = tables.statement("lake_differences", stream, rows=tables.statement("lake_rows", stream), columns=listed)
    found = warehouse.connection.execute(text, {"first": first, "last": last, "head": head}).fetchall()
    return [Difference(int(batch), stream, "differs", int(ours), int(theirs)) for batch, ours, theirs in found]


def _waiting(warehouse: Warehouse, head: int) -> list[Difference]:
    found = warehouse.connection.execute(
        "SELECT batch, stream, accepted + restated FROM batches WHERE batch > $head ORDER BY batch", {"head": head}
    ).fetchall()
    return [Difference(int(batch), stream, "waiting", int(rows), 0) for batch, stream, rows in found]
