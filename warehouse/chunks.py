"""A chunk: some batches of one stream that are summarised at once, and where what they change is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from warehouse.records.streams import Stream
from warehouse.scope import events_table, statement
from warehouse.store import Warehouse

TEMPORARY = (
    "summary_groups",
    "summary_bins",
    "summary_items",
    "summary_brought",
    "summary_touched",
    "summary_sessions",
    "summary_visits",
    "summary_pieces",
)
"""Temporary tables that summarising leaves in its connection until it is done."""


SELDOM = "256MB"
"""How much a log of many chunks may grow before it is worked into the file."""


@contextmanager
def seldom_checkpoints(warehouse: Warehouse) -> Iterator[None]:
    """Work the log into the file seldom, and once at the end: done after every chunk it takes as long as the chunk.

    Every chunk is safe when it has committed, for the log is on the disk.
    """
    if warehouse.in_transaction:
        yield
        return
    connection = warehouse.connection
    connection.execute(f"SET checkpoint_threshold = '{SELDOM}'")
    try:
        yield
        connection.execute("CHECKPOINT")
    finally:
        connection.execute("RESET checkpoint_threshold")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some batches of one stream.

    `rows` is SQL of the rows that they brought or superseded, `values` what it binds; `superseding` tells whether
    there are any of the latter. `brought` is SQL of which batches between the first and the last are meant. `into`
    comes before the names of the tables that take the deltas.
    """

    stream: Stream
    events: str
    batches: tuple[int, ...]
    rows: str
    values: Mapping[str, object]
    superseding: bool
    brought: str
    into: str = ""

    @property
    def signed(self) -> str:
        """SQL of the number of rows: those brought less those superseded."""
        return "sum(_sign)" if self.superseding else "count(*)"


def chunk_of(warehouse: Warehouse, stream: Stream, batches: Sequence[int], *, into: str = "") -> Chunk | None:
    """The chunk of some batches in ascending order; None while the stream has no table."""
    events = events_table(warehouse, stream.name)
    if events is None:
        return None
    values: dict[str, object] = {"first": batches[0], "last": batches[-1]}
    found = warehouse.connection.execute(statement("cells_superseded", events=events), values).fetchone()
    superseding = bool(found and found[0])
    between = warehouse.connection.execute(statement("cells_between"), {"stream": stream.name, **values}).fetchone()
    whole = between is not None and between[0] == len(batches)
    if not whole:
        values["batches"] = list(batches)

    def chosen(column: str) -> str:
        return "true" if whole else f"{column} IN (SELECT unnest($batches::BIGINT[]))"

    rows = statement("cells_rows", events=events, brought=chosen("batch"))
    if superseding:
        rows += "UNION ALL\n" + statement("cells_rows_superseded", events=events, superseded=chosen("closed_by"))
    return Chunk(stream, events, tuple(batches), rows, values, superseding, chosen("event.batch"), into)
