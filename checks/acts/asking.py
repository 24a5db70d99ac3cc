"""What every act needs: a person with the role for it, and a reason."""

from __future__ import annotations

from collections.abc import Iterator

from checks.acts.refusal import Missing
from warehouse.records.people import Person, Role

LONGEST_REASON = 2000
"""Characters that a reason may have."""


def lacks(person: Person, role: Role, reason: str, *, what: str) -> Iterator[Missing]:
    """What the person or the reason lacks for an act; `what` names it as in "pause support-agent"."""
    if not person.may(role):
        held = ", ".join(person.roles) or "none"
        yield Missing(
            "role_missing",
            f"To {what}, {person.name} needs the role {role} (has: {held}); an admin gives roles.",
            "`gatehold people roles`",
        )
    if not reason.strip():
        yield Missing("reason_missing", "A reason is needed: it stands in the decision log for good.")
    elif len(reason) > LONGEST_REASON:
        yield Missing(
            "reason_too_long",
            f"The reason has {len(reason):,} characters; {LONGEST_REASON:,} are allowed. Link to the rest.",
        )
