"""Windows of two arms with graded scores: the candidate's are the control's, moved by a share of the margin."""

from __future__ import annotations

from checks.evidence import badness
from checks.gates.scenarios import values
from checks.gates.scenarios.traffic import Mixture, Scenario, Traffic, unit
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError


def at(gate: GateSpec, traffic: Traffic, share: float) -> Scenario | None:
    """Windows in which the candidate is worse by `share` of the margin; None when that is beyond the range."""
    if gate.candidate_share is None:
        raise CheckError(f"Gate {gate.key} compares mean scores and lacks candidate_share.")
    low, high = badness.bounds(gate)
    margin = gate.limit / (high - low) * (1.0 if gate.direction == "at_most" else -1.0)
    usual = usually(gate, traffic)
    worse = usual + difference(margin, share, usual)
    if not (0.0 < usual < 1.0 and 0.0 < worse < 1.0):
        return None
    past = traffic.control_values or traffic.values
    units, chances = [], []
    for mean, candidate, part in ((usual, False, 1.0 - gate.candidate_share), (worse, True, gate.candidate_share)):
        x, weights = values.law(gate, past, mean)
        for value, weight in zip(x.tolist(), weights.tolist(), strict=True):
            one = (unit(values.to_micros(gate, value)),)
            units.append((one, ()) if candidate else ((), one))
            chances.append(part * weight)
    made = Mixture(gate, tuple(units), tuple(chances), traffic.units + traffic.control)
    return made.scenario((worse - usual) * (high - low) * (1.0 if gate.direction == "at_most" else -1.0))


def usually(gate: GateSpec, traffic: Traffic) -> float:
    """The control's mean badness: as expected by somebody, else of the past, else the gate's `typical`."""
    if traffic.expected is not None:
        return badness.of_value(gate, traffic.expected)
    past = traffic.control_values or traffic.values
    scored = [(badness.least_and_most(gate, *key[:2])[0], n) for key, n in past.items() if key[2]]
    if scored:
        return sum(x * n for x, n in scored) / sum(n for _, n in scored)
    return badness.of_value(gate, gate.typical) if gate.typical is not None else 0.5


def difference(margin: float, share: float, usual: float) -> float:
    """The difference at `share` of the margin; of a margin that is not above 0, counted in the control's badness."""
    return share * margin if margin > 0.0 else margin + (share - 1.0) * usual
