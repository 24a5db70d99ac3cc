"""`retire`: end the watch over a rollout for good."""

from __future__ import annotations

from checks.acts import asking
from checks.acts.refusal import Missing, Refusal, of
from checks.rollout import RolloutState
from warehouse.records.people import Person


def may_retire(state: RolloutState, person: Person, reason: str, *, rollout: str) -> Refusal | None:
    """None when the person may end the rollout, paused or not, else what is missing; retired is final."""
    missing = list(asking.lacks(person, "approver", reason, what=f"retire {rollout}"))
    if state.status == "retired":
        missing.append(Missing("retired", f"{rollout} was retired already."))
    return of(missing)
