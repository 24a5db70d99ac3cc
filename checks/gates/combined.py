"""What the gates of a rollout prove together, and which of them to look at first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from checks.evidence import budget, many
from checks.gates.records import Verdict

TRIAGE_ERROR = 0.1
"""At most this share of the gates on the triage list is there wrongly, on average."""

LIFE = 10
"""Releases over which the wrong pauses to expect are told."""


@dataclass(frozen=True, slots=True)
class Combined:
    """Evidence (ln) of all gates that may pause, weighted by their budgets, and what it must reach.

    `most` is the gate that brings most of it, None without any such gate. `budget` is a sentence: how often a healthy
    release is paused wrongly.
    """

    evidence: float | None
    proof: float | None
    proved: bool
    most: str | None
    sentence: str
    budget: str


def of(verdicts: Sequence[Verdict]) -> Combined:
    """What the unwaived gates that may pause prove together.

    Each gate's weight is its share of the sum of alphas, so that a gate that proves a breach by itself also proves it
    here; evidence is what it is now, not what it was at its highest.
    """
    mine = [(v, v.evidence_breach, v.proof_breach) for v in verdicts if v.on_breach == "pause" and v.weighs]
    known = [(v, e, p) for v, e, p in mine if e is not None and p is not None and not v.waived]
    alphas = [v.alpha for v in verdicts if v.alpha is not None and v.on_breach == "pause"]
    if not known:
        return Combined(None, None, False, None, "", _budget(verdicts, alphas))
    evidence = many.combined([e for _, e, _ in known], [math.exp(-p) for _, _, p in known])
    proof = -math.log(math.fsum(math.exp(-p) for _, _, p in known))
    ordered = sorted(known, key=lambda k: (k[2] - k[1], k[0].gate))
    # What a breach that is not waived proves by itself is that gate's own reason.
    proved = evidence >= proof and len(known) > 1
    return Combined(evidence, proof, proved, ordered[0][0].gate, _sentence(ordered), _budget(verdicts, alphas))


def triage(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """The gates whose evidence now speaks of a breach (e-BH), the strongest first; empty when none does."""
    known = sorted(
        ((v.gate, v.evidence_breach) for v in verdicts if v.evidence_breach is not None and v.weighs),
        key=lambda pair: (-pair[1], pair[0]),
    )
    return tuple(known[i][0] for i in many.e_bh([evidence for _, evidence in known], TRIAGE_ERROR))


def _sentence(ordered: Sequence[tuple[Verdict, float, float]]) -> str:
    """Which gates bring the proof, with how far each has come by itself."""
    parts = [f"{v.gate} ({100 * min(1.0, max(0.0, e / p)):.0f} % of the way)" for v, e, p in ordered[:3]]
    return (
        f"No gate proves a breach by itself, but together they do: mostly {', '.join(parts)}. Their evidence adds up "
        "because a healthy release would hardly ever show so much of it at once."
    )


def _budget(verdicts: Sequence[Verdict], alphas: Sequence[float]) -> str:
    """How often a healthy release is paused wrongly, and what to expect over the life of the service."""
    if not verdicts or not alphas:
        return ""
    return f"{budget.of_rollout(verdicts[0].rollout, alphas)} {budget.of_releases(alphas, LIFE)}"
