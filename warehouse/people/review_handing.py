"""What becomes of reviewed rows: handed on in files of answers, without their text, and forgotten on request."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, or_, update
from sqlalchemy import func as sql
from sqlmodel import Session, col, func, select

from warehouse.people.models import ItemRow, LabelRow
from warehouse.people.reviews import as_item, counted, given_to
from warehouse.people.store import People
from warehouse.records.reviews import Given, Item

_AT_ONCE = 500


def hand_in(people: People, queue: str, *, now: datetime) -> int | None:
    """The number of the newest file of answers, after every row that is ready was put into a new one; None: no file.

    Ready is a row with all its labels, and one whose time is over. Its text is removed with that; labels of it stand
    from then on.
    """
    given = counted().subquery()
    ready = (
        select(ItemRow.id)
        .outerjoin(given, given.c.item == col(ItemRow.id))
        .where(ItemRow.queue == queue, col(ItemRow.handed_in).is_(None))
        .where(or_(sql.coalesce(given.c.labels, 0) >= 1 + col(ItemRow.doubled), col(ItemRow.due_at) <= now))
    )
    newest = select(func.max(ItemRow.handed_in)).where(ItemRow.queue == queue)
    with people.read() as session:
        if session.exec(ready.limit(1)).first() is None:
            return session.exec(newest).one()
    with people.write() as session:
        number = (session.exec(newest).one() or 0) + 1
        _overwrite(session)
        session.exec(update(ItemRow).where(col(ItemRow.id).in_(ready)).values(handed_in=number, texts=None))
        return number


def answers(people: People, queue: str, number: int) -> list[tuple[Item, list[Given]]]:
    """The rows of one file of answers with their labels, the first label first, in order of their ids."""
    of_file = (col(ItemRow.queue) == queue, col(ItemRow.handed_in) == number)
    rows = select(ItemRow).where(*of_file).order_by(col(ItemRow.id))
    with people.read() as session:
        given: dict[str, list[Given]] = {}
        for one in given_to(session, select(ItemRow.id).where(*of_file)):
            given.setdefault(one.item, []).append(one)
        return [(as_item(row), given.get(row.id, [])) for row in session.exec(rows).all()]


def remove_texts(people: People, *, before: datetime) -> int:
    """How many rows that were chosen before a moment lost their text."""
    old = (col(ItemRow.chosen_at) < before, col(ItemRow.texts).is_not(None))
    with people.read() as session:
        if not session.exec(select(func.count()).where(*old)).one():
            return 0
    with people.write() as session:
        _overwrite(session)
        return int(session.exec(update(ItemRow).where(*old).values(texts=None)).rowcount)


def queues(people: People) -> list[str]:
    """Names of all queues that hold rows, in order, also of those that the configuration no longer names."""
    with people.read() as session:
        return list(session.exec(select(ItemRow.queue).distinct().order_by(col(ItemRow.queue))))


def events_of_sessions(people: People, queue: str, sessions: Collection[str]) -> set[str]:
    """Ids of the events of a queue's rows that belong to one of some sessions, by what was kept with the rows."""
    wanted = set(sessions)
    rows = select(ItemRow.event_id, ItemRow.carried).where(ItemRow.queue == queue)
    with people.read() as session:
        return {event for event, carried in session.exec(rows) if json.loads(carried).get("session_id") in wanted}


def forget(people: People, events: Collection[str], queues: Collection[str]) -> int:
    """How many rows of these queues were removed with their labels, by event id; the file keeps nothing of them."""
    ordered, removed = sorted(events), 0
    if not ordered or not queues:
        return 0
    with people.write() as session:
        _overwrite(session)
        for start in range(0, len(ordered), _AT_ONCE):
            part = ordered[start : start + _AT_ONCE]
            ids = list(
                session.exec(select(ItemRow.id).where(col(ItemRow.event_id).in_(part), col(ItemRow.queue).in_(queues)))
            )
            session.exec(delete(LabelRow).where(col(LabelRow.item).in_(ids)))
            session.exec(delete(ItemRow).where(col(ItemRow.id).in_(ids)))
            removed += len(ids)
    if removed:
        with people.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return removed


def _overwrite(session: Session) -> None:
    # Freed pages are overwritten, else the texts could still be read from the file.
    session.connection().exec_driver_sql("PRAGMA secure_delete = ON")
