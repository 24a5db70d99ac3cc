"""How the fields of a stream change over time: which are there, and which values they take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FieldPresence:
    """In how many of a bucket's `rows` a field has a value.

    `field` is a column's name, or the dotted place of an unmapped field (`properties.main_model`; with
    `attributes.` in front where a column has the same name). A field that a bucket lacks has `present` 0 there.
    """

    bucket_start: datetime
    field: str
    rows: int
    present: int


@dataclass(frozen=True, slots=True)
class CategoryShare:
    """In how many of a bucket's rows a field has one value.

    `value` is None for rows without a value. `other` is true for the one entry that gathers all values outside the
    most frequent ones; its `value` is "other".
    """

    bucket_start: datetime
    value: str | None
    rows: int
    other: bool = False
