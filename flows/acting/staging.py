"""Start, advance and retire: the stages of a rollout."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from checks.acts.advancing import may_advance
from checks.acts.refusal import Refusal
from checks.acts.retiring import may_retire
from checks.acts.starting import may_start
from checks.gates import standing
from flows.acting.writing import Draft, changed, settle, shown
from flows.knowing import Known
from warehouse.records.decisions import DecisionEntry
from warehouse.records.people import Person

if TYPE_CHECKING:
    from checks.policy import Policy
    from warehouse.people.store import People


def start(
    people: People, policy: Policy, rollout: str, person: Person, reason: str, *, now: datetime
) -> DecisionEntry | Refusal:
    """The entry that puts the rollout under watch at its first stage, or why not; a run does so as well."""

    def decide(known: Known) -> Draft | Refusal:
        refusal = may_start(known.state, person, reason, rollout=rollout)
        stage = known.stages[0]
        return refusal or Draft("start", reason, {"stage": stage, "reason": reason}, stage, switches=True)

    return settle(people, policy, rollout, person, "start", decide, now=now)


def advance(
    people: People, policy: Policy, rollout: str, person: Person, reason: str, *, now: datetime
) -> DecisionEntry | Refusal:
    """The entry that takes the rollout to its next stage, or all that stands against it."""

    def decide(known: Known) -> Draft | Refusal:
        last, stage = known.published, known.next_stage
        refusal = may_advance(
            known.state,
            last,
            known.stages,
            known.sign_offs_missing(last.release if last else None),
            person,
            reason,
            rollout=rollout,
            now=now,
        )
        if refusal is not None or last is None or stage is None:
            return refusal or Refusal("last_stage", "There is no next stage.")
        signed = sorted(known.signers(last.release))
        said = changed(last, "hold", "advanced", f"It was taken to stage {stage}; the next run says what holds there.")
        return Draft(
            "expand", reason, {"stage": stage, "reason": reason, "signed": signed}, stage, switches=True, published=said
        )

    return settle(people, policy, rollout, person, "advance", decide, now=now)


def retire(
    people: People, policy: Policy, rollout: str, person: Person, reason: str, *, now: datetime
) -> DecisionEntry | Refusal:
    """The entry that ends the watch over the rollout for good, or why not."""

    def decide(known: Known) -> Draft | Refusal:
        refusal = may_retire(known.state, person, reason, rollout=rollout)
        if refusal is not None:
            return refusal
        before = shown(known, now=now)
        ended = standing.retired(
            rollout=rollout,
            stage=before.stage,
            at=now,
            now=now,
            lease=policy.lease,
            config_digest=policy.digest,
            simulated=before.simulated,
        )
        body = {"stage": before.stage, "reason": reason, "was": known.state.status}
        return Draft("retire", reason, body, before.stage, switches=True, published=ended)

    return settle(people, policy, rollout, person, "retire", decide, now=now)
