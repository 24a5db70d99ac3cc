"""A judge taken for the truth, and labels that the judge chose, pause healthy systems; the corrected values do not.

2,000 rows a day for a year, about 40 of them labelled by people, limit 5 %, a healthy system at 3 %. The judge finds
85 % of what is true and 97 % of what is not. The gate on corrected values is the product's, from the value of a row on;
its calibration is pinned from 4,000 labels before the epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from evidence_runs import NEVER, Floats, Integers, first_breach, growth_of_counts, share
from making_evidence import gate, unit

from checks.evidence import assisted, badness
from checks.evidence.growth import window_growth

LIMIT, HEALTHY, ALPHA = 0.05, 0.03, 0.05
RUNS, DAYS, ROWS, CHANGE = 200, 365, 2000, 60
FOUND, CLEARED = 0.85, 0.97

CATEGORIES = [(0, None), (1, None), (0, 0), (0, 1), (1, 0), (1, 1)]
"""What the judge says of a row, and what people say if it was drawn for them."""

Days = float | Floats


def after(day: int, before: float, then: float) -> Floats:
    """A value that changes after that day."""
    return np.where(np.arange(DAYS) < day, before, then)


@dataclass(frozen=True)
class Design:
    """With which chance a row is drawn for people, by what the judge says of it (no, yes)."""

    chance: tuple[float, float]

    def rows(self, seed: int, rate: Days, found: Days = FOUND, cleared: Days = CLEARED) -> Integers:
        """Rows of each category: runs x days x 6."""
        rate, found, cleared = (np.broadcast_to(x, DAYS) for x in (rate, found, cleared))
        no, yes = self.chance
        missed, right = rate * (1.0 - found), rate * found
        clean, alarm = (1.0 - rate) * cleared, (1.0 - rate) * (1.0 - cleared)
        undrawn = [(clean + missed) * (1.0 - no), (alarm + right) * (1.0 - yes)]
        law = np.stack([*undrawn, clean * no, missed * no, alarm * yes, right * yes], axis=-1)
        return np.random.default_rng(seed).multinomial(ROWS, np.broadcast_to(law, (RUNS, DAYS, 6)))

    def scheme(self) -> assisted.Scheme:
        """The calibration, from labels at the healthy rate with the healthy judge."""
        yes = HEALTHY * FOUND + (1.0 - HEALTHY) * (1.0 - CLEARED)
        true = (HEALTHY * (1.0 - FOUND) / (1.0 - yes), HEALTHY * FOUND / yes)
        number, weight = 4000, [round(4000 / pi) for pi in self.chance]
        labels = [assisted.Labels(number, w, w * share) for w, share in zip(weight, true, strict=True)]
        return assisted.Scheme(assisted.calibrate(labels), self.chance, HEALTHY)


UNIFORM, TARGETED = Design((0.02, 0.02)), Design((0.01, 0.2))


def corrected(rows: Integers, design: Design) -> Integers:
    """Breaches of the gate on corrected values, which are those of `checks.evidence.assisted`."""
    scheme = design.scheme()
    low, high = assisted.ends(scheme)
    of = gate(kind="mean", low=low, high=high, limit=LIMIT, unit="item")
    growths = []
    for stratum, label in CATEGORIES:
        drawn = label is not None
        value, same, _ = assisted.row(scheme, stratum, drawn, design.chance[stratum], bool(label) if drawn else None)
        assert value == same
        growths.append(window_growth([unit(value)], of).breach)
    return first_breach(rows @ np.array(growths), badness.limit_of(of), ALPHA)


def people(rows: Integers) -> Integers:
    """Breaches of a gate on the labels alone, as if they had been drawn evenly."""
    bad, of = rows[..., 3] + rows[..., 5], rows[..., 2:].sum(axis=2)
    return first_breach(growth_of_counts(bad, of, LIMIT), LIMIT, ALPHA)


def judge(rows: Integers) -> Integers:
    """Breaches of a gate that takes the judge's word for every row."""
    return first_breach(growth_of_counts(rows[..., [1, 4, 5]].sum(axis=2), ROWS, LIMIT), LIMIT, ALPHA)


def delays(found: Integers) -> Sequence[float]:
    """Median and 90 % of the days after the change; no run is stopped before it."""
    assert (found > CHANGE).all()
    assert (found < NEVER).all()
    return [float(np.quantile(found - CHANGE, part, method="higher")) for part in (0.5, 0.9)]


@pytest.mark.slow
def test_a_judge_taken_for_the_truth_pauses_a_healthy_system_when_it_drifts() -> None:
    good_enough = 0.02
    steady = UNIFORM.rows(41, good_enough)
    drifting = UNIFORM.rows(42, good_enough, cleared=after(CHANGE, CLEARED, 0.93))
    assert share(judge(steady)) == 0.0
    assert share(judge(drifting)) == 1.0
    assert share(corrected(drifting, UNIFORM)) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("design", [UNIFORM, TARGETED])
def test_corrected_values_keep_alpha_at_the_limit_and_do_not_pause_a_healthy_system(design: Design) -> None:
    at_limit = design.rows(43, LIMIT)
    assert share(judge(at_limit)) == 1.0
    assert share(corrected(at_limit, design)) <= ALPHA
    assert share(corrected(design.rows(44, HEALTHY, cleared=after(CHANGE, CLEARED, 0.9)), design)) == 0.0


@pytest.mark.slow
def test_labels_that_the_judge_chose_need_their_chances() -> None:
    healthy = TARGETED.rows(45, HEALTHY)
    assert share(people(healthy)) == 1.0
    assert share(corrected(healthy, TARGETED)) == 0.0
    assert share(people(UNIFORM.rows(46, HEALTHY))) == 0.0


@pytest.mark.slow
def test_the_judge_shortens_the_wait_for_a_proof_at_the_same_number_of_labels() -> None:
    """From 3 to 10 %: published median 13 days for people alone, 9 with the judge, 2 if it also chooses the rows."""
    worse = after(CHANGE, HEALTHY, 0.1)
    even, aimed = UNIFORM.rows(47, worse), TARGETED.rows(48, worse)
    labels = [float(rows[..., 2:].sum(axis=2)[:, :CHANGE].mean()) for rows in (even, aimed)]
    assert labels == pytest.approx([40.0, 41.0], abs=0.5)
    alone, helped = delays(people(even)), delays(corrected(even, UNIFORM))
    chosen = delays(corrected(aimed, TARGETED))
    assert alone[0] <= 13
    assert helped[0] <= 9
    assert chosen[0] <= 2
    assert chosen[0] < helped[0] < alone[0]
    assert chosen[1] < helped[1] < alone[1]


@pytest.mark.slow
def test_a_judge_that_goes_blind_costs_time_and_not_the_proof() -> None:
    """From 3 to 10 % while the judge comes to find 30 % instead of 85 %: published median 14 days."""
    rows = UNIFORM.rows(49, after(CHANGE, HEALTHY, 0.1), found=after(CHANGE, FOUND, 0.3))
    assert delays(corrected(rows, UNIFORM))[0] <= 14
