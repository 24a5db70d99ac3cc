"""Review queues: rows that were chosen, and labels that people give (`review_handing` hands them on).

Labels are records and no acts: they stand here and in the files of answers, not in the decision log, which notes who
has read raw text.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, Subquery, and_, case, delete, or_
from sqlalchemy import func as sql
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from warehouse.people.canonical import canonical, clean
from warehouse.people.models import ItemRow, LabelRow, QueueRow
from warehouse.people.store import People
from warehouse.records.errors import UsageError
from warehouse.records.reviews import Given, Item, NewItem, Tally, Text

MOST_NOTE = 2_000
_AT_ONCE = 500

R = TypeVar("R")
Deciding = Callable[[Item, Sequence[Given]], R | None]


def begin(people: People, queue: str, *, after_batch: int) -> tuple[bytes, int]:
    """The key of a queue's draws and the newest batch that was looked at for it.

    A queue that is new begins behind `after_batch`: rows that came before it did are left alone.
    """
    with people.read() as session:
        row = session.get(QueueRow, queue)
        if row is not None:
            return bytes.fromhex(row.key), row.after_batch
    with people.write() as session:
        row = session.get(QueueRow, queue)
        if row is None:
            row = QueueRow(queue=queue, key=secrets.token_hex(32), after_batch=after_batch)
            session.add(row)
        return bytes.fromhex(row.key), row.after_batch


def add(people: People, queue: str, items: Sequence[NewItem], *, batch: int, day: str, now: datetime) -> int:
    """How many rows were added: all rows of one batch that were chosen, in one transaction, once for each batch."""
    with people.write() as session:
        row = session.get(QueueRow, queue)
        if row is None or row.after_batch >= batch:
            return 0
        there = {event for event in _known(session, queue, [item.event_id for item in items])}
        fresh = [item for item in items if item.event_id not in there]
        session.add_all([_item_row(queue, item, day, now) for item in fresh])
        row.after_batch = batch
        session.add(row)
        return len(fresh)


def chosen_on(people: People, queue: str, day: str) -> int:
    """Rows that were chosen out of what arrived on a day (ISO date in UTC)."""
    with people.read() as session:
        return session.exec(select(func.count()).where(ItemRow.queue == queue, ItemRow.day == day)).one()


def item(people: People, id: str) -> Item:
    """One row of a queue.

    Raises:
        UsageError: there is none.
    """
    with people.read() as session:
        return as_item(_found(session, id))


def following(people: People, queue: str, person: str, *, now: datetime) -> Item | None:
    """The row that a person labels next, None when nothing waits for them: what is due first, skipped rows last."""
    own = _own(person)
    query = (
        _waiting(select(ItemRow), own, queue, now)
        .order_by(own.c.item.is_not(None), col(ItemRow.due_at), col(ItemRow.id))
        .limit(1)
    )
    with people.read() as session:
        row = session.scalars(query).first()
        return None if row is None else as_item(row)


def left(people: People, queue: str, person: str, *, now: datetime) -> tuple[int, int]:
    """Rows that wait for a person, and rows that they have labelled in this queue."""
    waiting = _waiting(select(func.count()).select_from(ItemRow), _own(person), queue, now)
    mine = (
        select(func.count())
        .select_from(LabelRow)
        .join(ItemRow, col(ItemRow.id) == col(LabelRow.item))
        .where(ItemRow.queue == queue, LabelRow.person == person, col(LabelRow.label).is_not(None))
    )
    with people.read() as session:
        return int(session.scalars(waiting).one()), session.exec(mine).one()


def _own(person: str) -> Subquery:
    return select(LabelRow.item, LabelRow.label).where(LabelRow.person == person).subquery()


def _waiting(query: Select[Any], own: Subquery, queue: str, now: datetime) -> Select[Any]:
    """The same of the rows of a queue that wait for somebody, given the labels and skips that are their own."""
    given = counted().subquery()
    return (
        query.outerjoin(given, given.c.item == col(ItemRow.id))
        .outerjoin(own, own.c.item == col(ItemRow.id))
        .where(col(ItemRow.queue) == queue, col(ItemRow.handed_in).is_(None), col(ItemRow.due_at) > now)
        .where(own.c.label.is_(None), sql.coalesce(given.c.labels, 0) < 1 + col(ItemRow.doubled))
    )


def labels(people: People, id: str) -> list[Given]:
    """The labels of one row, the first one first; skips are left out."""
    with people.read() as session:
        return given_to(session, [id])


def label(
    people: People, id: str, person: str, label: str, note: str, *, now: datetime, against: Deciding[R]
) -> R | None:
    """None when the label stands; else what `against` said of the row and the labels that it has."""
    with people.write() as session:
        row = _found(session, id)
        refused = against(as_item(row), given_to(session, [id]))
        if refused is None:
            _put(session, id, person, clean(label), clean(note)[:MOST_NOTE], now)
        return refused


def skip(people: People, id: str, person: str, *, now: datetime) -> None:
    """Put a row behind all others for one person; a label that they gave stays."""
    with people.write() as session:
        _found(session, id)
        known = session.get(LabelRow, (id, person))
        if known is None or known.label is None:
            _put(session, id, person, None, "", now)


def undo(people: People, id: str, person: str, *, against: Deciding[R]) -> R | None:
    """None when the person's label is taken back; else what `against` said of the row and its labels."""
    with people.write() as session:
        row = _found(session, id)
        refused = against(as_item(row), given_to(session, [id]))
        if refused is None:
            session.exec(delete(LabelRow).where(col(LabelRow.item) == id, col(LabelRow.person) == person))
        return refused


