"""Few labels of people beside many verdicts of a judge: right for any judge, and quick with a good one."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from making_evidence import gate, unit
from numpy.typing import NDArray

from checks.evidence import assisted, badness, monitor
from checks.evidence.assisted import Draws, Labels, Scheme
from checks.evidence.bets import prior, stakes
from checks.evidence.growth import window_growth
from checks.gates.spec import GateSpec
from warehouse.records.errors import CheckError
from warehouse.records.metrics import SCALE

UNIFORM = Scheme((0.005, 0.47), (0.02, 0.02), 0.005)
TARGETED = Scheme((0.005, 0.47), (0.01, 0.2), 0.005)
LIMIT = 0.05

shares = st.floats(0, 1)
chances = st.floats(0.01, 1)
schemes = st.integers(2, 4).flatmap(
    lambda n: st.builds(
        Scheme,
        st.lists(shares, min_size=n, max_size=n).map(tuple),
        st.lists(chances, min_size=n, max_size=n).map(tuple),
        shares,
    )
)


def harm_by_people(scheme: Scheme = UNIFORM, **changes: Any) -> GateSpec:
    low, high = assisted.ends(scheme)
    return gate(**{"kind": "assisted", "limit": LIMIT, "low": low, "high": high, "alpha": 0.05, **changes})


# ---- one row -------------------------------------------------------------------------------------------------------


@given(g=st.fractions(0, 1), chance=st.fractions(Fraction(1, 100), 1), rate=st.fractions(0, 1))
def test_a_row_is_worth_on_average_what_people_say_whatever_the_judge_and_its_calibration(
    g: Fraction, chance: Fraction, rate: Fraction
) -> None:
    chosen = rate * (g + (1 - g) / chance) + (1 - rate) * (g + (0 - g) / chance)
    assert chance * chosen + (1 - chance) * g == rate
    assert assisted.worth(float(g), float(chance), 1) == pytest.approx(float(g + (1 - g) / chance))


@given(scheme=schemes, data=st.data())
def test_every_row_lies_in_the_range_and_reaches_neither_end_for_nothing(scheme: Scheme, data: st.DataObject) -> None:
    stratum = data.draw(st.sampled_from([None, *range(len(scheme.calibration))]))
    chosen = data.draw(st.sampled_from([None, True, False]))
    chance = data.draw(st.none() | st.floats(0, 1.2))
    label = data.draw(st.sampled_from([None, True, False]))
    low, high, scored = assisted.row(scheme, stratum, chosen, chance, label)
    least, most = assisted.ends(scheme)
    assert least - 1e-9 <= low <= high <= most + 1e-9
    assert scored == (low == high) or not scored
    assert least <= 0.0
    assert most >= 1.0


def test_a_chosen_row_without_a_label_lies_between_what_either_label_would_make_it() -> None:
    low, high, scored = assisted.row(TARGETED, 1, True, 0.25, None)
    assert (low, high, scored) == (pytest.approx(0.47 - 0.47 / 0.25), pytest.approx(0.47 + 0.53 / 0.25), False)
    assert assisted.row(TARGETED, 1, True, 0.25, False)[:2] == (low, low)
    assert assisted.row(TARGETED, 1, True, 0.25, True)[:2] == (high, high)
    assert assisted.ends(TARGETED)[0] < low
    assert high < assisted.ends(TARGETED)[1]


def test_a_row_that_was_not_chosen_is_worth_its_calibration_whatever_label_somebody_gave_it() -> None:
    for label, chance in product([None, True, False], [None, 0.3]):
        assert assisted.row(TARGETED, 1, False, chance, label) == (0.47, 0.47, True)
    assert assisted.row(Scheme((0.1, 0.9), (0.1, 0.1), 0.4), None, False, None, None) == (0.4, 0.4, True)


def test_a_row_that_could_never_be_chosen_is_what_people_might_have_said() -> None:
    assert assisted.row(TARGETED, 1, False, 0.1, None) == (0.0, 1.0, False)


@pytest.mark.parametrize(("chosen", "chance"), [(True, None), (True, 0.1), (True, 1.5), (None, 0.3), (None, None)])
def test_a_row_that_cannot_be_weighed_has_the_whole_range(chosen: bool | None, chance: float | None) -> None:
    assert assisted.row(TARGETED, 1, chosen, chance, True) == (*assisted.ends(TARGETED), False)


def test_of_rows_without_a_verdict_the_smallest_chance_of_all_strata_holds() -> None:
    assert assisted.row(TARGETED, None, True, 0.01, True)[2]
    assert not assisted.row(TARGETED, None, True, 0.009, True)[2]


@pytest.mark.parametrize(
    ("calibration", "least", "rest"),
    [((0.5, 1.1), (0.1, 0.1), 0.5), ((0.5, 0.5), (0.1, 0.0), 0.5), ((0.5,), (0.1, 0.1), 0.5), ((), (), 0.5)],
)
def test_impossible_numbers_are_refused(calibration: tuple[float, ...], least: tuple[float, ...], rest: float) -> None:
    with pytest.raises(CheckError):
        assisted.ends(Scheme(calibration, least, rest))


# ---- windows -------------------------------------------------------------------------------------------------------

COUNTS = {(0, 0): 37, (1, 0): 1, (0, 1): 2, (1, 1): 3}


def test_the_growth_of_a_window_follows_from_six_counts_and_is_that_of_a_mean_in_a_wider_range() -> None:
    of = harm_by_people()
    width = of.high - of.low if of.high is not None and of.low is not None else math.nan
    scaled = badness.limit_of(of)
    units = [unit(0.005, 1840), unit(0.47, 117)]
    units += [unit(assisted.worth((0.005, 0.47)[f], 0.02, y), n) for (y, f), n in COUNTS.items()]
    grown = window_growth(units, of)
    assert (grown.units, grown.scored) == (2000, 2000)
    bets = [stake / width for stake in stakes(scaled)]
    expected = assisted.log_growth((0.005, 0.47), (0.02, 0.02), (1840, 117), COUNTS, LIMIT, bets)
    assert grown.breach == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_growth_of_windows_adds_up() -> None:
    bets = (0.001, 0.01, 0.04)
    part = assisted.log_growth((0.005, 0.47), (0.02, 0.02), (920, 58), COUNTS, LIMIT, bets)
    twice = {key: 2 * n for key, n in COUNTS.items()}
    whole = assisted.log_growth((0.005, 0.47), (0.02, 0.02), (1840, 116), twice, LIMIT, bets)
    assert whole == pytest.approx([2 * x for x in part])


@pytest.mark.parametrize("scheme", [UNIFORM, TARGETED])
@pytest.mark.parametrize("seen", [0.0, 0.02, 0.5, 1.0])
def test_at_the_limit_no_bet_grows_on_average_whatever_the_judge_sees(scheme: Scheme, seen: float) -> None:
    """Exactly, by going through every outcome of a row, for a judge that says yes to a share `seen` of all rows."""
    of = harm_by_people(scheme)
    found = np.zeros(16)
    passed = np.zeros(16)
    for (f, part), y in product(((0, 1 - seen), (1, seen)), (0, 1)):
        chance = scheme.least_chance[f]
        for z, p in ((assisted.worth(scheme.calibration[f], chance, y), chance), (scheme.calibration[f], 1 - chance)):
            grown = window_growth([unit(z)], of)
            weight = part * (LIMIT if y else 1 - LIMIT) * p
            found += weight * np.exp(grown.breach)
            passed += weight * np.exp(grown.passing)
    assert found == pytest.approx(1.0, abs=1e-5)
    assert passed == pytest.approx(1.0, abs=1e-5)


def test_a_label_that_stays_out_is_harmless_for_the_breach_and_harmful_for_the_pass() -> None:
    of = harm_by_people()
    low, high, _ = assisted.row(UNIFORM, 1, True, 0.02, None)
    out = window_growth([unit(low, high=high, scored=False)], of)
    assert out.breach == window_growth([unit(low)], of).breach
    assert out.passing == window_growth([unit(high)], of).passing


# ---- calibration ---------------------------------------------------------------------------------------------------


def test_calibration_is_the_weighted_share_of_each_stratum_pulled_a_little_to_the_whole() -> None:
    g = assisted.calibrate([Labels(900, 90_000.0, 450.0), Labels(300, 1_500.0, 705.0)])
    assert g == pytest.approx((0.005, 0.47), abs=0.002)
    assert all(round(x, 6) == x for x in g)


def test_labels_with_a_larger_weight_count_more() -> None:
    (g,) = assisted.calibrate([Labels(1000, 500 * 2.0 + 500 * 50.0, 500 * 50.0)])
    assert g == pytest.approx(25_000 / 26_000, abs=0.001)


def test_a_stratum_without_labels_gets_the_share_of_all_and_none_is_ever_certain() -> None:
    empty, never, always = assisted.calibrate([Labels(0, 0.0, 0.0), Labels(50, 50.0, 0.0), Labels(50, 50.0, 50.0)])
    assert empty == pytest.approx(0.5)
    assert 0.0 < never < 0.02
    assert 0.98 < always < 1.0


@pytest.mark.parametrize("labels", [[], [Labels(0, 0.0, 0.0)], [Labels(3, 2.0, 1.0)], [Labels(3, 6.0, 7.0)]])
def test_calibration_needs_labels_with_possible_weights(labels: list[Labels]) -> None:
    with pytest.raises(CheckError):
        assisted.calibrate(labels)


# ---- estimate, and whether people look -----------------------------------------------------------------------------


def test_the_estimate_is_the_mean_when_nothing_is_missing() -> None:
    assert assisted.estimate(2000, 100 * SCALE, 100 * SCALE) == 0.05
    assert assisted.estimate(2000, -3 * SCALE, -3 * SCALE) == 0.0
    assert assisted.estimate(0, 0, 0) is None


def test_the_estimate_allows_for_labels_that_stay_out_at_random() -> None:
    """Of 40,000 rows, 800 were chosen and 600 of them are labelled, 5 % true; the judge is useless."""
    g, pi, n = 0.3, 0.02, 40_000
    true, false, out = 30, 570, 200
    low = (n - 800) * g + true * assisted.worth(g, pi, 1) + (false + out) * assisted.worth(g, pi, 0)
    high = low + out / pi
    assert assisted.estimate(n, round(low * SCALE), round(high * SCALE)) == pytest.approx(0.05, abs=1e-6)


def test_there_is_no_estimate_while_most_labels_are_out() -> None:
    assert assisted.estimate(100, -40 * SCALE, 11 * SCALE) is None
    assert assisted.estimate(100, -40 * SCALE, 10 * SCALE) is not None


def test_people_have_to_look() -> None:
    assert assisted.lack(Draws(2000, 40, 40, 2000.0)) is None
    assert "12 of 40 rows" in (assisted.lack(Draws(2000, 40, 12, 600.0)) or "")
    assert assisted.lack(Draws(2_000_000, 40_000, 24_000, 1_200_000.0)) is None


def test_it_is_noticed_when_people_get_no_more_rows_or_chances_are_not_those_of_the_draw() -> None:
    assert "stand for 5%" in (assisted.lack(Draws(40_000, 40, 40, 2000.0)) or "")
    assert "stand for 300%" in (assisted.lack(Draws(40_000, 2400, 2400, 120_000.0)) or "")


# ---- plan ----------------------------------------------------------------------------------------------------------


def test_a_plan_tells_how_many_rows_a_proof_will_take() -> None:
    def judge(rate: float) -> tuple[float, float]:
        seen = (rate - 0.005) / (0.47 - 0.005)
        return 1.0 - seen, seen

    late = 1 / 1460
    uniform = assisted.planned_units(UNIFORM, (0.02, 0.02), judge(0.10), LIMIT, 0.05, over=True, start_weight=late)
    targeted = assisted.planned_units(TARGETED, (0.01, 0.2), judge(0.10), LIMIT, 0.05, over=True, start_weight=late)
    assert uniform is not None
    assert targeted is not None
    assert 8 <= uniform / 2000 <= 20
    assert 1 <= targeted / 2000 <= 4
    kept = assisted.planned_units(TARGETED, (0.01, 0.2), judge(0.03), LIMIT, 0.05, over=False)
    assert kept is not None
    assert assisted.planned_units(TARGETED, (0.01, 0.2), judge(0.03), LIMIT, 0.05, over=True) is None
    assert assisted.planned_units(TARGETED, (0.01, 0.2), judge(0.10), LIMIT, 0.05, over=False) is None


# ---- simulation ----------------------------------------------------------------------------------------------------

DAYS, ITEMS, CHANGE = 365, 2000, 60
Counts = NDArray[np.int64]


def growth_of(scheme: Scheme) -> tuple[GateSpec, NDArray[np.float64]]:
    """The gate, and the growth of its bets for one row of each kind: not chosen by stratum, labelled (f, y)."""
    of = harm_by_people(scheme)
    kinds = [*scheme.calibration]
    kinds += [assisted.worth(scheme.calibration[f], scheme.least_chance[f], y) for f in (0, 1) for y in (0, 1)]
    return of, np.array([window_growth([unit(z)], of).breach for z in kinds])


def days(
    random: np.random.Generator, rate: Any, sensitivity: Any, specificity: Any, chance: tuple[float, float], runs: int
) -> Counts:
    """Runs x days x kinds of row: what a judge and people see of `ITEMS` rows a day."""
    shape = (runs, DAYS)
    bad = random.binomial(ITEMS, np.broadcast_to(rate, shape))
    caught = random.binomial(bad, np.broadcast_to(sensitivity, shape))
    alarmed = random.binomial(ITEMS - bad, np.broadcast_to(1.0 - np.asarray(specificity), shape))
    of = {(0, 0): ITEMS - bad - alarmed, (0, 1): bad - caught, (1, 0): alarmed, (1, 1): caught}
    labelled = {(f, y): random.binomial(n, chance[f]) for (f, y), n in of.items()}
    unchosen = [of[f, 0] + of[f, 1] - labelled[f, 0] - labelled[f, 1] for f in (0, 1)]
    return np.stack([*unchosen, *(labelled[f, y] for f in (0, 1) for y in (0, 1))], axis=-1)


def paused(scheme: Scheme, counts: Counts) -> NDArray[np.float64]:
    """The day on which each run proves a breach, counting from 1; infinite where none."""
    of, each = growth_of(scheme)
    weights = np.array(prior(badness.limit_of(of)))
    found = []
    for run in counts:
        evidence = np.asarray(monitor.log_evidence(np.arange(1, DAYS + 1), run @ each, weights))
        proved = np.flatnonzero(evidence >= math.log(20.0))
        found.append(float(proved[0] + 1) if len(proved) else math.inf)
    return np.array(found)


def after(before: float, then: float) -> NDArray[np.float64]:
    return np.where(np.arange(DAYS) < CHANGE, before, then)


HUMAN_ONLY = Scheme((0.03, 0.03), (0.02, 0.02), 0.03)


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "chance"), [(UNIFORM, (0.02, 0.02)), (TARGETED, (0.01, 0.2))])
def test_a_system_at_its_limit_is_paused_wrongly_at_most_as_often_as_alpha_says(
    scheme: Scheme, chance: tuple[float, float]
) -> None:
    """One year of days; the study had 0.015 and 0.021. Whatever the judge does, it is the labels that are tested."""
    random = np.random.default_rng(20260301)
    right = days(random, LIMIT, 0.85, 0.97, chance, 400)
    drifts = days(random, LIMIT, after(0.85, 0.99), after(0.97, 0.80), chance, 400)
    for counts in (right, drifts):
        assert np.isfinite(paused(scheme, counts)).mean() <= 0.05
    healthy = days(random, 0.03, after(0.85, 0.99), after(0.97, 0.80), chance, 100)
    assert not np.isfinite(paused(scheme, healthy)).any()


@pytest.mark.slow
def test_a_decline_is_found_sooner_with_a_judge_and_soonest_where_people_look_where_the_judge_points() -> None:
    """3 % to 10 % on day 61, 40 labels a day: the study had 13 days with people alone, 9 and 2 with the judge."""
    random = np.random.default_rng(20260302)
    rate = after(0.03, 0.10)
    uniform = days(random, rate, 0.85, 0.97, (0.02, 0.02), 200)
    delay = {
        "people": paused(HUMAN_ONLY, uniform) - CHANGE,
        "uniform": paused(UNIFORM, uniform) - CHANGE,
        "targeted": paused(TARGETED, days(random, rate, 0.85, 0.97, (0.01, 0.2), 200)) - CHANGE,
    }
    median = {name: float(np.median(found)) for name, found in delay.items()}
    print(median, {name: float(np.quantile(found, 0.9)) for name, found in delay.items()})
    assert median["people"] <= 14
    assert median["uniform"] <= 10
    assert median["targeted"] <= 3
    assert min(found.min() for found in delay.values()) > 0


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "chance"), [(UNIFORM, (0.02, 0.02)), (TARGETED, (0.01, 0.2))])
def test_a_decline_is_found_by_people_when_the_judge_goes_blind_with_it(
    scheme: Scheme, chance: tuple[float, float]
) -> None:
    """The judge finds 30 % of what it found 85 % of; the study had a median of 14 and 15 days."""
    random = np.random.default_rng(20260303)
    delay = paused(scheme, days(random, after(0.03, 0.10), after(0.85, 0.30), 0.97, chance, 150)) - CHANGE
    print(np.median(delay), np.quantile(delay, 0.9))
    assert np.median(delay) <= 18
    assert np.isfinite(delay).all()
