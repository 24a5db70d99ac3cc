"""The rows that a review queue looks at: how many meet which strategies, the rows themselves, and what people see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.expressions import compile, identifier
from warehouse.records.expressions import Expression
from warehouse.records.reviews import Seen, Text
from warehouse.records.streams import Stream
from warehouse.scope import events_table, statement, utc
from warehouse.store import Warehouse
from warehouse.tables import tables_with

MOST_TEXT = 20_000
"""Characters of a column that are kept for people."""
_AT_ONCE = 10_000
_CARRIED = ("session_id", "rollout", "release", "arm", "segment", "simulated", "judge", "score")


@dataclass(frozen=True, slots=True)
class Looking:
    """What a queue looks for; `due` is how long a row waits for its label."""

    stream: Stream
    strategies: tuple[Expression, ...]
    judge: str | None
    score: str | None
    due: timedelta


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one batch that meet the same strategies, and when the batch arrived."""

    batch: int
    arrived_at: datetime
    met: tuple[bool, ...]
    rows: int


def groups(warehouse: Warehouse, looking: Looking, *, after_batch: int) -> list[Group]:
    """What came after a batch, in order of arrival; [] while the stream was never used."""
    events = events_table(warehouse, looking.stream.name)
    if events is None:
        return []
    bound: dict[str, object] = {"after_batch": after_batch, "due": _micros(looking)}
    text = statement("review_groups", events=events, met=_met(looking, bound))
    found = warehouse.connection.execute(text, bound).fetchall()
    return [Group(batch, utc(arrived), tuple(met), rows) for batch, arrived, met, rows in found]


def rows(warehouse: Warehouse, looking: Looking, *, batch: int) -> Iterator[Seen]:
    """The rows of one batch, by event id; read them all before anything else is asked of the warehouse."""
    events = events_table(warehouse, looking.stream.name)
    assert events is not None, "a stream without a table has no batch"
    bound: dict[str, object] = {"batch": batch, "due": _micros(looking)}
    judge, score = (identifier(name) if name else "NULL" for name in (looking.judge, looking.score))
    text = statement("review_rows", events=events, met=_met(looking, bound), judge=judge, score=score)
    found = warehouse.connection.execute(text, bound)
    while part := found.fetchmany(_AT_ONCE):
        for event, occurred, met, *carried in part:
            yield Seen(event, utc(occurred), tuple(met), dict(zip(_CARRIED, carried, strict=True)))


def texts(
    warehouse: Warehouse, looking: Looking, columns: Sequence[str], events: Sequence[str], *, batch: int
) -> dict[str, tuple[Text, ...]]:
    """By event, what people see of it; of each column at most `MOST_TEXT` characters."""
    table = events_table(warehouse, looking.stream.name)
    if table is None or not events:
        return {}
    names = [f"{identifier(name)}::VARCHAR" for name in columns]
    text = statement(
        "review_texts",
        events=table,
        texts=", ".join(f"left({name}, $most)" for name in names),
        lengths=", ".join(f"coalesce(length({name}), 0)" for name in names),
    )
    bound = {"batch": batch, "ids": list(events), "most": MOST_TEXT}
    found = warehouse.connection.execute(text, bound).fetchall()
    return {
        event: tuple(Text(*one) for one in zip(columns, shown, lengths, strict=True)) for event, shown, lengths in found
    }


def events_by_stream(warehouse: Warehouse, column: str, values: Sequence[str]) -> dict[str, set[str]]:
    """Ids of all events of which some revision has one of the values, by stream.

    It looks in every event table that has the column, also where no declaration names stream or column any more.
    """
    found: dict[str, set[str]] = {}
    for table in tables_with(warehouse, column):
        text = statement("review_events", events=identifier(table), column=identifier(column))
        rows = warehouse.connection.execute(text, {"values": list(values)}).fetchall()
        found[table.removeprefix("events_")] = {event for (event,) in rows}
    return found


def not_of(warehouse: Warehouse, stream: str, events: Collection[str]) -> set[str]:
    """Those of some event ids that a stream holds no event of."""
    table = events_table(warehouse, stream)
    if table is None or not events:
        return set(events)
    rows = warehouse.connection.execute(statement("review_held", events=table), {"ids": list(events)}).fetchall()
    return set(events) - {event for (event,) in rows}


def _met(looking: Looking, bound: dict[str, object]) -> str:
    found = [compile(one, looking.stream, bound, kind="boolean") for one in looking.strategies]
    return "[" + ", ".join(f"coalesce({one}, false)" for one in found) + "]::BOOLEAN[]"


def _micros(looking: Looking) -> int:
    return looking.due // timedelta(microseconds=1)
