"""`acknowledge`: say that a person has seen a decision and is on it, so that nobody is reminded of it any more."""

from __future__ import annotations

from collections.abc import Sequence

from checks.acts import asking
from checks.acts.refusal import Missing, Refusal, of
from warehouse.records.decisions import DecisionEntry
from warehouse.records.people import Person

STANDINGS = frozenset({"pause", "hold", "restate"})
"""What can be acknowledged: what may ask for people."""


def newest(decisions: Sequence[DecisionEntry]) -> DecisionEntry | None:
    """The newest decision that can be acknowledged; None when there is none."""
    return next((e for e in reversed(decisions) if e.kind in STANDINGS), None)


def acknowledged(decisions: Sequence[DecisionEntry], id: str) -> str | None:
    """Who acknowledged the decision first; None when nobody did."""
    found = (e for e in decisions if e.kind == "acknowledge" and e.body.get("decision") == id)
    return next((str(e.body.get("person")) for e in found), None)


def may_acknowledge(
    decisions: Sequence[DecisionEntry], about: DecisionEntry | None, person: Person, reason: str, *, rollout: str
) -> Refusal | None:
    """None when the person may acknowledge the decision of this rollout, else what is missing."""
    missing = list(asking.lacks(person, "reviewer", reason, what=f"acknowledge a decision of {rollout}"))
    if about is None:
        missing.append(
            Missing(
                "no_such_decision",
                f"{rollout} has no such decision; the decision log lists those that it has.",
                f"`gatehold log show --rollout {rollout}`",
            )
        )
    elif about.kind not in STANDINGS:
        missing.append(
            Missing(
                "not_acknowledged", f"Decision {about.seq} is a {about.kind}; only {_listed()} can be acknowledged."
            )
        )
    elif by := acknowledged(decisions, about.id):
        missing.append(Missing("acknowledged_before", f"{by} has acknowledged decision {about.seq} already."))
    return of(missing)


def _listed() -> str:
    return ", ".join(sorted(STANDINGS))
