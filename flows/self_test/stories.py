"""Stories: the traffic that is planted for a gate, of whatever kind it is.

Badness runs from 0 to 1 as in `checks.evidence.badness`. Healthy is a quarter of the limit, or equal to the other arm
or to the past; a decline is four times the limit or half the way to the worst, whichever is less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checks.evidence import badness
from checks.evidence.arms import scores
from checks.gates.kinds import score_difference
from flows.self_test import mixing, planning
from flows.self_test.records import MOST_ROWS, Candidate, Mix, NotTestableError, Planned, Stretch

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec

WINDOWS = 12
"""Windows of the traffic itself, where a window holds many units."""
BEFORE = 6
"""Windows of the healthy beginning of a decline."""
REFERENCE_WINDOWS = 200
"""Windows of a reference period that rows are planted in, at most."""
ROWS_A_WINDOW = 4
"""Rows of a window that is a unit itself."""
SHARES_A_WINDOW = 40
"""Rows of a window that is a unit with a share of rows in each bin."""
REFERENCE_ROWS = 20
"""Rows of a reference window, at least: enough to see whether they depend on each other."""
_PLAIN_RATE = 0.3


@dataclass(frozen=True, slots=True)
class Arms:
    """What one story's traffic is: a mix for each arm, and how fast the proof that must come grows per unit."""

    candidate: Mix
    control: Mix | None
    share: float
    growth: float
    parts: int = 1


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
    stories = [
        Planned("healthy", reference, None, _stretch(gate, healthy, late=False)),
        Planned("declined", reference, None, _stretch(gate, declined, late=True)),
    ]
    before = _before(stories[1].stretch, healthy)
    stories[1] = Planned("declined", reference, before, stories[1].stretch)
    if declined.control is not None:
        turned = Arms(declined.control, declined.candidate, declined.share, declined.growth, declined.parts)
        stories.append(Planned("control_declined", reference, before, _stretch(gate, turned, late=True), patience=1))
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


def _worse(limit: float) -> float:
    return min(4.0 * limit, (1.0 + limit) / 2.0)


def _pairs(mix: Mix) -> list[tuple[float, float]]:
    return [(candidate.badness, share) for candidate, share in mix.parts]


def _sides(gate: GateSpec, found: Sequence[Candidate], limit: float) -> None:
    """Refuse rows that all lie on one side of the limit."""
    for end, side, wrong in ((found[0], "inside", limit <= found[0].badness), (found[-1], "outside", limit >= found[-1].badness)):
        if wrong:
            raise NotTestableError(
                f"No row {side} the limit was found among {len(found):,} that {gate.metric} counts: the "
                f"{'best' if side == 'inside' else 'worst'} value is {end.value:g}."
            )


def _of_mean(gate: GateSpec, healthy: Mix, declined: Mix, limit: float) -> tuple[Arms, Arms]:
    return (
        Arms(healthy, None, 1.0, planning.mean_growth(_pairs(healthy), limit, over=False)),
        Arms(declined, None, 1.0, planning.mean_growth(_pairs(declined), limit, over=True)),
    )


Kind = Callable[["GateSpec", Sequence[Candidate], int], tuple[Arms, Arms, Stretch | None]]


