"""The rows in the demo's files."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.demo import incidents
from flows.demo.files import DemoFile

END = datetime(2026, 11, 24, tzinfo=UTC)
START = incidents.start_of(END)


def text_of(file: DemoFile) -> str:
    content = gzip.decompress(file.content) if file.path.endswith(".gz") else file.content
    return content.decode()


def rows_of(file: DemoFile) -> Iterator[dict[str, Any]]:
    if file.path.endswith(".csv"):
        yield from csv.DictReader(io.StringIO(text_of(file)))
        return
    for line in text_of(file).splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def kind(file: DemoFile) -> str:
    return file.path.removeprefix("logs/").split("-")[0]


def offset(row: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(row["ts"]) - START


def newest_answers(files: list[DemoFile]) -> dict[str, dict[str, Any]]:
    """The newest version of each sound answer, as a warehouse would end up with."""
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        if kind(file) == "interactions":
            for row in rows_of(file):
                sound = row["ts"] and isinstance(row["latency_ms"], int) and isinstance(row["confidence"], float)
                if sound and row["confidence"] <= 1:
                    found[row["id"]] = row
    return found
