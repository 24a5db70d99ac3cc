"""The keys of an assisted metric: few labels of people beside many verdicts of a judge (`checks.evidence.assisted`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.evidence.assisted import MOST_STRATA, SHARE, Scheme, ends
from checks.metrics import expression
from checks.policy.known import Raw
from checks.policy.report import Place
from warehouse.records.errors import Problem
from warehouse.records.expressions import Arithmetic, Constant, Expression, IsMissing, Logic
from warehouse.records.metrics import Assistance, CellMetric
from warehouse.records.streams import Stream

if TYPE_CHECKING:
    from checks.policy.metrics import Metric

NEEDS = ("predicted", "chosen", "chance", "calibration", "least_chance")
"""Keys that an assisted metric must have beside stream and value."""

_STRATA = "the judge's verdicts fall into"


def wanted(key: str, *, cut: bool) -> expression.Wanted:
    """What the expression under a key must be; `cut` tells whether the metric has cuts."""
    return "number" if key == "chance" or (key == "predicted" and cut) else "truth"


def scheme(metric: Metric) -> Scheme | None:
    """What the metric pins; None for another kind, and for one whose numbers do not fit together (`check` says so)."""
    strata = len(metric.cuts) + 1 if metric.cuts else 2
    least = metric.least_chance * strata if len(metric.least_chance) == 1 else metric.least_chance
    if metric.kind != "assisted" or not len(metric.calibration) == len(least) == strata:
        return None
    rest = metric.calibration[0] if metric.unpredicted is None else metric.unpredicted
    return Scheme(metric.calibration, least, rest)


def span(metric: Metric) -> tuple[float, float]:
    """The range of what a row is worth; 0 to 1 when the numbers do not fit together."""
    found = scheme(metric)
    return ends(found) if found else SHARE


def assistance(metric: Metric, stream: Stream) -> Assistance | None:
    """What the warehouse has to know beside the label of people; None for a metric of another kind.

    Raises:
        ConfigurationError: an expression does not fit the stream.
    """
    found = scheme(metric)
    if found is None or metric.predicted is None or metric.chosen is None or metric.chance is None:
        return None
    return Assistance(
        predicted=expression.parse(metric.predicted, stream, wants=wanted("predicted", cut=bool(metric.cuts))),
        chosen=expression.parse(metric.chosen, stream, wants="truth"),
        chance=expression.parse(metric.chance, stream, wants="number"),
        calibration=found.calibration,
        least_chance=found.least_chance,
        unpredicted=found.unpredicted,
    )


def draws(main: CellMetric) -> CellMetric | None:
    """What to summarise to know whether people still look (`checks.evidence.assisted.Draws`); None for another kind.

    `main` is what the metric itself is summarised as. Of each cell of the result, `items` are the rows that were
    chosen, `items - unscored` those of them with a label, and `total` is the sum of 1 / chance over the labelled, in
    millionths.
    """
    found, label = main.assistance, main.value
    if found is None or label is None:
        return None
    inside = found.chosen if main.where is None else Logic("and", (main.where, found.chosen))
    labelled: Expression = IsMissing(label, negated=True)
    return replace(
        main,
        name=f"{main.name} (rows chosen)",
        kind="mean",
        value=Arithmetic("/", Constant(1.0), found.chance),
        where=inside,
        scored=labelled if main.scored is None else Logic("and", (main.scored, labelled)),
        unit="item",
        low=1.0,
        high=1.0 / min(found.least_chance),
        cuts=(),
        digest=hashlib.sha256(f"draws of {main.digest}".encode()).hexdigest(),
        assistance=None,
    )


def check(raw: Raw, place: Place, kind: str) -> Iterator[Problem]:
    """What is wrong between the numbers of an assisted metric; nothing for one of another kind."""
    if kind != "assisted":
        return
    cuts = raw.get("cuts")
    strata = len(cuts) + 1 if isinstance(cuts, list) and cuts else 2
    if strata > MOST_STRATA:
        message = f"make {strata} strata, and few labels cannot tell so many apart."
        yield place.problem(("cuts",), message, allowed=f"up to {MOST_STRATA - 1} cuts")
    yield from _numbers(raw, place, strata)
    if raw.get("range") is not None:
        message = "of an assisted metric follows from calibration and least_chance."
        yield place.problem(("range",), message, hint="Leave it out.", at_key=True)


def _numbers(raw: Raw, place: Place, strata: int) -> Iterator[Problem]:
    named = f"{strata} strata" + ("" if raw.get("cuts") else " (false, true)")
    for key, single in (("calibration", ""), ("least_chance", "one number for all, or ")):
        given = raw.get(key)
        number = len(given) if isinstance(given, list) else 1
        if not given or number == strata or (single and number == 1):
            continue
        message = f"must have one number for each of the {named} that {_STRATA}."
        yield place.problem((key,), message, given=str(number), allowed=f"{single}{strata} numbers")
