"""The kinds of gates whose evidence accumulates, each in a module of its own."""

from __future__ import annotations

from checks.gates.kinds import distribution, limit, odds_ratio, rate_difference, score_difference
from checks.gates.kinds.port import Kind
from checks.gates.spec import GateSpec

_KINDS: dict[str, Kind] = {
    "limit": limit.LIMIT,
    "reference": limit.LIMIT,
    "odds_ratio": odds_ratio.ODDS_RATIO,
    "rate_difference": rate_difference.RATE_DIFFERENCE,
    "score_difference": score_difference.SCORE_DIFFERENCE,
    "distribution": distribution.DISTRIBUTION,
}


def of(gate: GateSpec) -> Kind:
    """The kind of a gate with evidence."""
    return _KINDS[gate.test]
