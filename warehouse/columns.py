"""Columns of stored rows as an Arrow table, for the adapters of the data layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from warehouse import sql
from warehouse.expressions import Kind, bind, compile, identifier, pointer
from warehouse.places import as_stored, place
from warehouse.records.expressions import Field
from warehouse.records.metrics import Slice
from warehouse.records.streams import Stream
from warehouse.scope import events_table, sliced, statement, utc
from warehouse.store import Warehouse

if TYPE_CHECKING:
    import pyarrow

_NUMBERS = "'BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE'"


def columns_as_arrow(
    warehouse: Warehouse,
    stream: Stream,
    columns: Sequence[str],
    scope: Slice,
    start: datetime,
    end: datetime,
    *,
    limit: int | None = None,
    batch: int | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> pyarrow.Table:
    """The columns of a slice's rows within [start, end), in order of time; current revisions.

    Places inside JSON columns ("scores.harm") are columns too, under the name given. They are numbers when all their
    values in the span are, truths when all are, else texts; `kinds` settles it instead, and what does not fit is
    missing then. With `batch` only rows of that batch count, as known when it was in. With `limit` at most so many
    rows, chosen by a digest of their keys: the same again, and blind to time and value. A stream that was never used
    gives a table of no rows.

    Raises:
        UsageError: the stream has no such column.
    """
    fields = {text: place(text, stream) for text in columns}
    values: dict[str, object] = {"start": utc(start), "end": utc(end), "batch": batch, **sliced(scope)}
    events = events_table(warehouse, stream.name)
    if events is None:
        return _empty(stream, fields, dict(kinds or {}))
    held = sql.load("facts_held")
    needed = {**_found_kinds(warehouse, fields, stream, events, values), **(kinds or {})}
    sample = ""
    if limit is not None:
        sample = "ORDER BY md5(event_id), event_id LIMIT $limit"
        values["limit"] = limit
    parts = _selected(fields, stream, needed, values)
    text = statement("facts_columns", events=events, held=held, columns=parts, sample=sample)
    found = warehouse.connection.execute(text, values).to_arrow_table()
    return found.rename_columns(list(columns))


def _selected(fields: Mapping[str, Field], stream: Stream, kinds: Mapping[str, Kind], values: dict[str, object]) -> str:
    """SQL of the columns under names of their own making: the text that names a place is never composed in."""
    parts = []
    for index, (text, field) in enumerate(fields.items()):
        column = compile(field, as_stored(stream), values, kind=kinds.get(text))
        declared = stream.column(field.column)
        if declared is not None and declared.type == "integer" and text not in kinds:
            column = identifier(field.column)
        parts.append(f"{column} AS _c{index}")
    return ", ".join(parts)


def _found_kinds(
    warehouse: Warehouse, fields: Mapping[str, Field], stream: Stream, events: str, values: Mapping[str, object]
) -> dict[str, Kind]:
    places = {text: field for text, field in fields.items() if field.path}
    if not places:
        return {}
    own = dict(values)
    counts = []
    for field in places.values():
        compile(field, stream, {})
        kind = f"json_type({identifier(field.column)}, {bind(pointer(field.path), own)})"
        counts.append(
            f"count(*) FILTER ({kind} <> 'NULL'), count(*) FILTER ({kind} IN ({_NUMBERS})), "
            f"count(*) FILTER ({kind} = 'BOOLEAN')"
        )
    text = statement("facts_place_types", events=events, held=sql.load("facts_held"), counts=", ".join(counts))
    row = warehouse.connection.execute(text, own).fetchone() or ()
    found: dict[str, Kind] = {}
    for index, name in enumerate(places):
        total, numbers, truths = row[3 * index : 3 * index + 3]
        found[name] = "number" if total and numbers == total else "boolean" if total and truths == total else "text"
    return found


def _empty(stream: Stream, fields: Mapping[str, Field], kinds: dict[str, Kind]) -> Any:
    import pyarrow as pa

    types = {
        "number": pa.float64(),
        "integer": pa.int64(),
        "boolean": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
        "text": pa.string(),
        "json": pa.string(),
    }
    arrays = {}
    for text, field in fields.items():
        compile(field, stream, {})
        declared = stream.column(field.column)
        natural = declared.type if declared is not None and not field.path else "text"
        arrays[text] = pa.array([], types[kinds.get(text, natural)])
    return pa.table(arrays)
