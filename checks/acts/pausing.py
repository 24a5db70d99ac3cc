"""`pause`: stop a rollout, without asking for any evidence."""

from __future__ import annotations

from checks.acts import asking
from checks.acts.refusal import Missing, Refusal, of
from checks.rollout import RolloutState
from warehouse.records.people import Person


def may_pause(state: RolloutState, person: Person, reason: str, *, rollout: str) -> Refusal | None:
    """None when the person may pause the rollout, else what is missing; a rollout may be paused before its start."""
    missing = list(asking.lacks(person, "reviewer", reason, what=f"pause {rollout}"))
    if state.status == "paused":
        missing.append(Missing("paused_before", f"{rollout} is paused already; only a resume ends that."))
    if state.status == "retired":
        missing.append(Missing("retired", f"{rollout} was retired; there is nothing left to pause."))
    return of(missing)
