"""Entries of the decision log, deliveries, and the standing last published for a rollout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from typing import Literal as OneOf

MONITOR = "gatehold monitor"
"""The actor of entries that no person made."""

DecisionKind = OneOf[
    "start",
    "go",
    "hold",
    "pause",
    "expand",
    "resume",
    "retire",
    "sign_off",
    "waive",
    "approve",
    "acknowledge",
    "restate",
    "erase",
    "access",
]
"""What an entry is: a standing (go, hold, pause), an act on a rollout, an act on what was found, or, with no rollout,
`access`: people, their roles and tokens changed, or an act was refused to somebody."""


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision about to be written.

    `key` makes it exist once: a second decision with the same key is not written. `body` is JSON-ready and holds the
    standing with every verdict, so that the decision can be recomputed.
    """

    key: str
    at: datetime
    rollout: str
    kind: DecisionKind
    actor: str
    summary: str
    evidence_digest: str
    config_digest: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DecisionEntry:
    """A decision as it stands in the log; `hash` covers the entry and `previous_hash`, and so all before it."""

    seq: int
    id: str
    key: str
    at: datetime
    rollout: str
    kind: DecisionKind
    actor: str
    summary: str
    evidence_digest: str
    config_digest: str
    body: Mapping[str, Any]
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A message to hand out: `target` names the switch or channel of the policy, `body` is JSON-ready."""

    kind: OneOf["switch", "alert"]
    target: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in the outbox; `id` is also its idempotency key.

    `state` is "waiting", "delivered", "superseded" (a newer message for the same switch and rollout took its place) or
    "dead" (given up; a person has to look).
    """

    id: str
    decision_id: str
    rollout: str
    kind: OneOf["switch", "alert"]
    target: str
    body: Mapping[str, Any]
    state: OneOf["waiting", "delivered", "superseded", "dead"]
    attempts: int
    next_at: datetime
    delivered_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Result of walking the decision log: `ok`, how many entries, the head hash, and the first bad entry if any."""

    ok: bool
    entries: int
    head: str
    bad_seq: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedStanding:
    """The standing last published for a rollout: a lease that ends at `valid_until`. `body` is JSON-ready."""

    rollout: str
    body: Mapping[str, Any]
    at: datetime
    valid_until: datetime

    def lapsed(self, now: datetime) -> bool:
        """True from `valid_until` on: nobody renewed it, and whoever asks must read it as `hold`."""
        return now >= self.valid_until