def tally(people: People, queue: str, *, now: datetime) -> Tally:
    """How a queue stands."""
    given = counted().subquery()
    labels = sql.coalesce(given.c.labels, 0)
    complete = labels >= 1 + col(ItemRow.doubled)
    closed = or_(col(ItemRow.handed_in).is_not(None), complete)
    past = and_(~closed, col(ItemRow.due_at) <= now)
    query = (
        select(
            sql.count(case((and_(~closed, ~past), 1))),
            sql.count(case((and_(closed, labels > 0), 1))),
            sql.count(case((and_(closed, labels == 0), 1))),
            sql.count(case((past, 1))),
        )
        .select_from(ItemRow)
        .outerjoin(given, given.c.item == col(ItemRow.id))
        .where(ItemRow.queue == queue)
    )
    with people.read() as session:
        found = session.exec(query).one()
        return Tally(*(int(number) for number in found))


def pairs(people: People, queue: str) -> list[tuple[str, str]]:
    """Both labels of every row that two people labelled, the first label first."""
    query = (
        select(LabelRow.item, LabelRow.label)
        .join(ItemRow, col(ItemRow.id) == col(LabelRow.item))
        .where(ItemRow.queue == queue, ItemRow.doubled == 1, col(LabelRow.label).is_not(None))
        .order_by(col(LabelRow.item), col(LabelRow.at), col(LabelRow.person))
    )
    found: dict[str, list[str]] = {}
    with people.read() as session:
        for id, given in session.exec(query):
            found.setdefault(id, []).append(str(given))
    return [(both[0], both[1]) for both in found.values() if len(both) == 2]


def counted() -> Select[tuple[str, int]]:
    """How many labels each row has; rows without one are left out, and so are skips."""
    return (
        select(LabelRow.item, sql.count().label("labels"))
        .where(col(LabelRow.label).is_not(None))
        .group_by(col(LabelRow.item))
    )


def _known(session: Session, queue: str, events: Sequence[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(events), _AT_ONCE):
        part = [clean(event) for event in events[start : start + _AT_ONCE]]
        found += session.exec(
            select(ItemRow.event_id).where(ItemRow.queue == queue, col(ItemRow.event_id).in_(part))
        ).all()
    return found


def _put(session: Session, id: str, person: str, label: str | None, note: str, now: datetime) -> None:
    row = session.get(LabelRow, (id, person)) or LabelRow(item=id, person=person, at=now, label=label, note=note)
    row.at, row.label, row.note = now, label, note
    session.add(row)


def given_to(session: Session, ids: Collection[str] | SelectOfScalar[str]) -> list[Given]:
    """The labels of rows inside a transaction of the caller, the first one first."""
    query = select(LabelRow).where(col(LabelRow.item).in_(ids), col(LabelRow.label).is_not(None))
    rows = session.exec(query.order_by(col(LabelRow.at), col(LabelRow.person)))
    return [Given(row.item, row.person, row.at, row.label, row.note) for row in rows]


def _found(session: Session, id: str) -> ItemRow:
    row = session.get(ItemRow, clean(id))
    if row is None:
        raise UsageError(f"There is no row {clean(id)[:64]!r} in the review queues; it may have been erased.")
    return row


def _item_row(queue: str, new: NewItem, day: str, now: datetime) -> ItemRow:
    event = clean(new.event_id)
    return ItemRow(
        id=hashlib.sha256(f"{queue}\x1f{event}".encode()).hexdigest()[:24],
        queue=queue,
        event_id=event,
        occurred_at=new.occurred_at,
        chosen_at=now,
        day=day,
        due_at=new.due_at,
        chance=new.chance,
        doubled=int(new.doubled),
        strategies=canonical(list(new.strategies)),
        carried=canonical(dict(new.carried)),
        texts=canonical([[one.name, one.text, one.length] for one in new.texts]),
        handed_in=None,
    )


def as_item(row: ItemRow) -> Item:
    """The stored row as a record."""
    texts = None if row.texts is None else tuple(Text(*one) for one in json.loads(row.texts))
    return Item(
        id=row.id,
        queue=row.queue,
        event_id=row.event_id,
        occurred_at=row.occurred_at,
        chosen_at=row.chosen_at,
        due_at=row.due_at,
        chance=row.chance,
        doubled=bool(row.doubled),
        strategies=tuple(json.loads(row.strategies)),
        carried=json.loads(row.carried),
        texts=texts,
        handed_in=row.handed_in,
    )
