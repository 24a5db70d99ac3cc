"""Sign-off and acknowledgement: what a person answers for with their name."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from checks.acts import acknowledging, sign_offs
from checks.acts.refusal import Refusal
from flows.acting.writing import Draft, settle
from flows.knowing import Known
from warehouse.records.decisions import DecisionEntry
from warehouse.records.people import Person

if TYPE_CHECKING:
    from checks.policy import Policy
    from warehouse.people.store import People


def sign_off(
    people: People,
    policy: Policy,
    rollout: str,
    person: Person,
    reason: str,
    *,
    stage: str | None = None,
    now: datetime,
) -> DecisionEntry | Refusal:
    """The entry that approves the next stage (`stage`, if named) for the present release, or why not."""

    def decide(known: Known) -> Draft | Refusal:
        to = stage or known.next_stage
        release = known.published.release if known.published else None
        refusal = sign_offs.may_sign_off(
            known.state,
            known.stages,
            to,
            release,
            known.needed,
            known.signers(release),
            person,
            reason,
            rollout=rollout,
        )
        said = f"signs off {to} for release {release}: {reason}"
        return refusal or Draft("sign_off", said, {"purpose": sign_offs.PURPOSE, "stage": to, "reason": reason})

    return settle(people, policy, rollout, person, "sign off", decide, now=now)


def acknowledge(
    people: People,
    policy: Policy,
    rollout: str,
    person: Person,
    reason: str,
    *,
    decision: str | None = None,
    now: datetime,
) -> DecisionEntry | Refusal:
    """The entry that says the person is on it, or why not.

    `decision` is a number or id (or the beginning of one); None for the newest that asks for people.
    """

    def decide(known: Known) -> Draft | Refusal:
        about = acknowledging.newest(known.entries) if decision is None else _named(known, decision)
        refusal = acknowledging.may_acknowledge(known.entries, about, person, reason, rollout=rollout)
        if refusal is not None or about is None:
            return refusal or Refusal("no_such_decision", "There is no such decision.")
        said = f"is on decision {about.seq} ({about.kind}): {reason}"
        return Draft("acknowledge", said, {"decision": about.id, "seq": about.seq, "reason": reason})

    return settle(people, policy, rollout, person, "acknowledge a decision of", decide, now=now)


def _named(known: Known, decision: str) -> DecisionEntry | None:
    found = [e for e in known.entries if str(e.seq) == decision] or [
        e for e in known.entries if decision and e.id.startswith(decision)
    ]
    return found[0] if len(found) == 1 else None
