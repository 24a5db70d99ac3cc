"""How the fields of a stream change over time: presence of each field, shares of each value.

Buckets are counted in UTC from a Monday, so that weeks begin on Mondays and days at midnight.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from warehouse.expressions import compile, identifier
from warehouse.places import as_stored, place
from warehouse.records.errors import UsageError
from warehouse.records.expressions import Field
from warehouse.records.profile import CategoryShare, FieldPresence
from warehouse.records.streams import Stream
from warehouse.scope import events_table, statement, utc
from warehouse.store import Warehouse


def field_presence(
    warehouse: Warehouse,
    stream: Stream,
    source: str | None,
    *,
    bucket: timedelta,
    start: datetime | None = None,
    end: datetime | None = None,
    most: int = 1_000,
) -> list[FieldPresence]:
    """In how many rows of each bucket each field has a value, by bucket and field; buckets without rows are left out.

    Fields are the stream's columns and what is under `attributes`, objects one level deep (the object itself is a
    field too). JSON null is no value. Of unmapped fields only the `most` frequent ones are given, since a log may
    hold a new key in every row. `source` None takes all sources; [start, end) is open where None. Buckets of whole
    hours come from the sums that ingest keeps: rows are read only of the hours that the span cuts.

    Raises:
        UsageError: `bucket` is not a whole number of seconds above 0.
    """
    events = events_table(warehouse, stream.name)
    values = _span(source, bucket, start, end)
    if events is None:
        return []
    values |= {"stream": stream.name, **_whole_hours(bucket, values["start"], values["end"])}
    columns = ", ".join(f"{{'field': '{name}', 'present': count({identifier(name)})}}" for name in stream.names())
    text = statement("profile_fields", events=events, columns=columns)
    values |= {"most": most, "columns": list(stream.names()), "names": [*stream.names(), "attributes"]}
    found = warehouse.connection.execute(text, values).fetchall()
    return [FieldPresence(utc(at), field, int(rows), int(present)) for at, field, rows, present in found]


def category_shares(
    warehouse: Warehouse,
    stream: Stream,
    column_or_json_place: str | Field,
    *,
    bucket: timedelta,
    top: int = 10,
    source: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[CategoryShare]:
    """How many rows of each bucket hold each value of one field, most frequent first; empty buckets are left out.

    The `top` most frequent values of the whole span are kept apart, the rest is one entry per bucket; rows without a
    value are an entry too. A place that begins with no column is looked for under `attributes`.

    Raises:
        UsageError: `bucket` is not a whole number of seconds above 0, or a column has no places inside.
    """
    events = events_table(warehouse, stream.name)
    values = _span(source, bucket, start, end)
    value = compile(place(column_or_json_place, stream, unmapped=True), as_stored(stream), values, kind="text")
    if events is None:
        return []
    values["top"] = top
    found = warehouse.connection.execute(statement("profile_categories", events=events, value=value), values).fetchall()
    return [CategoryShare(utc(at), shown, int(rows), bool(other)) for at, shown, rows, other in found]


def _span(source: str | None, bucket: timedelta, start: datetime | None, end: datetime | None) -> dict[str, object]:
    microseconds = bucket // timedelta(microseconds=1)
    if microseconds <= 0 or microseconds % 1_000_000:
        raise UsageError(f"A bucket of {bucket} was asked for; allowed is a whole number of seconds above 0.")
    return {
        "bucket": microseconds,
        "source": source,
        "start": None if start is None else utc(start),
        "end": None if end is None else utc(end),
    }


_HOUR = timedelta(hours=1)
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


def _whole_hours(bucket: timedelta, start: object, end: object) -> dict[str, datetime]:
    """The span with both ends, and the whole hours in it whose sums serve: none for a bucket of other length."""
    first = start if isinstance(start, datetime) else _FIRST
    last = end if isinstance(end, datetime) else _LAST
    begins = first.replace(minute=0, second=0, microsecond=0)
    begins += _HOUR if begins < first else timedelta(0)
    ends = last.replace(minute=0, second=0, microsecond=0)
    if bucket % _HOUR or begins >= ends:
        begins = ends = last
    return {"start": first, "end": last, "summed_from": begins, "summed_to": ends}
