"""What a reference holds, as far as schemes have to know it: sizes, and some of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from warehouse.expressions import identifier
from warehouse.records.metrics import Slice
from warehouse.records.streams import Stream
from warehouse.scope import events_table, sliced, statement, utc
from warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class Held:
    """A column of the reference: `rows` have a value, `distinct` different ones (estimated), `sample` are some of them.

    `sample` is a numpy array of the values of at most about 100,000 rows; missing ones are left out.
    """

    column: str
    rows: int
    distinct: int
    sample: Any


def held(
    warehouse: Warehouse,
    stream: Stream,
    columns: Sequence[str],
    where: Slice,
    start: datetime,
    end: datetime,
    *,
    most: int = 100_000,
) -> list[Held]:
    """The columns of a slice's current rows that occurred within [start, end); the same again from the same rows."""
    events = events_table(warehouse, stream.name)
    if events is None:
        import numpy

        return [Held(name, 0, 0, numpy.array([])) for name in columns]
    span: dict[str, Any] = {"start": utc(start), "end": utc(end), **sliced(where)}
    rows = statement("profiles_span", events=events)
    names = [identifier(name) for name in columns]
    parts = "".join(f", approx_count_distinct({name}), count({name})" for name in names)
    sizes = warehouse.connection.execute(statement("profiles_size", columns=parts, rows=rows), span).fetchone()
    assert sizes is not None
    span["every"] = max(1, -(-int(sizes[0]) // most))
    chosen = ", ".join(f"{_read(stream, name)} AS {identifier(name)}" for name in columns)
    sample = warehouse.connection.execute(statement("profiles_sample", columns=chosen, rows=rows), span).fetchnumpy()
    return [
        Held(name, int(sizes[2 + 2 * i]), int(sizes[1 + 2 * i]), _present(sample[name]))
        for i, name in enumerate(columns)
    ]


def present(warehouse: Warehouse, stream: Stream, columns: Sequence[str]) -> list[str]:
    """Those of the columns that the event table has; none while the stream was never used."""
    found = warehouse.connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE table_name = $table", {"table": f"events_{stream.name}"}
    ).fetchall()
    there = {name for (name,) in found}
    return [name for name in columns if name in there]


def _read(stream: Stream, name: str) -> str:
    column = stream.column(name)
    if column is not None and column.type in ("number", "integer"):
        return f"{identifier(name)}::DOUBLE"
    return f"{identifier(name)}::VARCHAR"


def _present(column: Any) -> Any:
    import numpy

    return numpy.ma.getdata(column)[~numpy.ma.getmaskarray(column)]


def hash_version(warehouse: Warehouse) -> str:
    """The version of the engine whose hash buckets are made by: "1.5"; another one may hash otherwise."""
    found = warehouse.connection.execute("SELECT version()").fetchone()
    assert found is not None
    return ".".join(str(found[0]).lstrip("v").split(".")[:2])
