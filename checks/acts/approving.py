"""`approve`: accept that a gate became looser, or left the policy, while a breach of it was on record."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from checks.acts import asking
from checks.acts.breaches import Loosened
from checks.acts.refusal import Missing, Refusal, of
from warehouse.records.people import Person


def may_approve(
    loosened: Sequence[Loosened], on_record: Collection[str], gate: str, person: Person, reason: str, *, rollout: str
) -> Refusal | None:
    """None when the person may approve the present form of the gate, else what is missing.

    `loosened` are the gates whose present form needs an approval, `on_record` those with a breach on record.
    """
    missing = list(asking.lacks(person, "approver", reason, what=f"approve a looser {gate}"))
    if gate not in on_record:
        missing.append(
            Missing(
                "no_breach_on_record", f"No breach of {gate} is on record in {rollout}; there is nothing to approve."
            )
        )
    elif gate not in {one.gate for one in loosened}:
        missing.append(
            Missing("not_loosened", f"{gate} is no looser than when it broke, or its form was approved already.")
        )
    return of(missing)
