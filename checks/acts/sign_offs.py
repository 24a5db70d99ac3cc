"""Sign-offs: named people's approval of one stage, and whose is still missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.acts import asking
from checks.acts.refusal import Missing, Refusal, of
from checks.rollout import RolloutState
from warehouse.records.decisions import DecisionEntry
from warehouse.records.people import ROLES, Person, Role, in_order

PURPOSE = "stage"
"""What the body of a sign-off says when it approves a stage."""


@dataclass(frozen=True, slots=True)
class Needed:
    """What a stage asks for before a rollout may enter it: `people` different people with the role or one above."""

    stage: str
    role: Role
    people: int


def next_stage(state: RolloutState, stages: Sequence[str]) -> str | None:
    """The stage after the present one; None at the last one, before the start, and where the policy lacks it."""
    if state.stage not in stages or state.stage == stages[-1]:
        return None
    return stages[stages.index(state.stage) + 1]


def signed(decisions: Iterable[DecisionEntry], stage: str, release: str | None) -> dict[str, tuple[Role, ...]]:
    """Who signed the stage off for the release, with the roles they had then, in the order of the log.

    Only what was signed since the last change of state counts (a pause, a resume, another stage): people signed what
    they knew then. A sign-off of no release is one of none.
    """
    found: dict[str, tuple[Role, ...]] = {}
    for entry in decisions:
        again = entry.kind == "pause" and bool(entry.body.get("before", {}).get("paused"))
        if entry.kind in ("pause", "resume", "expand", "retire", "start") and not again:
            found.clear()
        body = entry.body
        meant = (body.get("purpose"), body.get("stage"), body.get("release")) == (PURPOSE, stage, release)
        if entry.kind == "sign_off" and meant and release is not None:
            found[str(body["person"])] = in_order(role for role in ROLES if role in body["roles"])
    return found


def missing(needed: Iterable[Needed], stage: str | None, signers: Iterable[tuple[Role, ...]]) -> tuple[str, ...]:
    """The roles whose sign-off into `stage` is missing, one for each person who has to sign; each person counts once.

    Whoever has a higher role may stand in for a lower one. Empty when the stage asks for none or is None.
    """
    asked = [role for n in needed if n.stage == stage for role in [n.role] * n.people]
    free = sorted((ROLES.index(max(roles, key=ROLES.index, default="viewer")) for roles in signers), reverse=True)
    short = []
    # The highest role first: whoever can stand for it can stand for every lower one as well.
    for role in sorted(asked, key=ROLES.index, reverse=True):
        if free and free[0] >= ROLES.index(role):
            free.pop(0)
        else:
            short.append(role)
    return tuple(short)


def may_sign_off(
    state: RolloutState,
    stages: Sequence[str],
    stage: str | None,
    release: str | None,
    needed: Iterable[Needed],
    signers: Iterable[str],
    person: Person,
    reason: str,
    *,
    rollout: str,
) -> Refusal | None:
    """None when the person may sign the rollout off for `stage`, the next one, else what is missing.

    `release` is the one that the last run judged (None: none): a sign-off is for what is known of it.
    """
    asked = [n for n in needed if n.stage == stage]
    least: Role = min((n.role for n in asked), key=ROLES.index) if asked else "approver"
    missing = list(asking.lacks(person, least, reason, what=f"sign {rollout} off"))
    following = next_stage(state, stages)
    if state.status in ("paused", "retired"):
        missing.append(Missing(state.status, f"{rollout} is {state.status}; nothing can be signed off now."))
    if stage is None or stage != following:
        allowed = f"the next stage is {following}" if following else f"there is none after {state.stage or 'no stage'}"
        missing.append(Missing("stage_not_allowed", f"Only the next stage can be signed off; {allowed}."))
    elif not asked:
        missing.append(
            Missing("not_asked", f"The policy asks for no sign-off before {stage}; add sign_offs to the rollout.")
        )
    if release is None:
        missing.append(Missing("never_run", f"No run has seen a release of {rollout} yet.", "`gatehold run`"))
    if person.name in signers:
        missing.append(Missing("signed_before", f"{person.name} has signed {stage} off already for this release."))
    return of(missing)
