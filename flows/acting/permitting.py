"""Waive and approve: exceptions, each for one gate."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from checks.acts.approving import may_approve
from checks.acts.refusal import Refusal
from checks.acts.waiving import Allowance, may_waive
from flows.acting.writing import Draft, settle
from flows.knowing import Known
from warehouse.records.decisions import DecisionEntry
from warehouse.records.people import Person

if TYPE_CHECKING:
    from checks.policy import Policy
    from warehouse.people.store import People


def waive(
    people: People,
    policy: Policy,
    rollout: str,
    person: Person,
    reason: str,
    *,
    gate: str,
    until: datetime | None,
    now: datetime,
) -> DecisionEntry | Refusal:
    """The entry that makes an exception for a gate until `until`, or why not; the next run counts it."""

    def decide(known: Known) -> Draft | Refusal:
        rules = policy.rollout(rollout).waivers
        allowed = Allowance(rules.longest, rules.role) if rules else None
        refusal = may_waive(known.state, allowed, known.forms, gate, until, person, reason, rollout=rollout, now=now)
        if refusal is not None or until is None:
            return refusal or Refusal("until_missing", "A waiver needs an end.")
        said = f"waives {gate} until {until:%Y-%m-%d %H:%M} UTC: {reason}"
        return Draft("waive", said, {"gate": gate, "reason": reason, "until": until.isoformat()})

    return settle(people, policy, rollout, person, "waive a gate of", decide, now=now)


def approve(
    people: People, policy: Policy, rollout: str, person: Person, reason: str, *, gate: str, now: datetime
) -> DecisionEntry | Refusal:
    """The entry that accepts the present form of a gate that became looser in a breach, or why not."""

    def decide(known: Known) -> Draft | Refusal:
        refusal = may_approve(known.loosened, known.breached, gate, person, reason, rollout=rollout)
        if refusal is not None:
            return refusal
        loosened = next(one for one in known.loosened if one.gate == gate)
        broke, form = known.record.breaches[gate].form, known.forms.get(gate)
        body = {
            "gate": gate,
            "form": loosened.digest,
            "how": list(loosened.how),
            "then": broke.to_json() if broke else None,
            "now": form.to_json() if form else None,
            "reason": reason,
        }
        return Draft("approve", f"approves that {gate} became looser ({'; '.join(loosened.how)}): {reason}", body)

    return settle(people, policy, rollout, person, "approve a gate of", decide, now=now)
