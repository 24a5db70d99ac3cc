"""Decisions, messages and stores that several tests use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flows.channels.port import alert_body
from flows.switches.port import switch_body
from warehouse.people import log
from warehouse.people.store import People
from warehouse.records.decisions import DecisionEntry, DecisionKind, NewDecision, NewDelivery

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def decision(
    key: str, *, kind: DecisionKind = "hold", rollout: str = "support", at: datetime = NOW, **body: Any
) -> NewDecision:
    return NewDecision(key, at, rollout, kind, "gatehold", f"why {key}", "e1", "c1", body)


def switch(
    action: str, *, target: str = "deploy", at: datetime = NOW, valid_until: datetime | None = None
) -> NewDelivery:
    body = switch_body(
        action=action,
        stage="pilot",
        release="r1",
        reason="harm: limit exceeded",
        at=at,
        valid_until=valid_until,
        simulated=True,
    )
    return NewDelivery("switch", target, body)


def alert(event: str = "pause", *, target: str = "on-call", facts: Mapping[str, str] | None = None) -> NewDelivery:
    body = alert_body(event=event, summary="The rollout is paused.", at=NOW, simulated=True, facts=facts)
    return NewDelivery("alert", target, body)


def written(people: People, key: str, *deliveries: NewDelivery, **given: Any) -> DecisionEntry:
    entry = log.append(people, decision(key, **given), deliveries)
    assert entry is not None
    return entry


def long_log(folder: Path, entries: int = 6) -> tuple[int, str]:
    """A log with a few entries of two rollouts; returns its head."""
    with People.open(folder) as people:
        for number in range(entries):
            at = NOW + timedelta(hours=number)
            last = written(people, f"k{number}", rollout=f"r{number % 2}", at=at, value=number / 3, text="né 漢 \x00")
    return last.seq, last.hash
