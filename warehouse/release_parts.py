"""Which versions of model, prompt, tools, agent and judge the rows of each batch name, so that no row is read twice.

They are written in the transaction of the rows; batches that came before when the stream is next pulled.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from warehouse.expressions import identifier
from warehouse.records.facts import PartSeen
from warehouse.records.streams import Stream
from warehouse.scope import events_table, statement, utc
from warehouse.sql import load
from warehouse.store import Warehouse
from warehouse.tables import table_of

COLUMNS = ("model_requested", "model_answered", "prompt_version", "tools_version", "agent_version", "judge_version")
"""Columns that name a version, in streams that have them."""

VALUES = 100
"""How many values of a column are kept for a batch, the most frequent ones; a log may hold a new one in every row."""

LONGEST = 200
"""Characters of a value; of a longer one the beginning and a digest of the whole are kept."""


def add(connection: duckdb.DuckDBPyConnection, stream: str, columns: Sequence[str], batches: Sequence[int]) -> None:
    """Note what the rows of some batches name, anew where it was noted before; inside the caller's transaction."""
    named = [column for column in COLUMNS if column in columns]
    bound = {"stream": stream, "batches": list(batches)}
    connection.execute(load("release_parts_clear"), bound)
    if named:
        text = statement("release_parts_add", told=_told(named, identifier(table_of(stream)), _THESE))
        span = {"first": min(batches), "last": max(batches)}
        connection.execute(text, {**bound, **span, "most": VALUES, "longest": LONGEST})
    connection.execute(load("release_parts_mark"), bound)


def catch_up(connection: duckdb.DuckDBPyConnection, stream: Stream) -> None:
    """Note what the batches of a stream name that were taken in before; free when there are none."""
    found = connection.execute(load("release_parts_missing"), {"stream": stream.name}).fetchall()
    if found:
        add(connection, stream.name, stream.names(), [row[0] for row in found])


def seen(
    warehouse: Warehouse, stream: Stream, rollout: str, release: str | None, *, through_batch: int | None = None
) -> list[PartSeen]:
    """The values of each column of the stream that names a version, in the rows of one release of a rollout.

    `release` None takes all rows, '' those that name none. Rows of the control arm do not count. Ordered by column and
    first row; a stream without such columns, or without rows, has none.
    """
    named = [column for column in COLUMNS if stream.column(column) is not None]
    events = events_table(warehouse, stream.name)
    if events is None or not named:
        return []
    text = statement("release_parts_seen", told=_told(named, events, _OTHERS), known=load("facts_known"))
    values = {"stream": stream.name, "rollout": rollout, "release": release, "through": through_batch}
    rows = warehouse.connection.execute(text, {**values, "longest": LONGEST}).fetchall()
    return [PartSeen(stream.name, part, value or None, utc(a), utc(b), n) for part, value, a, b, n in rows]


_THESE, _OTHERS = "release_parts_these", "release_parts_others"


def _told(named: Sequence[str], events: str, among: str) -> str:
    """The fragment that counts the rows of some batches by what they name, with checked names put in."""
    columns = ", ".join(identifier(name) for name in named)
    parts = ", ".join(f"{{'part': '{name}', 'value': {identifier(name)}}}" for name in named)
    return statement("release_parts_told", columns=columns, parts=parts, events=events, among=load(among))
