"""Few labels of people beside many verdicts of a judge, joined so that no judge can mislead (prediction-powered).

Row i carries the judge's verdict, which puts it into a stratum f. Whether it is chosen for people is decided by a draw:
with a probability pi that may depend on f and on anything known before, and that is written down before the label is
seen. A chosen row gets the label Y, 0 or 1. With a pinned calibration g(f) the row is worth

    Z = g(f) + [chosen] (Y - g(f)) / pi,        E[Z | past] = E[Y | past]        for any judge and any g,

because the draw is independent of Y given what was known before it. So "the mean of Z is at most the limit" says the
same as "people would find at most that share", whatever the judge does: a judge that drifts or goes blind costs delay,
never validity. A good calibration, g(f) = the share that people find true among rows of stratum f, makes Z vary least.
The gate is then a mean against a limit in the range of Z (`ends`), served by `growth`, `interval` and the monitor as
any other; that range follows from g and the smallest pi of each stratum, pinned with the gate's configuration.

Labels that are not there. A chosen row without a label when its window is folded counts with Y = 0 for the breach and
Y = 1 for the pass (partial identification): dropping it would favour the rows that people answer quickly. A row that
was not chosen and whose written chance is below the smallest one allowed could not be chosen: it is what people would
have said, between 0 and 1. A row that was chosen with a chance that is missing, too small or above 1 cannot be weighed,
nor can one that does not say whether it was chosen: the whole range. A label on a row that was not chosen is not used,
for somebody picked it.

It is assumed that rows were really chosen with the chances that are written down. If people get no more rows, every
row is worth the judge's calibrated verdict, and nothing in Z tells; `lack` finds it from counts.

Sources: Angelopoulos et al., Prediction-powered inference (Science 2023); Zrnic and Candes, Active statistical
inference (ICML 2024), for pi that follows the judge; Csillag et al., Prediction-powered e-values (ICML 2025), for
betting on Z.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checks.evidence import growth
from warehouse.records.errors import CheckError
from warehouse.records.metrics import SCALE

SHARE = (0.0, 1.0)
"""What the mean of Z is: a share of rows. The limit of a gate lies inside it; Z itself reaches beyond, both ways."""

MOST_STRATA = 10
"""Strata of a judge whose verdict is a number."""

_PRIOR = 1.0
"""Labels that the overall share is worth when a stratum's own share is pulled towards it."""
_DIGITS = 6
_LEAST_KNOWN = 0.5


