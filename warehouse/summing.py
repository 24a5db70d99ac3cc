"""Facts of rows summed by batch, so that nobody has to read all rows to know what there is.

Summed are the releases of rollouts with their parts, and how many rows of an hour have a value in each field. All are
written in the transaction of the rows; batches that came before are summed when the stream is next pulled.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime

import duckdb

from warehouse import release_parts
from warehouse.mapping import pointer_of
from warehouse.records.streams import Stream
from warehouse.sql import load
from warehouse.store import Warehouse
from warehouse.tables import table_of

FIELDS = 1_000
"""How many unmapped fields of a batch are counted, the most frequent ones; a log may hold a new key in every row."""

_KEYS = 100
_BITS = 60


def add(
    connection: duckdb.DuckDBPyConnection,
    stream: str,
    columns: Sequence[str],
    source: str,
    batch: int,
    span: dict[str, datetime],
    *,
    restated: bool,
    full: Set[str] | None = None,
) -> None:
    """Sum the rows that were let in as `batch`, and take away those that it closed.

    Runs inside the transaction that takes the batch in, behind its rows. `span` holds every stored row with an id of
    the file. The rows are the staged ones or, with `full`, those of the event table: it names columns that have a value
    in every row.
    """
    events = f'"{table_of(stream)}"'
    touched = [batch]
    if restated:
        touched += [row[0] for row in connection.execute(load("sums_touched")).fetchall()]
    _sum(connection, events, stream, touched)
    release_parts.add(connection, stream, columns, touched)
    seen = _seen(columns)
    if full is None:
        _count(connection, load("sums_new_rows").format(bits=seen), {"source": source}, stream, columns, batch)
    else:
        rows = load("sums_old_rows").format(bits=_seen(columns, full), events=events)
        _count(connection, rows, _among([batch]), stream, columns, batch)
    if restated:
        old = load("sums_closed_rows").format(bits=seen, events=events)
        _count(connection, old, {"closing": batch, **span}, stream, columns, batch)


def catch_up(warehouse: Warehouse, stream: Stream) -> None:
    """Sum the batches of a stream that are not summed yet; free when there are none."""
    with warehouse.transaction() as connection:
        release_parts.catch_up(connection, stream)
        found = connection.execute(load("sums_missing"), {"stream": stream.name}).fetchall()
        if not found:
            return
        missing, events = [row[0] for row in found], f'"{table_of(stream.name)}"'
        _sum(connection, events, stream.name, missing)
        rows = load("sums_old_rows").format(bits=_seen(stream.names()), events=events)
        _count(connection, rows, _among(missing), stream.name, stream.names(), None)


def _sum(connection: duckdb.DuckDBPyConnection, events: str, stream: str, batches: list[int]) -> None:
    bound = {"stream": stream, "batches": batches}
    connection.execute(load("sums_clear"), bound)
    connection.execute(load("sums_add").format(events=events), {"stream": stream, **_among(batches)})
    connection.execute(load("sums_mark"), bound)


def _among(batches: list[int]) -> dict[str, object]:
    return {"batches": batches, "first": min(batches), "last": max(batches)}


def _seen(columns: Sequence[str], full: Set[str] = frozenset()) -> str:
    """Which columns of a row have a value, as the bits of a few numbers; those of `full` need not be read for it."""
    parts = [columns[start : start + _BITS] for start in range(0, len(columns), _BITS)]
    return ", ".join(
        " + ".join(
            str(1 << bit) if name in full else f'("{name}" IS NOT NULL)::BIGINT * {1 << bit}'
            for bit, name in enumerate(part)
        )
        + f" AS _bits{number}"
        for number, part in enumerate(parts)
    )


def _count(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    bound: dict[str, object] | dict[str, datetime] | dict[str, str],
    stream: str,
    columns: Sequence[str],
    batch: int | None,
) -> None:
    found = connection.execute(load("sums_keys").format(told=rows), {**bound, "most": _KEYS + 1}).fetchall()
    keys = [key for (key,) in found] if len(found) <= _KEYS else []
    present = (
        f"{{'field': '{name}', 'present': sum(_rows) FILTER ((_bits{index // _BITS} >> {index % _BITS}) & 1 = 1)}}"
        for index, name in enumerate(columns)
    )
    bits = ", ".join(f"_bits{number}" for number in range(-(-len(columns) // _BITS)))
    sql = load("sums_fields").format(told=rows, bits=bits, columns=", ".join(present))
    connection.execute(
        sql,
        {
            **bound,
            "stream": stream,
            "batch": batch,
            "names": [*columns, "attributes"],
            "keys": keys,
            "places": ["$", *(pointer_of((key,)) for key in keys)],
            "one_by_one": len(found) > _KEYS,
            "most": FIELDS,
        },
    )
