"""Who is asking: the person behind a token, and a note in the decision log of everything that was refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from checks.acts.refusal import Missing, Refusal, refuse
from warehouse.people import accounts, log
from warehouse.records.decisions import NewDecision
from warehouse.records.people import Person, Unknown

if TYPE_CHECKING:
    from warehouse.people.store import People

VARIABLE = "GATEHOLD_TOKEN"
"""The environment variable that holds the token: options and arguments stand in lists of processes."""

NOBODY = "nobody known"
"""How the log names whoever could not be told."""

FIRST_PERSON = (
    "Nobody may act yet: there is no account. Add the first one, an admin, with "
    '`gatehold people add "Your Name" --role admin`, then `gatehold people token "Your Name"`.'
)
_SAID = {
    "token_unknown": "The token is not one that was issued here, or not whole.",
    "token_expired": "The token of {person} ({token}) has ended; an admin issues another.",
    "token_revoked": "The token of {person} ({token}) was revoked; an admin issues another.",
    "inactive": "{person} is inactive and may do nothing.",
}
_MENDED_BY = dict.fromkeys(("token_expired", "token_revoked"), "`gatehold people token`")


def identify(
    people: People, environment: Mapping[str, str], *, act: str, now: datetime, rollout: str = ""
) -> Person | Refusal:
    """The person whose token the environment holds, else why nobody may act; a bad token is noted in the log."""
    token = environment.get(VARIABLE, "").strip()
    if accounts.none_yet(people):
        return refuse("no_accounts", FIRST_PERSON)
    if not token:
        return refuse(
            "token_missing",
            f"Who acts is told by a token in the environment variable {VARIABLE}; an admin issues one.",
            "`gatehold people token NAME`",
        )
    return of_token(people, token, act=act, now=now, rollout=rollout)


def of_token(people: People, token: str, *, act: str, now: datetime, rollout: str = "") -> Person | Refusal:
    """The person whose token it is, else why it names nobody who may act, which is noted in the log."""
    found = accounts.who(people, token, now=now)
    if isinstance(found, Person):
        return found
    said = _SAID[found.code].format(person=found.person, token=found.token)
    refusal = refuse(found.code, said, _MENDED_BY.get(found.code, ""))
    note(people, _named(found), refusal.missing[0], act=act, rollout=rollout, now=now)
    return refusal


def refused(people: People, person: Person, refusal: Refusal, *, act: str, rollout: str, now: datetime) -> Refusal:
    """The refusal, after a note of it in the log: one for each person, reason and minute, so that no loop fills it."""
    missing = refusal.missing[0] if refusal.missing else Missing(refusal.code, refusal.detail)
    note(people, person.named, missing, act=act, rollout=rollout, now=now, token=person.token)
    return refusal


def lacks_role(people: People, person: Person, *, act: str, now: datetime) -> Refusal | None:
    """Why the person may not manage people; None for an admin."""
    if person.may("admin"):
        return None
    held = ", ".join(person.roles) or "none"
    refusal = refuse("role_missing", f"To {act}, {person.name} needs the role admin (has: {held}).")
    return refused(people, person, refusal, act=act, rollout="", now=now)


def _named(found: Unknown) -> str:
    return found.person or NOBODY


def note(people: People, who: str, missing: Missing, *, act: str, rollout: str, now: datetime, token: str = "") -> None:
    """Note in the log that something was refused: once for each person, reason and minute, so that no loop fills it."""
    about = f" {rollout}" if rollout else ""
    new = NewDecision(
        key=f"access/refused/{who}/{missing.code}/{now:%Y-%m-%dT%H:%M}",
        at=now,
        rollout="",
        kind="access",
        actor=who,
        summary=f"Refused to {act}{about}: {missing.detail}",
        evidence_digest="",
        config_digest="",
        body={"change": "refused", "act": act, "rollout": rollout, "code": missing.code, "token": token},
    )
    log.append(people, new)
