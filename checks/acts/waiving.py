"""`waive`: a signed, reasoned exception for one gate, which ends by itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.acts import asking
from checks.acts.refusal import Missing, Refusal, of
from checks.rollout import RolloutState
from warehouse.records.people import Person, Role


@dataclass(frozen=True, slots=True)
class Allowance:
    """The waivers that a policy allows: no longer than `longest`, given by `role` or above."""

    longest: timedelta
    role: Role


def may_waive(
    state: RolloutState,
    allowed: Allowance | None,
    gates: Collection[str],
    gate: str,
    until: datetime | None,
    person: Person,
    reason: str,
    *,
    rollout: str,
    now: datetime,
) -> Refusal | None:
    """None when the person may waive the gate until `until`, else what is missing.

    `gates` are the rollout's gates by name. Without an allowance in the policy there are no waivers.
    """
    missing = list(asking.lacks(person, allowed.role if allowed else "approver", reason, what=f"waive {gate}"))
    if state.status == "retired":
        missing.append(Missing("retired", f"{rollout} was retired; there is nothing left to waive."))
    if gate not in gates:
        missing.append(Missing("no_such_gate", f"{rollout} has no gate {gate}; it has {', '.join(sorted(gates))}."))
    if allowed is None:
        missing.append(
            Missing(
                "no_waivers",
                f"The policy allows no waivers for {rollout}; it would say so under `waivers` (longest, role).",
            )
        )
    if until is None:
        missing.append(Missing("until_missing", "A waiver needs an end.", "--until TIME or --for LENGTH"))
    elif until <= now:
        missing.append(Missing("until_past", f"A waiver until {until:%Y-%m-%d %H:%M} UTC would have ended already."))
    elif allowed is not None and until > now + allowed.longest:
        latest = now + allowed.longest
        missing.append(
            Missing(
                "too_long",
                f"The policy lets a waiver last until {latest:%Y-%m-%d %H:%M} UTC at the longest; "
                f"{until:%Y-%m-%d %H:%M} UTC is later.",
            )
        )
    return of(missing)
