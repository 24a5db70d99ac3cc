"""Parquet files, read in batches of rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from warehouse.records.errors import SourceError
from warehouse.sources.chunks import Chunk, Span

_ROWS = 32_768


def chunks(path: Path, span: Span) -> Iterator[Chunk]:
    """The rows of the file; positions count rows from 1.

    Raises:
        SourceError: the file is not Parquet, or is damaged from some row on.
    """
    import pyarrow.parquet as pq

    position = span.first
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_ROWS):
                batch.validate(full=True)
                yield _chunk(batch, position, span)
                position += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        where = "" if position == 1 else f" after row {position - 1:,}"
        why = str(error).splitlines()[0][:200]
        raise SourceError(f"{path.name} is not a sound Parquet file{where} ({why}).") from error


def _chunk(batch: pa.RecordBatch, position: int, span: Span) -> Chunk:
    schema = batch.schema
    columns: dict[str, pa.Array] = {f"c{i}": column for i, column in enumerate(batch.columns)}
    columns["position"] = pa.array(range(position, position + batch.num_rows), pa.int64())
    times = frozenset(f.name for f in schema if pa.types.is_timestamp(f.type) or pa.types.is_date(f.type))
    return Chunk(pa.table(columns), names=tuple(schema.names), times=times, done=span.stop)
