"""The outbox: messages written with their decision, handed out at least once, never lost in silence.

Order. A standing (`go`, `hold`) states what holds from now on, so only the newest counts: any newer message for the
same switch and rollout takes the place of one that waits. What changes where a rollout is (a pause, and what people ask
for) gives way only to a newer pause or a resume; any other message waits behind it. So an older `go` can never undo a
pause, and a `hold` (stay where you are) never swallows a resume that the switch has not heard of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import exists, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from warehouse.people.canonical import canonical, clean
from warehouse.people.models import DeliveryRow, State
from warehouse.people.store import People
from warehouse.records.decisions import Delivery, NewDelivery
from warehouse.records.errors import UsageError

MOST_ATTEMPTS = 12
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_ASKED = timedelta(minutes=5)
"""How long a switch may ask to be left alone: a receiver must not be able to put a pause off for an hour."""
STANDINGS = frozenset({"go", "hold"})
OVERRULES = frozenset({"pause", "resume"})
RENEWAL = "-until-"
"""Stands in the ids of messages that renew a lease beside a decision, and in no other."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The decision that a message comes from: its id, position and hash, and the rollout it is about."""

    decision_id: str
    seq: int
    head: str
    rollout: str


def enqueue(session: Session, deliveries: Sequence[NewDelivery], origin: Origin, *, now: datetime) -> None:
    """Write messages inside a transaction that the caller holds; due at once. Ids are "<decision id>-<n>".

    Raises:
        UsageError: a switch message whose body has no text under `action`, or a body that is not JSON.
    """
    # Renewals are counted out: they have ids of another form, and old ones are removed.
    counted = select(func.count()).where(
        DeliveryRow.decision_id == origin.decision_id, ~col(DeliveryRow.id).contains(RENEWAL)
    )
    for number, new in enumerate(deliveries, start=session.exec(counted).one() + 1):
        put(session, new, origin, f"{origin.decision_id}-{number}", now=now)


def put(session: Session, new: NewDelivery, origin: Origin, id: str, *, now: datetime) -> DeliveryRow:
    """The message as written under that id, due at once.

    One that only renews a lease inherits the failed attempts of the one whose place it takes, so that a receiver that
    is down for hours becomes news.
    """
    row = _row(new, origin, id, now.astimezone(UTC))
    if row.action is not None:
        row.attempts = _tried(session, row) if new.body.get("renewal") else 0
        _supersede(session, row)
    session.add(row)
    session.flush()
    return row


def add(people: People, messages: Sequence[tuple[str, NewDelivery, Origin]], *, now: datetime) -> list[Delivery]:
    """Those of the messages (id, message, decision it belongs to) that were new, as written in one transaction.

    An id that is there already is left alone, whatever became of its message: so reminders that follow from the log
    are written once, by whichever process finds them due first.
    """
    if not (wanted := {id for id, _, _ in messages}):
        return []
    there = select(DeliveryRow.id).where(col(DeliveryRow.id).in_(wanted))
    with people.read() as session:
        if wanted <= set(session.exec(there)):
            return []
    with people.write() as session:
        taken = set(session.exec(there))
        fresh = [(id, new, origin) for id, new, origin in messages if id not in taken]
        return [_delivery(put(session, new, origin, id, now=now)) for id, new, origin in fresh]


def told(people: People, decisions: Collection[str]) -> frozenset[tuple[str, str]]:
    """Decision and channel of every alert written under these decisions, whatever became of it."""
    query = select(DeliveryRow.decision_id, DeliveryRow.target).where(
        DeliveryRow.kind == "alert", col(DeliveryRow.decision_id).in_(sorted(decisions))
    )
    with people.read() as session:
        return frozenset(session.exec(query).all()) if decisions else frozenset()


