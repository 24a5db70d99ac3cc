"""Pause: stop a rollout at once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from checks.acts.pausing import may_pause
from checks.acts.refusal import Refusal
from flows.acting.writing import Draft, changed, settle, shown
from flows.knowing import Known
from warehouse.records.decisions import DecisionEntry
from warehouse.records.people import Person

if TYPE_CHECKING:
    from checks.policy import Policy
    from warehouse.people.store import People


def pause(
    people: People, policy: Policy, rollout: str, person: Person, reason: str, *, now: datetime
) -> DecisionEntry | Refusal:
    """The entry that pauses the rollout, or why not: seen at once by whoever asks, and told to switch and channels."""

    def decide(known: Known) -> Draft | Refusal:
        refusal = may_pause(known.state, person, reason, rollout=rollout)
        if refusal is not None:
            return refusal
        before = shown(known, now=now)
        stopped = changed(before, "pause", "paused", f"Paused by {person.named}: {reason}")
        return Draft(
            "pause",
            reason,
            {"stage": before.stage, "reason": reason},
            before.stage,
            switches=True,
            published=stopped,
            alert="pause",
        )

    return settle(people, policy, rollout, person, "pause", decide, now=now)
