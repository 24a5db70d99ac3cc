"""People's acts on a rollout: each is checked, named, reasoned, and an entry of the decision log, or it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from checks import rollout as rollouts
from checks.gates import codec
from flows import deciding, notices
from warehouse.people import log
from warehouse.records.decisions import DecisionEntry, DecisionKind, NewDecision

if TYPE_CHECKING:
    from checks.gates.records import Standing
    from checks.policy import Policy
    from checks.rollout import Refusal
    from flows.stores import Stores


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, and in which role."""

    name: str
    role: str


def expand(
    stores: Stores, policy: Policy, rollout: str, people: Sequence[Person], reason: str, *, now: datetime
) -> DecisionEntry | Refusal:
    """The entry that takes the rollout to its next stage, or why it may not go there."""
    last = deciding.last_standing(stores, rollout)
    if last is None:
        return rollouts.Refusal("never_run", f"No run has looked at {rollout} yet.")
    state = deciding.state_of(stores, rollout)
    stages = policy.rollout(rollout).stages
    refusal = rollouts.may_expand(state, last, stages, now)
    if refusal is not None:
        return refusal
    stage = stages[stages.index(state.stage) + 1]
    return _write(stores, policy, rollout, "expand", people, reason, last, stage=stage, now=now)


def resume(
    stores: Stores, policy: Policy, rollout: str, people: Sequence[Person], reason: str, *, stage: str, now: datetime
) -> DecisionEntry | Refusal:
    """The entry that ends a pause, at `stage` (the present one or an earlier one), or why the pause stays."""
    last = deciding.last_standing(stores, rollout)
    known = deciding.known(stores, rollout)
    waived = {waiver.gate for waiver in known.waivers if now < waiver.until}
    refusal = rollouts.may_resume(
        known.state,
        last,
        policy.rollout(rollout).stages,
        stage,
        len(people),
        now,
        breached=[gate for gate in known.breached if gate not in waived],
    )
    if refusal is not None:
        return refusal
    return _write(stores, policy, rollout, "resume", people, reason, last, stage=stage, now=now)


def _write(
    stores: Stores,
    policy: Policy,
    rollout: str,
    kind: DecisionKind,
    people: Sequence[Person],
    reason: str,
    last: Standing | None,
    *,
    stage: str,
    now: datetime,
) -> DecisionEntry | Refusal:
    named = " and ".join(f"{person.name} ({person.role})" for person in people)
    new = NewDecision(
        key=f"{kind}/{rollout}/{now.isoformat()}",
        at=now,
        rollout=rollout,
        kind=kind,
        actor=named,
        summary=f"{named}: {reason}",
        evidence_digest=last.evidence_digest if last else "",
        config_digest=policy.digest,
        body={
            "stage": stage,
            "people": [asdict(person) for person in people],
            "reason": reason,
            "standing_seen": codec.standing_to_json(last) if last else None,
        },
    )
    told = notices.to_switch(policy, last, action=kind, stage=stage, reason=reason, until=None) if last else []
    return log.append(stores.people, new, told) or rollouts.Refusal("done_before", "This act is in the log already.")
