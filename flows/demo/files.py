"""A log file as the demo's production system writes it, and how rows become bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DemoFile:
    """A file of simulated logs: `path` is relative to the project, `available_at` when a monitor could first see it."""

    path: str
    content: bytes
    available_at: datetime


def stamp(moment: datetime) -> str:
    """A UTC time as log writers put it: milliseconds and a Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def lines(rows: Iterable[Mapping[str, Any] | str]) -> bytes:
    """Rows as JSON lines; a text goes in as it is, which is how broken lines get into a file."""
    texts = (
        row if isinstance(row, str) else json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in rows
    )
    return "".join(text + "\n" for text in texts).encode()


def squeezed(content: bytes) -> bytes:
    """The content gzipped, without a time inside, so that equal content gives equal bytes."""
    return gzip.compress(content, compresslevel=5, mtime=0)


def table(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as CSV with a header, empty cells for missing values."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()
