"""Events as Parquet, a file per day of occurrence, for workers that cannot open the embedded file while a run holds it.

Only the columns that metrics read are written, so that raw text stays where it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from warehouse.expressions import identifier
from warehouse.records.errors import StoreError
from warehouse.records.expressions import Field
from warehouse.records.metrics import CellMetric
from warehouse.records.parts import Partitions
from warehouse.scope import events_table, statement
from warehouse.store import Warehouse

KEYS = (
    "event_id",
    "occurred_at",
    "session_id",
    "rollout",
    "release",
    "arm",
    "segment",
    "batch",
    "position",
    "closed_by",
)
"""Columns that summarising reads whatever the metric."""
DAY = timedelta(days=1)


def columns_read(metrics: Iterable[CellMetric]) -> tuple[str, ...]:
    """The columns that the metrics read, those of every row first."""
    own = {name for metric in metrics for name in _fields(metric)}
    return (*KEYS, *sorted(own - set(KEYS)))


def write(warehouse: Warehouse, stream: str, columns: Sequence[str], folder: Path) -> Partitions:
    """The rows of a stream, all revisions, as files under `folder`; none while the stream was never used.

    A file is written aside and renamed, so that whoever finds one finds all of its day.

    Raises:
        StoreError: the folder cannot be written.
    """
    events = events_table(warehouse, stream)
    into = folder / stream
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{into} cannot be made: {error.strerror}. Choose a folder that can be written.") from error
    if events is None:
        return Partitions(stream, into, (), tuple(columns))
    days = warehouse.connection.execute(statement("parts_days", events=events)).fetchall()
    listed = ", ".join(identifier(name) for name in columns)
    for day, _ in days:
        aside = into / f".{day}.parquet"
        span = {"start": start_of(day), "end": start_of(day) + DAY, "file": str(aside)}
        warehouse.connection.execute(statement("parts_write", events=events, columns=listed), span)
        os.replace(aside, file_of(into, day))
    return Partitions(stream, into, tuple((day, int(rows)) for day, rows in days), tuple(columns))


def file_of(folder: Path, day: date) -> Path:
    """The file of one day."""
    return folder / f"{day}.parquet"


def start_of(day: date) -> datetime:
    """The first moment of a day, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def within(partitions: Partitions, start: datetime, end: datetime) -> list[str]:
    """The files that may hold rows of the half-open span, in order."""
    return [
        str(file_of(partitions.folder, day))
        for day, _ in partitions.days
        if start_of(day) < end and start_of(day) + DAY > start
    ]


def _fields(node: object) -> Iterator[str]:
    """The columns named anywhere in a record."""
    if isinstance(node, Field):
        yield node.column
    elif isinstance(node, tuple):
        for each in node:
            yield from _fields(each)
    elif is_dataclass(node) and not isinstance(node, type):
        for each in fields(node):
            yield from _fields(getattr(node, each.name))
