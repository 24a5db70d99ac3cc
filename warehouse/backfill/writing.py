"""The one writer of a backfill: the deltas of some pairs of metric and batch, with their marks, in one transaction."""

from __future__ import annotations

from warehouse.backfill.reading import TABLES, Deltas
from warehouse.scope import statement
from warehouse.store import Warehouse


def write(warehouse: Warehouse, deltas: Deltas, *, again: bool) -> None:
    """Keep the deltas and mark their pairs as summarised; `again` takes what was kept of them before away first.

    All of it is kept or nothing.
    """
    digests = [metric.digest for metric in deltas.metrics]
    pairs = {"digests": digests, "batches": list(deltas.batches)}
    with warehouse.transaction() as connection:
        for table in TABLES:
            if again:
                connection.execute(statement("backfill_forget", table=table), pairs)
            if deltas.tables[table].num_rows:
                connection.register("backfilled", deltas.tables[table])
                try:
                    connection.execute(f"INSERT INTO {table} BY NAME FROM backfilled")
                finally:
                    connection.unregister("backfilled")
        connection.execute(statement("backfill_mark"), {**pairs, "names": [m.name for m in deltas.metrics]})
        if again:
            connection.execute(statement("backfill_forget", table="backfill_todo"), pairs)