def _limit(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    limit = badness.limit_of(gate)
    if gate.kind == "assisted":
        share = gate.limit if gate.direction == "at_most" else 1.0 - gate.limit
        mixes = _drawn(gate, found, share / 4.0), _drawn(gate, found, _worse(share))
    else:
        _sides(gate, found, limit)
        mixes = mixing.reaching(found, limit / 4.0), mixing.reaching(found, _worse(limit))
    healthy, declined = _of_mean(gate, *mixes, limit)
    # Rows of one value alone could not show whether they depend on each other.
    seen = mixing.ends(found, max(limit / 4.0, 0.05)) if gate.unit == "item" else healthy.candidate
    return healthy, declined, _past(gate, seen, REFERENCE_ROWS, windows)


def _drawn(gate: GateSpec, found: Sequence[Candidate], bad: float) -> Mix:
    """Rows of one verdict of the judge, drawn for people with one chance, of which people find a share `bad` bad.

    So the judge itself never tells the decline: only people do.
    """
    worst = gate.direction == "at_most"
    verdict = min((c.verdict for c in found if c.verdict is not None), default=None)
    mine = [c for c in found if c.verdict == verdict]
    chances = sorted({c.chance for c in mine if c.chosen and c.chance is not None})
    chance = next((p for p in chances if p >= 0.5), chances[-1] if chances else None)
    undrawn = next((c for c in mine if c.chosen is False), None)
    drawn = {
        label: next((c for c in mine if c.chosen and c.chance == chance and c.label is label), None)
        for label in (True, False)
    }
    poor, good = drawn[worst], drawn[not worst]
    if chance is None or poor is None or good is None or (undrawn is None and chance < 1.0):
        raise NotTestableError(
            f"Among {len(found):,} rows that {gate.metric} counts, none show one verdict of the judge that was not "
            "drawn for people, and drawn with both labels."
        )
    parts = [(good, chance * (1.0 - bad)), (poor, chance * bad)]
    return Mix((*([(undrawn, 1.0 - chance)] if undrawn and chance < 1.0 else []), *parts))


def _reference(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    tolerance = gate.tolerance or 0.0
    usual = min(0.3 if tolerance >= 0.5 else 0.5, 0.5 / (1.0 + tolerance))
    _sides(gate, found, usual)
    healthy = mixing.reaching(found, usual)
    variance = sum(share * (c.badness - usual) ** 2 for c, share in healthy.parts)
    doubt = 2.0 * math.log(2.0 / gate.budgets[0]) * variance
    rows = math.ceil(1.5 * doubt / (tolerance * usual) ** 2) + 100
    if gate.unit == "window":
        rows = min(rows, windows * ROWS_A_WINDOW)
    limit = usual + max(tolerance * usual, math.sqrt(doubt / rows))
    if limit >= 0.99:
        raise NotTestableError(f"The reference period of {windows} windows is too short for a limit drawn from it.")
    declined = mixing.reaching(found, _worse(limit))
    arms = _of_mean(gate, healthy, declined, limit)
    return *arms, _past(gate, healthy, rows, windows)


def _distribution(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    usual = mixing.spread(found)
    alpha = gate.budgets[0]
    number = len(usual.parts)
    # The worst value alone is at this distance; less than half of what is left proves nothing quickly.
    reach = 1.0 - 1.0 / number
    if gate.limit > 0.8 * reach:
        raise NotTestableError(
            f"{number} values of {gate.metric} can be told apart, which is too few to plant a distance over "
            f"{gate.limit:g}."
        )
    rows = math.ceil(4.5 * math.log(4.0 / alpha) / gate.limit**2) + 100
    past = _past(gate, usual, rows, windows, by_rows=gate.kind == "histogram")
    doubt = math.sqrt(math.log(4.0 / alpha) / 2.0 / (past.units if past else 1))
    gap = gate.limit - doubt
    if gap <= 0.0:
        raise NotTestableError(f"The reference period of {windows} windows is too short for a tolerance of {gate.limit:g}.")
    away = reach - gate.limit - doubt
    tests = 2 * max(1, number - 1)
    shown = (lambda g: min(g, 2.0 * g * g * SHARES_A_WINDOW)) if gate.kind == "histogram" else (lambda g: 2.0 * g * g)
    worst = Mix(((found[-1], 1.0),))
    return (
        Arms(usual, None, 1.0, shown(gap), parts=8 * tests),
        Arms(worst, None, 1.0, shown(max(0.0, away)), parts=8 * tests),
        past,
    )


def _odds(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    ratio = gate.limit if gate.direction == "at_most" else 1.0 / gate.limit
    share = gate.candidate_share or 0.5
    far = 4.0 * ratio
    usual = min(_PLAIN_RATE / (1.0 - _PLAIN_RATE), 1.0 / math.sqrt(far))
    control, worse = usual / (1.0 + usual), usual * far / (1.0 + usual * far)
    better = usual * ratio / 2.0
    inside = [control, better / (1.0 + better)]

    def arms(candidate: float) -> Arms:
        growth = planning.odds_growth(control, candidate, share, ratio)
        return Arms(mixing.ends(found, candidate), mixing.ends(found, control), share, growth)

    healthy = _first(gate, [arms(rate) for rate in inside if ratio > 1.0 or rate != control])
    return healthy, arms(worse), _past(gate, healthy.candidate, REFERENCE_ROWS, windows)


def _rates(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    margin, control, share = _given(gate)

    def arms(candidate: float) -> Arms:
        growth = planning.difference_growth(control, candidate, share, margin)
        return Arms(mixing.ends(found, candidate), mixing.ends(found, control), share, growth)

    healthy = _first(gate, [arms(rate) for rate in _inside(gate, control, margin)])
    return healthy, arms(_beyond(gate, control, margin)), _past(gate, healthy.candidate, REFERENCE_ROWS, windows)


def _scores(gate: GateSpec, found: Sequence[Candidate], windows: int) -> tuple[Arms, Arms, Stretch | None]:
    margin, typical, share = _given(gate)
    low, high = scores.span(typical, share)
    limit = badness.limit_of(score_difference.as_mean(gate))

    def outcomes(mix: Mix, *, candidate: bool) -> list[tuple[float, float]]:
        part = share if candidate else 1.0 - share
        made = ((c, scores.pseudo_outcome(c.badness, candidate=candidate, typical=typical, share=share)) for c, _ in mix.parts)
        return [((d - low) / (high - low), part * w) for (_, d), (_, w) in zip(made, mix.parts, strict=True)]

    def arms(candidate: float, *, over: bool) -> Arms:
        mixes = mixing.reaching(found, candidate), mixing.reaching(found, typical)
        values = outcomes(mixes[0], candidate=True) + outcomes(mixes[1], candidate=False)
        return Arms(*mixes, share, planning.mean_growth(values, limit, over=over))

    healthy = _first(gate, [arms(mean, over=False) for mean in _inside(gate, typical, margin)])
    declined = arms(_beyond(gate, typical, margin), over=True)
    return healthy, declined, _past(gate, healthy.candidate, REFERENCE_ROWS, windows)


def _given(gate: GateSpec) -> tuple[float, float, float]:
    """Margin and typical badness of the control, both on the scale of badness, and the candidate's share."""
    low, high = badness.bounds(gate)
    assert gate.typical is not None, "a difference without it is refused by the policy"
    margin = (gate.limit if gate.direction == "at_most" else -gate.limit) / (high - low)
    return margin, badness.of_value(gate, gate.typical), gate.candidate_share or 0.5


def _inside(gate: GateSpec, control: float, margin: float) -> list[float]:
    """Badness of a candidate clearly within the margin: equal to the control where that is, else better than it."""
    better = max(0.0, min(control, control + margin) / 2.0)
    found = [*([control] if margin > 0.0 else []), *([better] if better < control + margin else [])]
    if not found:
        raise NotTestableError(
            f"With a control at {gate.typical:g} no candidate can be inside the limit of {gate.limit:g}."
        )
    return found


def _beyond(gate: GateSpec, control: float, margin: float) -> float:
    edge = control + margin
    if edge >= 0.999:
        raise NotTestableError(
            f"With a control at {gate.typical:g} no candidate can be outside the limit of {gate.limit:g}."
        )
    edge = max(edge, 0.0)
    return edge + min(0.3, (1.0 - edge) * 0.75)


def _first(gate: GateSpec, tried: Sequence[Arms]) -> Arms:
    """The first traffic whose proof a self-test can send; the last one where there is none."""
    affordable = MOST_ROWS / planning.SLACK / 2.0
    evidence = planning.nats(gate.budgets[1], late=False)
    return next((arms for arms in tried if arms.growth > 0.0 and evidence / arms.growth <= affordable), tried[-1])


def _past(gate: GateSpec, mix: Mix, rows: int, windows: int, *, by_rows: bool = False) -> Stretch | None:
    """Traffic for the reference period; None for a gate that has none."""
    if gate.reference is None:
        return None
    if windows < 1:
        raise NotTestableError("Its reference period is shorter than a window.")
    used = min(windows, REFERENCE_WINDOWS)
    if gate.unit == "window" and not by_rows:
        used = min(windows, max(used, math.ceil(rows / ROWS_A_WINDOW)))
    return Stretch(max(rows, used * REFERENCE_ROWS), used, mix)


_KINDS: dict[str, Kind] = {
    "limit": _limit,
    "reference": _reference,
    "distribution": _distribution,
    "odds_ratio": _odds,
    "rate_difference": _rates,
    "score_difference": _scores,
}
