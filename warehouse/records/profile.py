"""How often fields and values occur over time; what the detectors of schema and category changes look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FieldPresence:
    """In how many of the `rows` of one bucket of time a field of the payload was `present`."""

    bucket_start: datetime
    field: str
    rows: int
    present: int


@dataclass(frozen=True, slots=True)
class CategoryShare:
    """In how many `rows` of one bucket of time a watched column had the value `value`; None counts missing ones."""

    bucket_start: datetime
    value: str | None
    rows: int