def heard(people: People, event: str, *, since: datetime) -> frozenset[str]:
    """Channels for which an alert of that event was written at `since` or later."""
    query = (
        select(DeliveryRow.target)
        .where(DeliveryRow.kind == "alert", DeliveryRow.created_at >= since)
        .where(func.json_extract(DeliveryRow.body, "$.event") == event)
    )
    with people.read() as session:
        return frozenset(session.exec(query))


def due(people: People, *, now: datetime) -> list[Delivery]:
    """Messages to hand out now: pauses first, then other switch messages, then alerts, each in order of writing.

    A switch message behind an older waiting one of the same switch and rollout is left out until that one is settled.
    """
    older = aliased(DeliveryRow)
    behind = exists().where(
        col(older.kind) == "switch",
        col(older.state) == "waiting",
        col(older.number) < col(DeliveryRow.number),
        col(older.target) == col(DeliveryRow.target),
        col(older.rollout) == col(DeliveryRow.rollout),
    )
    query = (
        select(DeliveryRow)
        .where(DeliveryRow.state == "waiting", DeliveryRow.next_at <= now)
        .where(or_(col(DeliveryRow.kind) == "alert", ~behind))
    )
    with people.read() as session:
        rows = session.exec(query).all()
        rows = sorted(rows, key=lambda row: (row.kind != "switch", row.action != "pause", row.number))
        return [_delivery(row) for row in rows]


def all(people: People, *, rollout: str | None = None, state: State | None = None) -> list[Delivery]:
    """Every message in order of writing, of one rollout and one state if named; [] if none."""
    query = select(DeliveryRow).order_by(col(DeliveryRow.number))
    if rollout is not None:
        query = query.where(DeliveryRow.rollout == rollout)
    if state is not None:
        query = query.where(DeliveryRow.state == state)
    with people.read() as session:
        return [_delivery(row) for row in session.exec(query)]


def dead(people: People) -> list[Delivery]:
    """Messages that were given up, in order of writing; a person has to look at each."""
    return all(people, state="dead")


def get(people: People, id: str) -> Delivery:
    """The message as it stands now.

    Raises:
        UsageError: there is no such message.
    """
    with people.read() as session:
        return _delivery(_find(session, id))


def delivered(people: People, id: str, *, now: datetime) -> Delivery:
    """The message, marked as taken by its receiver; it may be said twice."""
    with people.write() as session:
        row = _find(session, id)
        if row.state != "delivered":
            row.state, row.delivered_at, row.attempts, row.last_error = "delivered", now, row.attempts + 1, None
        session.add(row)
        return _delivery(row)


def failed(
    people: People,
    id: str,
    *,
    now: datetime,
    error: str,
    transient: bool,
    alerts: Sequence[NewDelivery] = (),
    retry_after: timedelta | None = None,
) -> Delivery:
    """The message after an attempt that failed: waiting for the next one, or dead.

    It is dead at once when trying again cannot help (`transient` false), else after `MOST_ATTEMPTS`. `alerts` that tell
    of the failure are written in the same transaction. `retry_after` is how long the receiver asked to be left alone:
    it can make the wait longer, up to `LONGEST_WAIT` for an alert and `LONGEST_ASKED` for a switch, never shorter. A
    message that no longer waits is left as it is.
    """
    with people.write() as session:
        row = _find(session, id)
        if row.state != "waiting":
            return _delivery(row)
        row.attempts += 1
        row.last_error = clean(error)[:500]
        longest = LONGEST_ASKED if row.kind == "switch" else LONGEST_WAIT
        row.next_at = now + max(wait(id, row.attempts), min(retry_after or timedelta(0), longest))
        if not transient or row.attempts >= MOST_ATTEMPTS:
            row.state = "dead"
        session.add(row)
        session.flush()
        enqueue(session, alerts, Origin(row.decision_id, row.decision_seq, row.head, row.rollout), now=now)
        return _delivery(row)


