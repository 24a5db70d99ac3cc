"""Places in a row as people write them: a column, or a dotted path into one of its JSON columns."""

from __future__ import annotations

from dataclasses import replace

from warehouse.records.expressions import Field
from warehouse.records.streams import Stream


def place(text: str | Field, stream: Stream, *, unmapped: bool = False) -> Field:
    """The place named by text such as ``scores.harm`` or ``attributes.properties.model``.

    Dots part the keys; a key that holds dots itself is given as a `Field`. With `unmapped`, a text that does not begin
    with a column is a place inside `attributes`.
    """
    if isinstance(text, Field):
        return text
    column, *path = text.split(".")
    if unmapped and column != "attributes" and stream.column(column) is None:
        return Field("attributes", (column, *path))
    return Field(column, tuple(path))


def as_stored(stream: Stream) -> Stream:
    """The stream with no value flagged, for showing and comparing columns as they are."""
    return replace(stream, columns=tuple(replace(column, outside="quarantine") for column in stream.columns))
