"""Stories: the traffic that is planted for a gate, of whatever kind it is.

Badness runs from 0 to 1 as in `checks.evidence.badness`. Healthy is a quarter of the limit, or equal to the other arm
or to the past; a decline is four times the limit or half the way to the worst, whichever is less. Where equal arms
cannot pass (a limit that tolerates no change) or only after too many rows, healthy is a candidate better than the
control, and equal arms are a story of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flows.self_test import against_control, against_limits, planning
from flows.self_test.records import MOST_ROWS, Candidate, NotTestableError, Planned, Stretch
from flows.self_test.shapes import ROWS_A_WINDOW, SHARES_A_WINDOW, Arms, Kind

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec

WINDOWS = 12
"""Windows of the traffic itself, where a window holds many units."""
BEFORE = 6
"""Windows of the healthy beginning of a decline."""


def plan(gate: GateSpec, found: Sequence[Candidate], reference_windows: int) -> list[Planned]:
    """The stories of the gate; `found` are rows from the best to the worst, with at least two values.

    `reference_windows` is how many windows its reference period has (0: it has none).

    Raises:
        NotTestableError: no such traffic can be made, or it takes more rows than a self-test may send.
    """
    if found[0].badness == found[-1].badness:
        raise NotTestableError(
            f"Every row of {len(found):,} that {gate.metric} counts has the value {found[0].value:g}, so no traffic "
            "can be told from another. Does the metric measure anything?"
        )
    healthy, declined, reference = _KINDS[gate.test](gate, found, reference_windows)
    decline = _stretch(gate, declined, late=True)
    before = _before(decline, healthy)
    stories = [Planned("healthy", reference, None, _stretch(gate, healthy, late=False), patience=4)]
    if declined.control is not None:
        # Before the decline itself: arms that are exchanged are then told as that, and not as a decline missed.
        turned = replace(decline, candidate=declined.control, control=declined.candidate)
        stories.append(Planned("control_declined", reference, before, turned, patience=1))
    stories.append(Planned("declined", reference, before, decline))
    if healthy.control is not None and healthy.candidate != healthy.control and against_control.equal_is_healthy(gate):
        equal = replace(stories[0].stretch, candidate=healthy.control)
        stories.append(Planned("equal_arms", reference, None, equal, patience=1))
    for story in stories:
        _refuse_too_many(story)
    return stories


def _stretch(gate: GateSpec, arms: Arms, *, late: bool) -> Stretch:
    alpha, beta = gate.budgets
    evidence = planning.nats(alpha if late else beta, late=late, parts=arms.parts)
    least = planning.LEAST_UNITS if late else max(planning.LEAST_UNITS, gate.min_units)
    what = "Proof of the planted decline" if late else "Proof that healthy traffic keeps the limit"
    number = planning.units(evidence, arms.growth, least=least, what=what)
    rows, windows = number, WINDOWS
    if gate.unit == "window":
        windows = number
        rows *= SHARES_A_WINDOW if gate.kind == "histogram" else ROWS_A_WINDOW
    return Stretch(rows, windows, arms.candidate, arms.control, arms.share)


def _before(declined: Stretch, healthy: Arms) -> Stretch:
    windows = BEFORE if declined.windows == WINDOWS else max(BEFORE, declined.windows // 2)
    units = math.ceil(declined.units * windows / declined.windows)
    return Stretch(units, windows, healthy.candidate, healthy.control, healthy.share)


def _refuse_too_many(story: Planned) -> None:
    if story.rows > MOST_ROWS:
        raise NotTestableError(
            f"Its traffic would take {story.rows:,} rows, and a self-test sends at most {MOST_ROWS:,}."
        )


_KINDS: dict[str, Kind] = {
    "limit": against_limits.limit,
    "reference": against_limits.reference,
    "distribution": against_limits.distribution,
    "odds_ratio": against_control.odds,
    "rate_difference": against_control.rates,
    "score_difference": against_control.scores,
}
