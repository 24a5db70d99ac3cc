"""How much each bet grows in one window, from the exact values of the window's units."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checks.evidence import badness
from checks.evidence.bets import stakes
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError
from warehouse.records.metrics import UnitCount


@dataclass(frozen=True, slots=True)
class WindowGrowth:
    """What one window adds to a gate's evidence; the fields of the ledger row that the values decide.

    `breach` and `passing` are natural logs of the growth of each bet that the gate is over, and within, its limit;
    `counts` is what else the kind of gate keeps.
    """

    units: int
    scored: int
    total_low: int
    total_high: int
    breach: tuple[float, ...]
    passing: tuple[float, ...]
    counts: tuple[int, ...] = ()


def window_growth(units: Sequence[UnitCount], gate: GateSpec) -> WindowGrowth:
    """The growth of the gate's bets over the units of one window; zeros when there are none.

    Missing values count as harmless for the breach and as harmful for the pass (partial identification), so neither
    is ever proved by what nobody scored. The order of `units` and the way they are split do not matter, bit for bit.
    With unit "window" the whole window is one unit that has the mean of its items.

    Raises:
        CheckError: the gate has no usable range or limit, a value is outside the range, or a count is negative.
    """
    limit = badness.limit_of(gate)
    counts = merged(units, gate)
    if gate.unit == "window" and counts:
        counts = _window_mean(counts)
    ends = [(*badness.least_and_most(gate, low, high), count) for (low, high, _), count in counts.items()]
    return WindowGrowth(
        units=sum(counts.values()),
        scored=sum(count for (_, _, scored), count in counts.items() if scored),
        total_low=sum(low * count for (low, _, _), count in counts.items()),
        total_high=sum(high * count for (_, high, _), count in counts.items()),
        breach=log_growth(((least, n) for least, _, n in ends), limit, stakes(limit)),
        passing=log_growth(((1.0 - most, n) for _, most, n in ends), 1.0 - limit, stakes(1.0 - limit)),
    )


def log_growth(values: Iterable[tuple[float, int]], limit: float, stakes: Sequence[float]) -> tuple[float, ...]:
    """Per stake, the sum of ln(1 + stake (x - limit)) over (x, count) pairs, rounded once, in any order.

    `x` is in [0, 1], `limit` in (0, 1), every stake in [0, 1/limit). No values give zeros.
    """
    pairs = [(x - limit, count) for x, count in values]
    return tuple(math.fsum(count * math.log1p(stake * excess) for excess, count in pairs) for stake in stakes)


def merged(units: Sequence[UnitCount], gate: GateSpec) -> dict[tuple[int, int, bool], int]:
    """How many units have which value: (low, high, scored) in millionths -> count, in order.

    Raises:
        CheckError: a count is negative.
    """
    counts: Counter[tuple[int, int, bool]] = Counter()
    for unit in units:
        counts[unit.low, unit.high, unit.scored] += unit.count
    if any(count < 0 for count in counts.values()):
        raise CheckError(
            f"Gate {gate.key} met a negative number of units, which the summary of a window cannot hold. "
            "Summarise the window again."
        )
    return {value: counts[value] for value in sorted(counts) if counts[value]}


def _window_mean(counts: dict[tuple[int, int, bool], int]) -> dict[tuple[int, int, bool], int]:
    number = sum(counts.values())
    low = round(sum(low * count for (low, _, _), count in counts.items()) / number)
    high = round(sum(high * count for (_, high, _), count in counts.items()) / number)
    return {(low, high, any(scored for _, _, scored in counts)): 1}
