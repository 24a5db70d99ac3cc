"""Heads of decisions, read without their bodies: a minute-wise look at the log must not parse years of evidence."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import func
from sqlmodel import SQLModel

from warehouse.people import models
from warehouse.people.store import People
from warehouse.records.decisions import DecisionKind
from warehouse.records.headlines import Headline

_HEAD = ("seq", "id", "at", "rollout", "kind", "actor", "summary", "hash")
_INNER = {
    "stage": "$.standing.stage",
    "new_stage": "$.stage",
    "simulated": "$.standing.simulated",
    "seen_simulated": "$.standing_seen.simulated",
    "decision": "$.decision",
}


def headlines(
    people: People,
    *,
    kinds: Collection[DecisionKind] | None = None,
    rollout: str | None = None,
    since: datetime | None = None,
    last: int | None = None,
) -> list[Headline]:
    """Heads of the entries in order, of these kinds, this rollout and not before `since`; [] if there are none.

    `last` gives only the newest so many.
    """
    table = SQLModel.metadata.tables[models.DecisionRow.__tablename__].columns
    inner = {name: func.json_extract(table["body"], path) for name, path in _INNER.items()}
    query = sqlalchemy.select(
        *(table[name] for name in _HEAD),
        func.coalesce(inner["stage"], inner["new_stage"], ""),
        func.coalesce(inner["simulated"], inner["seen_simulated"], 0),
        inner["decision"],
    ).order_by(table["seq"].desc())
    if kinds is not None:
        query = query.where(table["kind"].in_(sorted(kinds)))
    if rollout is not None:
        query = query.where(table["rollout"] == rollout)
    if since is not None:
        query = query.where(table["at"] >= since)
    with people.read() as session:
        found = session.connection().execute(query.limit(last)).all()
    return [_headline(row) for row in reversed(found)]


def _headline(row: sqlalchemy.Row[Any]) -> Headline:
    *head, stage, simulated, decision = row
    named = dict(zip(_HEAD, head, strict=True))
    acknowledges = str(decision) if named["kind"] == "acknowledge" else None
    return Headline(**named, stage=str(stage), simulated=bool(simulated), acknowledges=acknowledges)