def retry(people: People, id: str, *, now: datetime) -> Delivery:
    """A dead message, waiting again from `now` with all its attempts.

    Raises:
        UsageError: it is not dead, or a newer message for the same switch and rollout has taken its place.
    """
    with people.write() as session:
        row = _find(session, id)
        newer = select(DeliveryRow.id).where(
            DeliveryRow.kind == "switch",
            DeliveryRow.target == row.target,
            DeliveryRow.rollout == row.rollout,
            col(DeliveryRow.number) > row.number,
        )
        if row.state != "dead":
            raise UsageError(f"Message {id} is {row.state}; only a dead one can be tried again.")
        if row.kind == "switch" and (found := session.exec(newer).first()):
            raise UsageError(
                f"Message {id} is older than {found} for the same switch and rollout; sending it now would undo that."
            )
        row.state, row.attempts, row.next_at = "waiting", 0, now
        session.add(row)
        return _delivery(row)


def wait(id: str, attempts: int) -> timedelta:
    """How long to wait after failed attempt number `attempts`: doubling, capped, less up to a quarter by jitter.

    The jitter comes from the id, so that messages spread out and every computation gives the same time.
    """
    doubled = FIRST_WAIT * float(2 ** min(attempts - 1, 16))
    spread = hashlib.sha256(f"{id}:{attempts}".encode()).digest()[0] / 255
    return min(doubled, LONGEST_WAIT) * (1 - spread / 4)


def _row(new: NewDelivery, origin: Origin, id: str, now: datetime) -> DeliveryRow:
    action = new.body.get("action") if new.kind == "switch" else None
    if new.kind == "switch" and not (isinstance(action, str) and action):
        raise UsageError(f"A message for the switch {new.target!r} needs text under `action`; given {action!r}.")
    decision = {"id": origin.decision_id, "seq": origin.seq, "head": origin.head}
    body = {**new.body, "decision": decision}
    if str(body.get("about", "")).endswith("/"):
        # It is about this very decision, whose id was not known when the body was made.
        body["about"] += origin.decision_id
    return DeliveryRow(
        id=id,
        decision_id=origin.decision_id,
        decision_seq=origin.seq,
        head=origin.head,
        rollout=origin.rollout,
        kind=new.kind,
        target=clean(new.target),
        action=action,
        body=canonical(body),
        state="waiting",
        attempts=0,
        created_at=now,
        next_at=now,
        delivered_at=None,
        last_error=None,
    )


def _supersede(session: Session, row: DeliveryRow) -> None:
    gives_way = (
        update(DeliveryRow)
        .where(col(DeliveryRow.kind) == "switch", col(DeliveryRow.state) == "waiting")
        .where(col(DeliveryRow.target) == row.target, col(DeliveryRow.rollout) == row.rollout)
        .values(state="superseded", last_error=f"superseded by {row.id}")
    )
    if row.action not in OVERRULES:
        gives_way = gives_way.where(col(DeliveryRow.action).in_(STANDINGS))
    session.exec(gives_way)


def _tried(session: Session, row: DeliveryRow) -> int:
    """The most attempts of a standing that still waits for the row's switch; 0 if none waits."""
    query = select(func.max(DeliveryRow.attempts)).where(
        DeliveryRow.kind == "switch",
        DeliveryRow.state == "waiting",
        DeliveryRow.target == row.target,
        DeliveryRow.rollout == row.rollout,
        col(DeliveryRow.action).in_(STANDINGS),
    )
    return session.exec(query).one() or 0


def _find(session: Session, id: str) -> DeliveryRow:
    row = session.exec(select(DeliveryRow).where(DeliveryRow.id == clean(id))).first()
    if row is None:
        raise UsageError(f"There is no message {id!r} in the outbox.")
    return row


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        id=row.id,
        decision_id=row.decision_id,
        rollout=row.rollout,
        kind=row.kind,
        target=row.target,
        body=json.loads(row.body),
        state=row.state,
        attempts=row.attempts,
        next_at=row.next_at,
        delivered_at=row.delivered_at,
        last_error=row.last_error,
    )
