"""Every act on a rollout as it stands now, with what stands against it before anybody tries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from checks.acts import acknowledging, agreeing
from checks.acts.acknowledging import may_acknowledge
from checks.acts.advancing import may_advance
from checks.acts.approving import may_approve
from checks.acts.pausing import may_pause
from checks.acts.refusal import Missing, Refusal
from checks.acts.resuming import Mend, may_resume
from checks.acts.retiring import may_retire
from checks.acts.sign_offs import may_sign_off
from checks.acts.starting import may_start
from checks.acts.waiving import Allowance, may_waive
from dashboards.board.ports import Field, Possible
from flows.acting.resuming import broken
from flows.knowing import Known
from warehouse.records.people import Person

ANY = "to be filled in"
"""A reason and a link that stand for those to come."""
FILLED_IN = frozenset(
    {"reason_missing", "mended_missing", "mended_at_missing", "until_missing", "evidence_before_mend"}
)
"""What depends on what is filled in, and so is told when it was."""
NOBODY = Person("Somebody", ("admin",))
"""Who stands for everybody while nobody is signed in: what stands against them stands against all."""


def acts(known: Known, person: Person | None, now: datetime) -> tuple[Possible, ...]:
    """Every act; for nobody, what stands against anybody."""
    who = person or NOBODY
    return tuple(_possible(known, who, now))


def _possible(known: Known, who: Person, now: datetime) -> Iterator[Possible]:
    yield Possible(
        "pause",
        "Pause",
        "Stop it at once; it waits for no run.",
        _missing(may_pause(known.state, who, ANY, rollout=known.rollout)),
    )
    yield _resume(known, who, now)
    yield _confirm(known, who, now)
    yield _sign_off(known, who)
    yield _advance(known, who, now)
    yield _acknowledge(known, who)
    yield _waive(known, who, now)
    if known.loosened:
        yield _approve(known, who)
    if not known.state.stage:
        yield Possible(
            "start",
            "Start",
            "Put it under watch at its first stage.",
            _missing(may_start(known.state, who, ANY, rollout=known.rollout)),
        )
    yield Possible(
        "retire",
        "Retire",
        "End the watch for good; nothing follows on it.",
        _missing(may_retire(known.state, who, ANY, rollout=known.rollout)),
    )


def _resume(known: Known, who: Person, now: datetime) -> Possible:
    people = known.policy.rollout(known.rollout).resumes.people
    means = "End the pause." if people == 1 else "Propose to end the pause; another person has to confirm it."
    found = may_resume(
        known.state, known.published, known.stages, known.state.stage, broken(known, now), Mend(ANY, known.state.since),
        who, ANY, rollout=known.rollout, now=now,
    )  # fmt: skip
    earlier = known.stages[: known.stages.index(known.state.stage) + 1] if known.state.stage in known.stages else ()
    fields = (
        Field("mended", "What was mended", "text", "A link to the change or the ticket."),
        Field("mended_at", "When it was in place", "time", "UTC."),
        Field("stage", "Stage to resume at", "choice", "", tuple(reversed(earlier))),
    )
    return Possible("resume", "Resume", means, _missing(found), fields)


def _confirm(known: Known, who: Person, now: datetime) -> Possible:
    found = agreeing.proposal(known.entries)
    release = known.published.release if known.published else None
    missing = list(agreeing.may_confirm(found, who, release, rollout=known.rollout, now=now))
    means = "End the pause as another person has proposed it."
    if found is not None:
        means += f" Proposed by {found.person}: {found.reason} (mended: {found.mend.link})"
        again = may_resume(
            known.state, known.published, known.stages, found.stage, broken(known, now), found.mend, who, ANY,
            rollout=known.rollout, now=now,
        )  # fmt: skip
        missing += again.missing if again else ()
    return Possible("confirm", "Confirm a resume", means, tuple(dict.fromkeys(missing)))


def _sign_off(known: Known, who: Person) -> Possible:
    release = known.published.release if known.published else None
    found = may_sign_off(
        known.state, known.stages, known.next_stage, release, known.needed, known.signers(release), who, ANY,
        rollout=known.rollout,
    )  # fmt: skip
    where = known.next_stage or "the next stage"
    return Possible("sign_off", "Sign off", f"Approve {where} for the release that is judged now.", _missing(found))


def _advance(known: Known, who: Person, now: datetime) -> Possible:
    last = known.published
    found = may_advance(
        known.state, last, known.stages, known.sign_offs_missing(last.release if last else None), who, ANY,
        rollout=known.rollout, now=now,
    )  # fmt: skip
    means = f"Take it to {known.next_stage}." if known.next_stage else "Take it to the next stage."
    return Possible("advance", "Advance", means, _missing(found))


def _acknowledge(known: Known, who: Person) -> Possible:
    about = acknowledging.newest(known.entries)
    found = may_acknowledge(known.entries, about, who, ANY, rollout=known.rollout)
    what = f"decision {about.seq} ({about.kind})" if about else "the newest decision"
    means = f"Say that you have seen {what} and are on it; reminders end."
    return Possible("acknowledge", "Acknowledge", means, _missing(found))


def _waive(known: Known, who: Person, now: datetime) -> Possible:
    rules = known.policy.rollout(known.rollout).waivers
    allowed = Allowance(rules.longest, rules.role) if rules else None
    gates = tuple(sorted(known.forms))
    until = now + rules.longest if rules else None
    found = may_waive(
        known.state, allowed, known.forms, gates[0] if gates else "", until, who, ANY, rollout=known.rollout, now=now
    )
    fields = (Field("gate", "Gate", "choice", "", gates), Field("until", "Until", "time", "UTC."))
    return Possible(
        "waive", "Waive a gate", "An exception for one gate, which ends by itself.", _missing(found), fields
    )


def _approve(known: Known, who: Person) -> Possible:
    gates = tuple(one.gate for one in known.loosened)
    found = may_approve(known.loosened, known.breached, gates[0], who, ANY, rollout=known.rollout)
    means = "Accept that a gate became looser, or left the policy, in a breach."
    return Possible(
        "approve", "Approve a looser gate", means, _missing(found), (Field("gate", "Gate", "choice", "", gates),)
    )


def _missing(found: Refusal | None) -> tuple[Missing, ...]:
    return tuple(one for one in found.missing if one.code not in FILLED_IN) if found else ()