@dataclass(frozen=True, slots=True)
class Scheme:
    """What is pinned: per stratum the calibration and the smallest chance to be chosen, and the rest's calibration.

    `unpredicted` is the calibration of rows of which the judge says nothing; they are chosen with the smallest chance
    of all strata or more.
    """

    calibration: tuple[float, ...]
    least_chance: tuple[float, ...]
    unpredicted: float


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of one stratum: how many, the sum of 1 / pi over them, and that sum over those that people found true."""

    number: int
    weight: float
    true_weight: float


@dataclass(frozen=True, slots=True)
class Draws:
    """What some span holds: rows, rows chosen, of those the labelled, and the sum of 1 / pi over the labelled.

    Chosen rows whose chance cannot be used count as chosen and not as labelled.
    """

    rows: int
    chosen: int
    labelled: int
    weight: float


def ends(scheme: Scheme) -> tuple[float, float]:
    """The smallest and the largest value that Z can have; they reach to 0 and 1 at least.

    Raises:
        CheckError: a calibration is outside [0, 1], a smallest chance not in (0, 1], or their numbers differ.
    """
    parts = [*_strata(scheme), (scheme.unpredicted, min(scheme.least_chance, default=0.0))]
    for g, chance in parts:
        if not (0.0 <= g <= 1.0 and 0.0 < chance <= 1.0):
            raise CheckError(
                f"A stratum has the calibration {g:g} and the smallest chance {chance:g}; a calibration is from 0 to "
                "1, a chance above 0 and at most 1."
            )
    return min(worth(g, chance, 0) for g, chance in parts), max(worth(g, chance, 1) for g, chance in parts)


def worth(g: float, chance: float, label: float) -> float:
    """Z of a row that was chosen with `chance` and labelled; a row that was not chosen is worth `g`."""
    return g + (label - g) / chance


def row(
    scheme: Scheme, stratum: int | None, chosen: bool | None, chance: float | None, label: bool | None
) -> tuple[float, float, bool]:
    """The least and the most that one row is worth, and whether it has a value (then they are equal).

    `stratum` counts from 0, None where the judge says nothing. This is the rule that the warehouse carries out in SQL.
    """
    g = scheme.unpredicted if stratum is None else scheme.calibration[stratum]
    least = min(scheme.least_chance) if stratum is None else scheme.least_chance[stratum]
    usable = chance is not None and least <= chance <= 1.0
    if chosen and usable and chance is not None:
        low, high = (worth(g, chance, y) for y in ((label, label) if label is not None else (0, 1)))
        return low, high, label is not None
    if chosen is False:
        return (g, g, True) if usable or chance is None else (*SHARE, False)
    return (*ends(scheme), False)


def log_growth(
    g: Sequence[float],
    chance: Sequence[float],
    unchosen: Sequence[int],
    labelled: Mapping[tuple[int, int], int],
    limit: float,
    stakes: Sequence[float],
) -> tuple[float, ...]:
    """Per stake, the sum of ln(1 + stake (Z - limit)) over the rows of one window, from their counts.

    `unchosen` counts rows per stratum, `labelled` rows by (label, stratum): for a judge that says yes or no these are
    six counts, additive over windows. Stakes are in the unit of Z, each at most 1 / (limit - the smallest Z).
    """
    pairs = [(value, count) for value, count in zip(g, unchosen, strict=True)]
    pairs += [(worth(g[f], chance[f], y), count) for (y, f), count in labelled.items()]
    return growth.log_growth(pairs, limit, stakes)


def calibrate(strata: Sequence[Labels]) -> tuple[float, ...]:
    """The calibration g of each stratum, inside (0, 1), with at most six decimals, from labels before the epoch.

    Each stratum's share is weighted by 1 / pi (Horvitz and Thompson) and pulled towards the share of all strata as if
    one more label had it; a stratum without labels gets that share. Only a g that was pinned before the first row of an
    epoch is valid, so labels that calibrate a gate are never its evidence as well.

    Raises:
        CheckError: there is no label at all, or a weight is impossible.
    """
    number = sum(s.number for s in strata)
    for s in strata:
        if s.number < 0 or not 0.0 <= s.true_weight <= s.weight or s.weight < s.number or not math.isfinite(s.weight):
            raise CheckError(
                f"A stratum has {s.number} labels with the weight {s.weight:g}, {s.true_weight:g} of it true; weights "
                "are sums of 1 / chance, so at least the number of labels, and the true ones are among them."
            )
    if number == 0:
        raise CheckError("No row has a label of people, so nothing tells what the judge's verdicts are worth.")
    whole = math.fsum(s.weight for s in strata)
    overall = (number * math.fsum(s.true_weight for s in strata) / whole + 0.5) / (number + 1.0)

    def share(s: Labels) -> float:
        found = s.true_weight / s.weight if s.number else 0.0
        return (s.number * found + _PRIOR * overall) / (s.number + _PRIOR)

    least = 10.0**-_DIGITS
    return tuple(min(1.0 - least, max(least, round(share(s), _DIGITS))) for s in strata)


def estimate(units: int, total_low: int, total_high: int) -> float | None:
    """The share that people find true, from totals of Z in millionths at both ends; None when too few labels are in.

    The mean of Z where nothing is missing. A chosen row without a label spreads its ends by 1 / pi units, as much as a
    share of as many rows is unknown: the estimate is that of the rest, right when labels are missing at random, and
    there is none when the rest is less than half. Chance can carry it beyond 0 or 1, where it is cut off.
    """
    known = units - (total_high - total_low) / SCALE
    if units <= 0 or known < _LEAST_KNOWN * units:
        return None
    return min(1.0, max(0.0, total_low / SCALE / known))


def lack(draws: Draws, *, least_labels: int = 30, least_share: float = 0.5) -> str | None:
    """Why people have not looked at enough to speak of the judge; None when they have.

    The sum of 1 / pi over labelled rows is the number of rows that the labels stand for, on average all of them. It
    falls short when drawing stopped, when the written chances are not those of the draw, or when labels stay out.
    """
    if draws.labelled < least_labels:
        return (
            f"People have labelled {draws.labelled:,} of {draws.chosen:,} rows that were chosen for them, and at least "
            f"{least_labels:,} labels are needed before the judge's verdicts are corrected by them."
        )
    stands_for = draws.weight / draws.rows
    # Four standard deviations of room: which rows were chosen is chance, and few of them weigh much.
    room = 4.0 * math.sqrt(draws.weight / draws.labelled / draws.rows)
    if stands_for < least_share - room or stands_for > 1.0 / least_share + room:
        return (
            f"The labels of people stand for {stands_for:.0%} of the rows by the chances written down, and it should "
            "be all of them: rows are not chosen any more, or not with those chances, or labels stay out."
        )
    return None


def planned_units(
    scheme: Scheme,
    chances: Sequence[float],
    seen: Sequence[float],
    limit: float,
    error: float,
    *,
    over: bool,
    start_weight: float = 1.0,
) -> int | None:
    """How many rows a proof against `limit` is expected to need; None when it cannot be expected.

    `seen` is the share of rows in each stratum (it sums to 1), `chances` with what probability they are chosen; people
    are taken to find the calibrated shares. `over` asks for a proof that the limit is exceeded, else that it is kept.
    The rule is that of `plan.planned_units` with the growth of the best single bet, good to about 15 %.
    """
    low, high = ends(scheme)
    sign, room = (1.0, limit - low) if over else (-1.0, high - limit)
    law: list[tuple[float, float]] = []
    for share, g, pi in zip(seen, scheme.calibration, chances, strict=True):
        law.append((share * (1.0 - pi), sign * (g - limit)))
        law += [(share * pi * p, sign * (worth(g, pi, y) - limit)) for y, p in ((1, g), (0, 1.0 - g))]
    pace = max(
        math.fsum(p * math.log1p(u / room * excess) for p, excess in law if p > 0.0)
        for u in (0.95 * 0.9**k for k in range(100))
    )
    if pace <= 0.0 or math.fsum(p * excess for p, excess in law) <= 0.0:
        return None
    return math.ceil((math.log(1.0 / error) + math.log(1.0 / start_weight) + 1.5) / pace)


def _strata(scheme: Scheme) -> list[tuple[float, float]]:
    if len(scheme.calibration) != len(scheme.least_chance) or not scheme.calibration:
        raise CheckError(
            f"There are {len(scheme.calibration)} calibrations and {len(scheme.least_chance)} smallest chances; every "
            "stratum has one of each."
        )
    return list(zip(scheme.calibration, scheme.least_chance, strict=True))
