"""Acts as forms of the board ask for them: texts become moments and choices, and the act is done or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from checks.acts.refusal import Refusal, refuse
from flows import acting
from warehouse.records.decisions import DecisionEntry
from warehouse.records.errors import UsageError
from warehouse.records.people import Person

if TYPE_CHECKING:
    from checks.policy import Policy
    from warehouse.people.store import People

Given = Mapping[str, str]
Act = Callable[["People", "Policy", str, Person, Given, datetime], "DecisionEntry | Refusal"]


def perform(
    people: People, policy: Policy, act: str, rollout: str, person: Person, given: Given, *, now: datetime
) -> DecisionEntry | Refusal:
    """The entry of the act, or why it was refused.

    Raises:
        UsageError: there is no such act or rollout.
    """
    if act not in ACTS:
        raise UsageError(f"There is no act of that name; there are {', '.join(ACTS)}.")
    try:
        return ACTS[act](people, policy, rollout, person, given, now)
    except ValueError as error:
        return refuse("not_understood", str(error))


def _pause(
    people: People, policy: Policy, rollout: str, person: Person, given: Given, now: datetime
) -> DecisionEntry | Refusal:
    return acting.pause(people, policy, rollout, person, _reason(given), now=now)


def _start(
    people: People, policy: Policy, rollout: str, person: Person, given: Given, now: datetime
) -> DecisionEntry | Refusal:
    return acting.start(people, policy, rollout, person, _reason(given), now=now)


def _advance(
    people: People, policy: Policy, rollout: str, person: Person, given: Given, now: datetime
) -> DecisionEntry | Refusal:
    return acting.advance(people, policy, rollout, person, _reason(given), now=now)


def _retire(
    people: People, policy: Policy, rollout: str, person: Person, given: Given, now: datetime
) -> DecisionEntry | Refusal:
    return acting.retire(people, policy, rollout, person, _reason(given), now=now)


def _confirm(
    people: People, policy: Policy, rollout: str, person: Person, given: Given, now: datetime
) -> DecisionEntry | Refusal:
    return acting.confirm(people, policy, rollout, person, _reason(given), now=now)


def _sign_off(
    people: People, policy: Policy, rollout: str, person: Person, given: Given, now: datetime
) -> DecisionEntry | Refusal:
    return acting.sign_off(people, policy, rollout, person, _reason(given), now=now)


def _acknowledge(
    people: People, policy: Policy, rollout: str, person: Person, given: Given, now: datetime
) -> DecisionEntry | Refusal:
    return acting.acknowledge(
        people, policy, rollout, person, _reason(given), decision=given.get("decision") or None, now=now
    )


def _approve(
    people: People, policy: Policy, rollout: str, person: Person, given: Given, now: datetime
) -> DecisionEntry | Refusal:
    return acting.approve(people, policy, rollout, person, _reason(given), gate=given.get("gate", ""), now=now)


def _waive(
    people: People, policy: Policy, rollout: str, person: Person, given: Given, now: datetime
) -> DecisionEntry | Refusal:
    until = _moment(given, "until")
    return acting.waive(
        people, policy, rollout, person, _reason(given), gate=given.get("gate", ""), until=until, now=now
    )


def _resume(
    people: People, policy: Policy, rollout: str, person: Person, given: Given, now: datetime
) -> DecisionEntry | Refusal:
    return acting.resume(
        people,
        policy,
        rollout,
        person,
        _reason(given),
        mended=given.get("mended", ""),
        mended_at=_moment(given, "mended_at"),
        stage=given.get("stage") or None,
        now=now,
    )


ACTS: Mapping[str, Act] = {
    "start": _start,
    "advance": _advance,
    "pause": _pause,
    "resume": _resume,
    "confirm": _confirm,
    "sign_off": _sign_off,
    "waive": _waive,
    "approve": _approve,
    "acknowledge": _acknowledge,
    "retire": _retire,
}


def _reason(given: Given) -> str:
    return given.get("reason", "").strip()


def _moment(given: Given, name: str) -> datetime | None:
    """A moment as forms write it, UTC where it names no offset."""
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:60]!r} is not a moment; write it like 2026-03-30T14:00 (UTC).") from None
