"""Readers of log files: each turns a file into bounded chunks of rows, and names what it could not read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

from warehouse.records.ingest import SourceKind
from warehouse.sources import csv, jsonl, parquet
from warehouse.sources.chunks import Chunk, Span
from warehouse.sources.opening import Told


def read(kind: SourceKind, path: Path, span: Span, told: Told | None = None) -> Iterator[Chunk]:
    """The rows of one file, chunk by chunk, in file order.

    `span` says which bytes are meant; only JSON lines can start behind the beginning. `told` is given those bytes as
    they are read, in order and as far as the reader reads in order.

    Raises:
        SourceError: the rest of the file cannot be read; the chunks given out before are good.
    """
    match kind:
        case "jsonl":
            return jsonl.chunks(path, span, told)
        case "csv":
            return csv.chunks(path, span, told)
        case "parquet":
            return parquet.chunks(path, span)
    assert_never(kind)
