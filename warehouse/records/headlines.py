"""The head of a decision: what alerts and lists need of it, without the evidence in its body."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from warehouse.records.decisions import MONITOR, DecisionKind


@dataclass(frozen=True, slots=True)
class Headline:
    """One entry of the decision log without its body.

    `stage` is the stage it speaks of ('' for none), `simulated` whether its traffic was, `acknowledges` the id of the
    decision that an acknowledgement takes on (None for any other entry).
    """

    seq: int
    id: str
    at: datetime
    rollout: str
    kind: DecisionKind
    actor: str
    summary: str
    hash: str
    stage: str = ""
    simulated: bool = False
    acknowledges: str | None = None

    @property
    def by_person(self) -> bool:
        """True when a person made it, not the monitor."""
        return self.actor != MONITOR
