"""Windows of two arms with good and bad units: odds ratios and differences of rates.

The number of units of an arm is its mean in every window, or random where it is small; bad units are independent.
"""

from __future__ import annotations

import numpy as np

from checks.evidence import badness
from checks.evidence.arms import margin, odds
from checks.evidence.arms.counts import ArmCounts
from checks.evidence.bets import BETS
from checks.evidence.waiting import Draw
from checks.gates.kinds import odds_ratio
from checks.gates.scenarios import scores
from checks.gates.scenarios.traffic import Floats, Integers, Scenario, Side, Traffic, Values
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError

_STEADY = 20.0
"""From so many units per window on their number is taken to be the same in every window."""


def at(gate: GateSpec, traffic: Traffic, share: float) -> Scenario | None:
    """Windows in which the candidate is as bad as `share` of the limit says; None when no rate is.

    An odds ratio above 1 is reached in equal steps of its logarithm from 1 on; beyond it, and where the limit is at
    most 1, `share` multiplies it.

    Raises:
        CheckError: nobody knows the control's rate.
    """
    usual = _usual(gate, traffic)
    if gate.test == "odds_ratio":
        tolerated = odds_ratio.tolerated(gate)
        theta = tolerated**share if tolerated > 1.0 and share <= 1.0 else tolerated * share
        rate = theta * usual / (1.0 - usual + theta * usual)
        value = theta if gate.direction == "at_most" else 1.0 / theta
    else:
        sign = 1.0 if gate.direction == "at_most" else -1.0
        rate = usual + scores.difference(sign * gate.limit, share, usual)
        value = sign * (rate - usual)
    if not 0.0 < rate < 1.0:
        return None
    return Scenario(value, *(_draw(gate, traffic, usual, rate, side) for side in ("breach", "passing")))


def _usual(gate: GateSpec, traffic: Traffic) -> float:
    """The control's rate of bad units."""
    if traffic.expected is not None:
        rate = badness.of_value(gate, traffic.expected)
    elif past := traffic.control_values or traffic.values:
        rate = _bad(gate, past)
    elif gate.typical is not None:
        rate = badness.of_value(gate, gate.typical)
    else:
        raise CheckError(
            f"Gate {gate.key} compares arms, and there is no traffic yet to tell the control's rate. "
            "Give the rate to expect with --rate."
        )
    if not 0.0 < rate < 1.0:
        raise CheckError(
            f"The control arm of gate {gate.key} has {100 * rate:g} % bad units, and a ratio to that cannot be "
            "planned. Give the rate to expect with --rate."
        )
    return rate


def _bad(gate: GateSpec, values: Values) -> float:
    scored = [(badness.least_and_most(gate, *key[:2])[0] > 0.0, n) for key, n in values.items() if key[2]]
    return sum(n for bad, n in scored if bad) / max(1, sum(n for _, n in scored))


def _draw(gate: GateSpec, traffic: Traffic, usual: float, rate: float, side: Side) -> Draw:
    def sizes(rng: np.random.Generator, mean: float, number: int) -> Integers:
        return np.full(number, round(mean)) if mean >= _STEADY else rng.poisson(mean, number)

    def draw(rng: np.random.Generator, runs: int, gaps: Integers) -> Floats:
        windows = runs * int(gaps.sum())
        n_a, n_b = sizes(rng, traffic.control, windows), sizes(rng, traffic.units, windows)
        table, place = _distinct(np.column_stack([n_a, rng.binomial(n_a, usual), n_b, rng.binomial(n_b, rate)]))
        growth, place = _growths(gate, table, side), place.reshape(runs, -1)
        ends = np.cumsum(gaps)
        looks = [growth[place[:, end - gap : end]].sum(axis=1) for gap, end in zip(gaps, ends, strict=True)]
        return np.stack(looks, axis=1)

    return draw


def _distinct(table: Integers) -> tuple[Integers, Integers]:
    """The distinct rows, and for each row of `table` which of them it is."""
    most = table.max(axis=0) + 1 if len(table) else np.ones(4, dtype=np.int64)
    keys = np.ravel_multi_index(tuple(table.T), tuple(most.tolist()))
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    return table[first], place.ravel()


def _growths(gate: GateSpec, table: Integers, side: Side) -> Floats:
    """The growth of each window; windows in rows, as (n_control, k_control, n_candidate, k_candidate)."""
    if gate.test == "odds_ratio":
        theta = odds_ratio.tolerated(gate)
        bets = odds.bets(theta) if side == "breach" else odds.passing_bets(theta)
        return np.asarray(odds.log_growths(table, theta, bets), dtype=np.float64)
    if gate.typical is None:
        raise CheckError(f"Gate {gate.key} compares rates and lacks typical, the control's rate to expect.")
    delta = gate.limit if gate.direction == "at_most" else -gate.limit
    typical, which = badness.of_value(gate, gate.typical), 0 if side == "breach" else 1
    grown = np.zeros((len(table), BETS))
    sizes, place = np.unique(table[:, [0, 2]], axis=0, return_inverse=True)
    for number, (n_a, n_b) in enumerate(sizes.tolist()):
        if not (n_a and n_b):
            continue
        mine = place.ravel() == number
        # Given the sizes of the arms, every bad unit adds the same.
        none, one_a, one_b = (
            np.array(margin.log_growth(ArmCounts(n_a, k_a, n_b, k_b), delta, typical)[which])
            for k_a, k_b in ((0, 0), (1, 0), (0, 1))
        )
        grown[mine] = none + table[mine, 1:2] * (one_a - none) + table[mine, 3:4] * (one_b - none)
    return grown
