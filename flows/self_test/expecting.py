"""Expecting: what planted traffic must come to, as a rule apart from running it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.self_test.records import Seen, Story

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec

ANYTHING_BUT_BREACH = frozenset({"pass", "insufficient", "blocked"})
NEVER_SPEAKS = frozenset({"insufficient"})

_TOLD: dict[Story, str] = {
    "healthy": "healthy traffic",
    "declined": "a planted decline",
    "control_declined": "a decline planted in the control arm only",
    "equal_arms": "equal arms",
}


@dataclass(frozen=True, slots=True)
class Must:
    """Outcomes and standings that a story must end with; `waits` is true where more of it may bring them about."""

    outcomes: frozenset[str]
    standings: frozenset[str]
    waits: bool


def must(gate: GateSpec, story: Story) -> Must:
    """What the story must come to at the gate, and at a rollout that has no other gate.

    A value that only stands for people's word (`judged: proxy`) neither passes nor breaches whatever the traffic. Of a
    decline in the control arm, and of equal arms, nothing is asked but that they never speak against the candidate.
    """
    if gate.judged == "proxy":
        return Must(NEVER_SPEAKS, frozenset({"hold"}), waits=False)
    if story == "healthy":
        return Must(frozenset({"pass"}), frozenset({"go"}), waits=True)
    if story == "declined":
        return Must(frozenset({"breach"}), frozenset({gate.on_breach}), waits=True)
    return Must(ANYTHING_BUT_BREACH, frozenset({"go", "hold"}), waits=False)


def goes_on(gate: GateSpec, story: Story, seen: Seen) -> bool:
    """Whether more of the same traffic may still bring about what must come; a wrong word is final."""
    wanted = must(gate, story)
    missing = seen.outcome not in wanted.outcomes
    final = ("breach", "error") if story == "healthy" else ("error",)
    return wanted.waits and missing and seen.outcome not in final


def trouble(gate: GateSpec, story: Story, seen: Seen, *, rows: int) -> str | None:
    """Why the gate failed the story, in one or two sentences; None when it came out as it must."""
    wanted = must(gate, story)
    if seen.outcome not in wanted.outcomes:
        return f"{_wrong(gate, story, seen, rows)} It said: {seen.detail}"
    if seen.standing not in wanted.standings:
        said = " or ".join(sorted(wanted.standings))
        return (
            f"On {_TOLD[story]} it came to {seen.outcome} as it must, but its rollout to {seen.standing} "
            f"instead of {said}."
        )
    return None


def _wrong(gate: GateSpec, story: Story, seen: Seen, rows: int) -> str:
    if gate.judged == "proxy":
        return f"A judge's word that only stands for people's came to {seen.outcome} on {_TOLD[story]}."
    if story == "control_declined" and seen.outcome == "breach":
        return "A decline planted in the control arm only came out as a breach: the arms are exchanged."
    if story == "declined":
        return f"A decline planted in {rows:,} rows was missed ({seen.outcome})."
    if seen.outcome == "breach":
        return f"It breached on {_TOLD[story]}."
    return f"It came to {seen.outcome} after {rows:,} rows of {_TOLD[story]}."
