"""Renewing a lease: the standing published anew, and the switches that understand time told of its new end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from warehouse.people import log, outbox, standings
from warehouse.people.models import DecisionRow, DeliveryRow
from warehouse.people.store import People
from warehouse.records.decisions import NewDelivery, PublishedStanding
from warehouse.records.errors import UsageError

KEPT = timedelta(days=7)
"""How long a renewal that was told stays in the outbox."""


def renew(
    people: People, standing: PublishedStanding, message: NewDelivery | None = None, *, seen: int | None = None
) -> str | None:
    """The id of the message written with the renewed standing, in one transaction; None if none was written.

    None is written without a `message`, when a later standing was published already, when no decision of the rollout
    exists that it could refer to, and when the same lease was told before: a run that died and is repeated says nothing
    twice. The message refers to the rollout's newest decision, so receivers learn the log's newest head, and its id is
    "<decision id>-until-<end of the lease>". Settled renewals older than `KEPT` are removed. `seen` is as for
    `log.append`.

    Raises:
        MovedOnError: somebody acted on the rollout after `seen`.
        UsageError: the message is not for a switch, a time is naive, or a body is not JSON.
    """
    if message is not None and message.kind != "switch":
        raise UsageError(f"A lease is renewed at a switch; the message is of kind {message.kind!r}.")
    with people.write() as session:
        if seen is not None:
            log.nothing_since(session, standing.rollout, seen)
        if not standings.put(session, standing) or message is None:
            return None
        origin = _newest(session, standing.rollout)
        if origin is None:
            return None
        _forget(session, message.target, standing)
        id = f"{origin.decision_id}{outbox.RENEWAL}{_compact(standing.valid_until)}"
        if session.exec(select(DeliveryRow.number).where(DeliveryRow.id == id)).first() is not None:
            return None
        return outbox.put(session, message, origin, id, now=standing.at).id


def _forget(session: Session, target: str, standing: PublishedStanding) -> None:
    """Remove what nobody asks for any more: a row an hour for ever would outgrow all else."""
    old = delete(DeliveryRow).where(
        col(DeliveryRow.id).contains(outbox.RENEWAL),
        col(DeliveryRow.state).in_(("delivered", "superseded")),
        col(DeliveryRow.target) == target,
        col(DeliveryRow.rollout) == standing.rollout,
        col(DeliveryRow.created_at) < standing.at - KEPT,
    )
    session.exec(old)


def _newest(session: Session, rollout: str) -> outbox.Origin | None:
    query = select(DecisionRow).where(DecisionRow.rollout == rollout).order_by(col(DecisionRow.seq).desc()).limit(1)
    row = session.exec(query).first()
    return None if row is None else outbox.Origin(row.id, row.seq, row.hash, rollout)


def _compact(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
