"""`start`: put a rollout under watch at its first stage."""

from __future__ import annotations

from checks.acts import asking
from checks.acts.refusal import Missing, Refusal, of
from checks.rollout import RolloutState
from warehouse.records.people import Person


def may_start(state: RolloutState, person: Person, reason: str, *, rollout: str) -> Refusal | None:
    """None when the person may put the rollout under watch, else what is missing.

    A rollout that was retired is never started again: what was proved of it would be taken up, or forgotten, in
    silence. The next one gets another name.
    """
    missing = list(asking.lacks(person, "approver", reason, what=f"start {rollout}"))
    if state.status == "retired":
        missing.append(Missing("retired", f"{rollout} was retired; begin another rollout under another name."))
    elif state.stage:
        missing.append(
            Missing("started_before", f"{rollout} is at stage {state.stage} already; a run of the monitor enters it.")
        )
    return of(missing)
