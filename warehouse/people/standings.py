"""The standing last published for each rollout: a lease that lapses to `hold` when nobody renews it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, select

from warehouse.people.canonical import canonical
from warehouse.people.models import StandingRow
from warehouse.people.store import People
from warehouse.records.decisions import PublishedStanding
from warehouse.records.errors import UsageError


def publish(people: People, rollout: str, body: Mapping[str, Any], *, at: datetime, valid_until: datetime) -> bool:
    """True when published; False when a standing of a later `at` was there, which is kept.

    Raises:
        UsageError: a time is naive, `valid_until` lies before `at`, or `body` is not JSON (NaN included).
    """
    with people.write() as session:
        return put(session, PublishedStanding(rollout, body, at, valid_until))


def put(session: Session, standing: PublishedStanding) -> bool:
    """As `publish`, inside a transaction that the caller holds."""
    if standing.at.tzinfo is None or standing.valid_until.tzinfo is None or standing.valid_until < standing.at:
        raise UsageError(
            f"The standing of {standing.rollout} is given from {standing.at} until {standing.valid_until}; "
            "both need a time zone, and it must end no earlier than it begins."
        )
    row = session.get(StandingRow, standing.rollout)
    if row is not None and row.at > standing.at:
        return False
    session.merge(
        StandingRow(
            rollout=standing.rollout,
            body=canonical(standing.body),
            at=standing.at.astimezone(UTC),
            valid_until=standing.valid_until.astimezone(UTC),
        )
    )
    return True


def latest(people: People) -> dict[str, PublishedStanding]:
    """The standing last published, by rollout, lapsed ones included: ask `lapsed(now)`. Empty when none ever was."""
    with people.read() as session:
        rows = session.exec(select(StandingRow).order_by(StandingRow.rollout)).all()
        return {
            row.rollout: PublishedStanding(row.rollout, json.loads(row.body), row.at, row.valid_until) for row in rows
        }
