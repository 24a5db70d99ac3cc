"""`advance`: take a rollout to its next stage, on a standing of go and with the sign-offs that the policy asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from checks.acts import asking
from checks.acts.refusal import Missing, Refusal, of
from checks.gates.records import Standing
from checks.rollout import RolloutState
from warehouse.records.people import Person

HARMLESS = frozenset({"sign_off_missing", "waived"})
"""Reasons of a hold that no gate gives: what is missing of sign-offs is counted anew when somebody advances."""


def may_advance(
    state: RolloutState,
    standing: Standing | None,
    stages: Sequence[str],
    sign_offs_missing: Sequence[str],
    person: Person,
    reason: str,
    *,
    rollout: str,
    now: datetime,
) -> Refusal | None:
    """None when the rollout may go to its next stage at `now`, else all that stands against it.

    `sign_offs_missing` names the roles whose sign-off into the next stage is missing now. A hold for nothing but
    sign-offs that were given since counts as go.
    """
    missing = list(asking.lacks(person, "approver", reason, what=f"advance {rollout}"))
    if standing is None:
        missing.append(Missing("never_run", f"No run has looked at {rollout} yet.", "`gatehold run`"))
    missing += _of_state(state, stages, rollout)
    if standing is not None and state.status == "active":
        missing += _of_standing(state, standing, now)
    missing += [
        Missing(
            "sign_off_missing",
            f"The sign-off of one more {role} is missing.",
            f"`gatehold rollout sign-off {rollout}`",
        )
        for role in sign_offs_missing
    ]
    return of(missing)


def _of_state(state: RolloutState, stages: Sequence[str], rollout: str) -> Iterator[Missing]:
    if state.status == "retired":
        yield Missing("retired", f"{rollout} was retired; it goes nowhere any more.")
    if state.status == "paused":
        yield Missing("paused", f"{rollout} is paused; find the cause and resume it first.")
    if not state.stage:
        yield Missing(
            "not_started", f"{rollout} has not been started; a run enters it, or start it first.", "`gatehold run`"
        )
    elif state.stage not in stages:
        yield Missing("unknown_stage", f"Stage {state.stage} is not one of {', '.join(stages)}; mend the policy.")
    elif state.stage == stages[-1]:
        yield Missing("last_stage", f"{state.stage} is the last stage of {rollout}; there is none to go to.")


def _of_standing(state: RolloutState, standing: Standing, now: datetime) -> Iterator[Missing]:
    if (standing.rollout, standing.stage) != (state.rollout, state.stage):
        yield Missing(
            "other_stage",
            f"The standing is for {standing.rollout} at stage {standing.stage}, but {state.rollout} is at "
            f"{state.stage}; wait for the next run of the monitor.",
        )
    if not standing.at <= now < standing.valid_until:
        yield Missing(
            "lease_lapsed",
            f"The standing is valid from {standing.at:%Y-%m-%d %H:%M} to {standing.valid_until:%Y-%m-%d %H:%M} UTC; "
            "run the monitor again.",
        )
    if standing.standing == "pause" and state.status != "paused":
        yield Missing("not_go", f"The standing is pause: {standing.reasons[0].detail}")
    elif standing.standing == "hold":
        for reason in standing.reasons:
            if reason.code not in HARMLESS:
                yield Missing("not_go", f"{reason.gate}: {reason.detail}" if reason.gate else reason.detail)
