"""What the warehouse has to know of a metric to summarise it, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal as OneOf

from warehouse.records.expressions import Expression

CellKind = OneOf["rate", "mean", "count", "histogram", "assisted"]
Unit = OneOf["session", "item", "window"]

UNIT_KINDS: frozenset[str] = frozenset({"rate", "mean", "assisted"})
"""Kinds of metric that have units of evidence."""

SCALE = 1_000_000
"""Fixed point of every stored value: an integer number of millionths, so that sums are exact in any order."""


@dataclass(frozen=True, slots=True)
class Assistance:
    """What an assisted metric knows of a row beside the label of people (`checks.evidence.assisted` has the formula).

    `predicted` is what the judge says of the row: a truth value (strata: false, true), or a number that the metric's
    `cuts` put into strata. `chosen` tells whether the row was drawn for people, `chance` with which probability.
    `calibration` holds, per stratum, the share of rows that people would find true, `least_chance` the smallest
    probability with which a row of it is drawn; `unpredicted` is the calibration of rows of which the judge says
    nothing (their smallest probability is the smallest of all strata).
    """

    predicted: Expression
    chosen: Expression
    chance: Expression
    calibration: tuple[float, ...]
    least_chance: tuple[float, ...]
    unpredicted: float


@dataclass(frozen=True, slots=True)
class CellMetric:
    """A metric that is a sum over rows of one stream.

    `value` is a truth value for a rate, a number for a mean or a histogram, and None for a count. `where` chooses the
    rows the metric is about (rows for which it is false or missing are outside). Of those, rows whose `value` is
    missing, not finite, outside [`low`, `high`], or for which `scored` is given and not true, are *unscored*:
    counted, never valued. `cuts` are the inner cut points of a histogram, ascending: bin i holds
    cuts[i-1] <= value < cuts[i], so there are len(cuts) + 1 bins. `digest` changes with anything that changes a
    number (window length and session gap included).

    Of an assisted metric, `value` is the truth value that people give a row, and each row is worth a corrected verdict
    of the judge that `assistance` describes; [`low`, `high`] is the range of those. Its unscored rows have ends of
    their own.
    """

    name: str
    stream: str
    kind: CellKind
    value: Expression | None
    where: Expression | None
    scored: Expression | None
    unit: Unit
    low: float | None
    high: float | None
    cuts: tuple[float, ...]
    window_seconds: int
    session_gap_seconds: int
    digest: str
    assistance: Assistance | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Which traffic: None means all of it; `arm` "candidate" also takes rows that name no arm."""

    rollout: str | None = None
    release: str | None = None
    arm: str | None = None
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """Item sums of one metric over one window of one slice.

    `items` rows inside the metric, `unscored` of them without a value; `total` and `total_squares` are exact sums of
    the scored values in millionths and in millionths squared.
    """

    window_start: datetime
    window_end: datetime
    items: int
    unscored: int
    total: int
    total_squares: int


@dataclass(frozen=True, slots=True)
class UnitCount:
    """How many units of evidence (sessions, items) of one window have one value.

    `low` and `high` are the unit's value in millionths when its unscored items are taken at the low and at the high
    end of the metric's range (of an assisted metric: of what that row can be worth); they are equal when every item of
    the unit is scored. `scored` is false when no item
    was. Windows are those in which the unit closed.
    """

    window_start: datetime
    low: int
    high: int
    scored: bool
    count: int


@dataclass(frozen=True, slots=True)
class Bin:
    """How many scored rows of one window lie in one bin of a histogram; bins count from 0, empty ones are left out."""

    window_start: datetime
    bin: int
    items: int
