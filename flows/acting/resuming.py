"""Resume: end a pause, alone or as the first or second of two people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from checks.acts import agreeing, breaches
from checks.acts.agreeing import Proposal, may_confirm
from checks.acts.refusal import Missing, Refusal, of
from checks.acts.resuming import Broken, Mend, may_resume
from flows.acting.writing import Draft, changed, settle, shown
from flows.knowing import Known
from warehouse.records.decisions import DecisionEntry
from warehouse.records.people import Person

if TYPE_CHECKING:
    from checks.policy import Policy
    from warehouse.people.store import People


def resume(
    people: People,
    policy: Policy,
    rollout: str,
    person: Person,
    reason: str,
    *,
    mended: str,
    mended_at: datetime | None,
    stage: str | None = None,
    now: datetime,
) -> DecisionEntry | Refusal:
    """The entry that ends a pause, or all that stands against it.

    `mended` links to what was mended and `mended_at` is when it was in place; `stage` is the present one (None) or an
    earlier one. Where the policy asks for two people, the entry is a proposal (kind `sign_off`) that another person has
    to `confirm`.
    """
    mend = Mend(mended, mended_at)

    def decide(known: Known) -> Draft | Refusal:
        to = stage or known.state.stage
        refusal = _refused(known, to, mend, person, reason, now)
        if refusal is not None:
            return refusal
        body = _body(to, reason, mend)
        rules = policy.rollout(rollout).resumes
        if rules.people == 1:
            return _resumed(known, to, reason, body, [person], now)
        until = now + rules.within
        waits = f"proposes to resume at {to} until {until:%Y-%m-%d %H:%M} UTC: {reason}"
        return Draft("sign_off", waits, {**body, "purpose": agreeing.PURPOSE, "until": until.isoformat()})

    return settle(people, policy, rollout, person, "resume", decide, now=now)


def confirm(
    people: People, policy: Policy, rollout: str, person: Person, reason: str, *, now: datetime
) -> DecisionEntry | Refusal:
    """The entry that ends a pause as another person proposed it, or all that stands against it now."""

    def decide(known: Known) -> Draft | Refusal:
        found = agreeing.proposal(known.entries)
        release = known.published.release if known.published else None
        missing = list(may_confirm(found, person, release, rollout=rollout, now=now))
        if found is None:
            return of(missing) or Refusal("no_proposal", "There is no proposal.")
        again = _refused(known, found.stage, found.mend, person, reason, now)
        if again is not None or missing:
            rest: Sequence[Missing] = again.missing if again else ()
            return of([*missing, *rest]) or Refusal("no_proposal", "There is no proposal.")
        first = Person(found.person, found.roles)
        body = {**_body(found.stage, reason, found.mend), **_of_proposal(found)}
        return _resumed(known, found.stage, reason, body, [first, person], now)

    return settle(people, policy, rollout, person, "confirm a resume of", decide, now=now)


def _refused(known: Known, stage: str, mend: Mend, person: Person, reason: str, now: datetime) -> Refusal | None:
    return may_resume(
        known.state,
        known.published,
        known.stages,
        stage,
        broken(known, now),
        mend,
        person,
        reason,
        rollout=known.rollout,
        now=now,
    )


def broken(known: Known, now: datetime) -> Broken:
    """What broke when the present pause began, and what keeps it from ending."""
    waived = frozenset(waiver.gate for waiver in known.waivers if now < waiver.until)
    began = _began(known.entries)
    stored: Mapping[str, Any] = began.body.get("standing", {}) if began else {}
    release = (stored or began.body).get("release") if began else None
    by_itself = breaches.broken(stored) if stored else set()
    return Broken(
        release=release,
        gates=frozenset(by_itself | set(known.breached)),
        waived=waived,
        on_record=tuple(gate for gate in known.breached if gate not in waived),
        loosened=tuple(one.gate for one in known.loosened),
    )


def _began(entries: Sequence[DecisionEntry]) -> DecisionEntry | None:
    """The entry that began the present pause: the monitor's, which carries a standing, or a person's."""
    found = None
    for entry in reversed(entries):
        if entry.kind == "resume":
            break
        found = entry if entry.kind == "pause" else found
    return found


def _resumed(
    known: Known, stage: str, reason: str, body: Mapping[str, Any], acting: Sequence[Person], now: datetime
) -> Draft:
    named = " and ".join(one.named for one in acting)
    said = changed(shown(known, now=now), "hold", "resumed", f"Resumed by {named}; the next run says what holds.")
    return Draft("resume", reason, body, stage, switches=True, published=said, people=acting)


def _body(stage: str, reason: str, mend: Mend) -> dict[str, Any]:
    at = mend.at.isoformat() if mend.at else None
    return {"stage": stage, "reason": reason, "mended": mend.link, "mended_at": at}


def _of_proposal(found: Proposal) -> dict[str, Any]:
    return {"proposal": found.id, "proposed_because": found.reason}
