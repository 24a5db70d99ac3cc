"""Parts of a stream that workers summarise apart from each other, and where their rows lie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from warehouse.records.metrics import CellMetric
from warehouse.records.streams import Stream


@dataclass(frozen=True, slots=True)
class Partitions:
    """Rows of one stream as Parquet, a file per day of occurrence (UTC); `days` with their rows, in order.

    `columns` are those that the files have.
    """

    stream: str
    folder: Path
    days: tuple[tuple[date, int], ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What one worker summarises: the rows of the half-open span [`start`, `end`), each session with its first row.

    A session belongs to the part in which it begins; the worker reads on as far as the session goes. `partitions` says
    where the rows are, None when they are read from the lake.
    """

    stream: Stream
    metrics: tuple[CellMetric, ...]
    start: datetime
    end: datetime
    last_row: datetime
    columns: tuple[str, ...]
    partitions: Partitions | None
