"""Writing an act down: with its consequences, in one transaction, and only on the log that it was judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from checks.acts.refusal import Refusal, refuse
from checks.gates import codec, standing
from checks.gates.records import Reason, Standing, StandingKind
from flows import access, knowing, notices
from flows.knowing import Known
from warehouse.people import log
from warehouse.records.decisions import DecisionEntry, DecisionKind, NewDecision, NewDelivery, PublishedStanding
from warehouse.records.errors import MovedOnError
from warehouse.records.people import Person

if TYPE_CHECKING:
    from checks.policy import Policy
    from warehouse.people.store import People

TRIES = 5
"""How often an act is judged anew when the log goes on meanwhile."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An act that nothing stands against: its kind, what the log says of it, and what follows.

    `said` is its summary; `stage` is told to the switch when `switches` is true. `published` is what the
    rollout may do from now on, until the next run; None leaves what the last run said.
    """

    kind: DecisionKind
    said: str
    body: Mapping[str, Any]
    stage: str = ""
    switches: bool = False
    published: Standing | None = None
    alert: str | None = None
    people: Sequence[Person] = field(default=())


def settle(
    people: People,
    policy: Policy,
    rollout: str,
    person: Person,
    act: str,
    decide: Callable[[Known], Draft | Refusal],
    *,
    now: datetime,
) -> DecisionEntry | Refusal:
    """The entry of an act, or why it is refused; `decide` looks again when somebody else acted meanwhile.

    Raises:
        UsageError: the policy has no such rollout.
        MovedOnError: others acted again and again meanwhile.
    """
    for attempt in range(TRIES):
        known = knowing.known(people, policy, rollout)
        found = decide(known)
        if isinstance(found, Refusal):
            return access.refused(people, person, found, act=act, rollout=rollout, now=now)
        try:
            return _write(people, known, person, found, now=now)
        except MovedOnError:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def shown(known: Known, *, now: datetime) -> Standing:
    """The standing last published; before the first run, one that says nothing and has lapsed."""
    if known.published is not None:
        return known.published
    nothing = standing.decide(
        rollout=known.rollout,
        stage=known.state.stage or known.stages[0],
        release=None,
        verdicts=(),
        paused=False,
        now=now,
        lease=known.policy.lease,
        config_digest=known.policy.digest,
        simulated=False,
    )
    return replace(nothing, valid_until=now)


def changed(before: Standing, kind: StandingKind, code: str, detail: str) -> Standing:
    """The standing with another kind and a first reason; what gates said at the last run, and until when, stays."""
    of_gates = [reason for reason in before.reasons if reason.gate]
    return replace(before, standing=kind, reasons=(Reason(code, detail), *of_gates))


def _write(people: People, known: Known, person: Person, draft: Draft, *, now: datetime) -> DecisionEntry | Refusal:
    acting = tuple(draft.people) or (person,)
    named = " and ".join(one.named for one in acting)
    before = shown(known, now=now)
    new = NewDecision(
        key=f"{draft.kind}/{known.rollout}/{person.name}/{now.isoformat()}",
        at=now,
        rollout=known.rollout,
        kind=draft.kind,
        actor=named,
        summary=draft.said,
        evidence_digest=known.published.evidence_digest if known.published else "",
        config_digest=known.policy.digest,
        body={
            **draft.body,
            "person": person.name,
            "roles": list(person.roles),
            "token": person.token,
            "people": [{"name": one.name, "role": one.role} for one in acting],
            "release": before.release,
            "standing_seen": codec.standing_to_json(known.published) if known.published else None,
        },
    )
    entry = log.append(
        people, new, _told(known, draft, before, now), standing=_published(known, draft, now), seen=known.seen
    )
    return entry or refuse("done_before", "This act is in the log already.")


def _told(known: Known, draft: Draft, before: Standing, now: datetime) -> list[NewDelivery]:
    """What switch and channels hear of the act."""
    current = replace(draft.published or before, at=now, stage=draft.stage or before.stage)
    told = []
    if draft.switches:
        told += notices.to_switch(
            known.policy, current, action=draft.kind, stage=current.stage, reason=draft.said, until=None
        )
    if draft.alert is not None:
        told += notices.to_channels(known.policy, current, event=draft.alert, summary=f"{draft.alert}: {draft.said}")
    return told


def _published(known: Known, draft: Draft, now: datetime) -> PublishedStanding | None:
    if draft.published is None:
        return None
    body = {"standing": codec.standing_to_json(draft.published)}
    return PublishedStanding(known.rollout, body, now, max(now, draft.published.valid_until))
