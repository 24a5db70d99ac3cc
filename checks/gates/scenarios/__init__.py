"""Simulated windows of a gate: what they would bring if the true value were some share of the limit.

Each kind of gate has a module of its own; what a unit is worth is never computed here but folded by the gate's kind.
"""

from __future__ import annotations

from checks.gates.scenarios import arms, assisted, bins, scores, values
from checks.gates.scenarios.traffic import Scenario, Traffic
from checks.gates.spec import GateSpec


def at(gate: GateSpec, traffic: Traffic, share: float) -> Scenario | None:
    """Windows whose true value lies at `share` of the limit (1: at it, 2: twice as bad); None where none can be.

    As badness, except for odds ratios and differences, where 0 means that both arms are alike.

    Raises:
        CheckError: the gate lacks what its kind needs.
    """
    if gate.test == "distribution":
        return bins.at(gate, traffic, share)
    if gate.test in ("odds_ratio", "rate_difference"):
        return arms.at(gate, traffic, share)
    if gate.test == "score_difference":
        return scores.at(gate, traffic, share)
    if gate.kind == "assisted":
        return assisted.at(gate, traffic, share)
    return values.at(gate, traffic, share)
