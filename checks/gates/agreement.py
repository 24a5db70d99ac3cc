"""How often people agree with a judge: the estimate, its anytime-valid ends, and whether it is proved above a floor.

Agreement of a unit (a session of labelled items) is a value in [0, 1]. The sixteen fixed bets of `checks.evidence.bets`
bet that its mean is above the floor, and those of the mirrored values that it is below the floor; the ends follow from
the same bets (`checks.evidence.interval`), so that the lower end is above the floor exactly when that is proved.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from checks.evidence import cumulative, interval, plan
from checks.evidence.bets import stakes
from checks.evidence.growth import log_growth
from checks.gates.records import Agreement
from warehouse.records.judges import LabelCount
from warehouse.records.metrics import SCALE


@dataclass(frozen=True, slots=True)
class Measured:
    """Agreement, whether it is proved to be above the floor, and how many more labels a proof is expected to need.

    `more` is None when no number of labels is expected to prove it.
    """

    agreement: Agreement
    proved: bool
    more: int | None


def measure(name: str, counts: Sequence[LabelCount], floor: float, error: float) -> Measured:
    """What the labels say of agreement; with none, everything between 0 and 1 is possible and nothing is proved.

    `floor` is a share strictly between 0 and 1, `error` the chance of ever proving what is not so.
    """
    units, labels = sum(c.units for c in counts), sum(c.labels for c in counts)
    if not units:
        return Measured(Agreement(name, 0, 0, 0, None, 0.0, 1.0), proved=False, more=None)
    agreeing = log_growth(((c.low / SCALE, c.units) for c in counts), floor, stakes(floor))
    against = log_growth(((1.0 - c.high / SCALE, c.units) for c in counts), 1.0 - floor, stakes(1.0 - floor))
    proof = -math.log(error)
    more = plan.units_until(agreeing, units, agreeing, proof)
    return Measured(
        Agreement(
            name=name,
            labels=labels,
            unreadable=sum(c.unreadable for c in counts),
            units=units,
            agreement=_estimate(counts, units),
            low=_lower_end(agreeing, units, floor, error),
            high=1.0 - _lower_end(against, units, 1.0 - floor, error),
        ),
        proved=cumulative.log_mean(agreeing) >= proof,
        more=None if more is None else math.ceil(more * labels / units),
    )


def _estimate(counts: Sequence[LabelCount], units: int) -> float | None:
    """Mean agreement over the part of the units that could be read."""
    least, most = sum(c.low * c.units for c in counts), sum(c.high * c.units for c in counts)
    read = units - (most - least) / SCALE
    return least / SCALE / read if read > 0.5 / SCALE else None


def _lower_end(wealth: Sequence[float], units: int, limit: float, error: float) -> float:
    return float(interval.lower_end(np.asarray([wealth]), np.asarray([float(units)]), limit, error)[0])
