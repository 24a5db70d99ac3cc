"""A resume that needs two people: the first proposes it, the second confirms it before the proposal ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from checks.acts.refusal import Missing
from checks.acts.resuming import Mend
from warehouse.records.decisions import DecisionEntry
from warehouse.records.errors import LedgerError
from warehouse.records.people import Person, Role

PURPOSE = "resume"
"""What the body of a sign-off says when it proposes a resume."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A resume that waits for a second person until `until`; `release` is the one that was judged then."""

    id: str
    person: str
    roles: tuple[Role, ...]
    reason: str
    stage: str
    mend: Mend
    release: str | None
    until: datetime


def proposal(decisions: Sequence[DecisionEntry]) -> Proposal | None:
    """The newest proposal to end the present pause, ended or not; None when nobody made one since it began.

    Raises:
        LedgerError: the entry lacks what a proposal says.
    """
    for entry in reversed(decisions):
        if entry.kind in ("pause", "resume", "retire") and not _says_again(entry):
            return None
        if entry.kind == "sign_off" and entry.body.get("purpose") == PURPOSE:
            return _read(entry)
    return None


def may_confirm(
    found: Proposal | None, person: Person, release: str | None, *, rollout: str, now: datetime
) -> Iterator[Missing]:
    """What keeps the person from confirming: no proposal, their own, one that ended, or one for another release."""
    if found is None:
        yield Missing(
            "no_proposal",
            f"Nobody has proposed to resume {rollout} yet; another person has to do so first.",
            "without --confirm",
        )
        return
    if found.person == person.name:
        yield Missing("same_person", f"{person.name} proposed it; a second, different person has to confirm it.")
    if now >= found.until:
        yield Missing(
            "proposal_ended",
            f"The proposal of {found.person} ended at {found.until:%Y-%m-%d %H:%M} UTC; propose it again.",
        )
    if release != found.release:
        yield Missing(
            "release_changed", "Another release is judged than when the resume was proposed; propose it again."
        )


def _says_again(entry: DecisionEntry) -> bool:
    """Whether an entry of a pause only says anew that the rollout is paused, as runs of the monitor do."""
    return entry.kind == "pause" and bool(entry.body.get("before", {}).get("paused"))


def _read(entry: DecisionEntry) -> Proposal:
    body = entry.body
    try:
        return Proposal(
            id=entry.id,
            person=body["person"],
            roles=tuple(body["roles"]),
            reason=body["reason"],
            stage=body["stage"],
            mend=Mend(body["mended"], datetime.fromisoformat(body["mended_at"])),
            release=body["release"],
            until=datetime.fromisoformat(body["until"]),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise LedgerError(f"Decision {entry.seq} (sign_off) is no whole proposal to resume: {problem}") from None
