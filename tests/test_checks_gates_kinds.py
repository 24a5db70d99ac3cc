"""Every kind of gate on counts of units: what nobody scored helps no claim, numbers are in the gate's own measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making_evidence import HOUR, START, coins, epoch, gate, unit

from checks.gates import kinds, statistical
from checks.gates.history import history
from checks.gates.kinds import arm_counts
from checks.gates.records import Verdict
from checks.gates.spec import GateSpec, Pinned
from warehouse.records.evidence import EvidenceRow
from warehouse.records.folded import FoldedWindows
from warehouse.records.metrics import SCALE, UnitCount

Units = Sequence[UnitCount]

PINNED = Pinned("pin", START - 24 * HOUR, START, 5000, cuts=(2.0, 4.0, 6.0, 8.0), counts=(1000,) * 5)
SHARES = {"whole_alpha": 0.02, "whole_beta": 0.05}
GATES: dict[str, GateSpec] = {
    "limit": gate(limit=0.1),
    "reference": gate(limit=0.15, test="reference", pinned=PINNED),
    "odds_ratio": gate(limit=1.5, test="odds_ratio"),
    "rate_difference": gate(limit=0.05, test="rate_difference", typical=0.1),
    "score_difference": gate(limit=0.05, kind="mean", test="score_difference", typical=0.1, candidate_share=0.5),
    "distribution": gate(limit=0.1, kind="mean", test="distribution", low=0.0, high=1.0, pinned=PINNED, **SHARES),
}
ARMS = ("odds_ratio", "rate_difference", "score_difference")


def row(of: GateSpec, window: int, units: Units, control: Units = ()) -> EvidenceRow:
    growth = kinds.of(of).fold(of, units, control)
    start = START + window * HOUR
    return EvidenceRow(
        "e1",
        start,
        start + HOUR,
        growth.units,
        growth.scored,
        growth.total_low,
        growth.total_high,
        growth.breach,
        growth.passing,
        window,
        f"{window}",
        start + HOUR,
        growth.counts,
    )


def judged(of: GateSpec, windows: Sequence[tuple[Units, Units]]) -> Verdict:
    rows = [row(of, n, *units) for n, units in enumerate(windows)]
    found = statistical.evaluate(of, epoch(), rows, now=START + (len(windows) + 1) * HOUR, window_seconds=3600)
    if found.units:
        points = history(of, epoch(), rows, 3600)
        # What is drawn ends where the verdict is.
        assert points[-1].estimate == pytest.approx(found.estimate)
        assert points[-1].evidence_pass == pytest.approx(found.evidence_pass)
    return found


def spread(middle: float, count: int = 100) -> list[UnitCount]:
    """Values around a middle, as a distribution between 0 and 10 has them."""
    return [unit(middle + step, count // 5) for step in (-4.0, -2.0, 0.0, 2.0, 4.0)]


def healthy(name: str) -> tuple[Units, Units]:
    if name == "distribution":
        return spread(5.0), ()
    return coins(200, 10), (coins(200, 10) if name in ARMS else ())


def bad(name: str) -> tuple[Units, Units]:
    if name == "distribution":
        return spread(7.5), ()
    return coins(200, 80), (coins(200, 10) if name in ARMS else ())


@pytest.mark.parametrize("name", GATES)
def test_health_passes_and_harm_breaches(name: str) -> None:
    passed = judged(GATES[name], [healthy(name)] * 60)
    assert (passed.outcome, passed.reason) == ("pass", "limit_kept")
    assert passed.headroom is not None
    assert passed.headroom > 0.0
    breached = judged(GATES[name], [healthy(name)] * 3 + [bad(name)] * 10)
    assert (breached.outcome, breached.reason) == ("breach", "limit_exceeded")
    assert breached.headroom is not None
    assert breached.headroom < 0.0
    for found in (passed, breached):
        assert found.estimate is not None
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.estimate <= found.high
        assert found.assumes.startswith("Right if ")


@pytest.mark.parametrize("name", GATES)
def test_empty_windows_bring_no_evidence(name: str) -> None:
    of = GATES[name]
    growth = kinds.of(of).fold(of, (), ())
    assert (len(growth.breach), len(growth.passing)) == kinds.of(of).bets(of)
    assert {*growth.breach, *growth.passing} == {0.0}
    assert growth.units == 0


@pytest.mark.parametrize("name", ARMS)
def test_one_arm_alone_says_nothing_of_the_other(name: str) -> None:
    of = GATES[name]
    for alone in [(coins(200, 80), ()), ((), coins(200, 80))]:
        found = judged(of, [alone] * 10)
        assert (found.outcome, found.reason, found.estimate) == ("no_data", "no_rows", None)


missing = st.integers(0, 60)
counts = st.tuples(st.integers(0, 60), st.integers(0, 60), missing).map(lambda t: coins(t[0] + t[1], t[1], t[2]))


@given(st.sampled_from(sorted(GATES)), counts, counts, st.data())
def test_scoring_what_was_not_scored_never_takes_evidence_away_that_rested_on_it(
    name: str, units: list[UnitCount], control: list[UnitCount], data: st.DataObject
) -> None:
    """However the unscored units turn out, both kinds of evidence can only have been too small."""
    of = GATES[name]
    if name == "distribution":
        of = replace(of, pinned=replace(PINNED, cuts=(0.5,), counts=(2500, 2500)))
    control = control if of.control else []
    before = kinds.of(of).fold(of, units, control)
    known = [_scored(part, data) for part in (units, control)]
    after = kinds.of(of).fold(of, *known)
    for one, other in ((before.breach, after.breach), (before.passing, after.passing)):
        assert all(b <= a + 1e-9 for b, a in zip(one, other, strict=True))
    assert before.units == after.units


def _scored(units: Units, data: st.DataObject) -> list[UnitCount]:
    """The same units with each unscored one given a value."""
    found = []
    for each in units:
        if each.scored:
            found.append(each)
            continue
        ones = data.draw(st.integers(0, each.count))
        found += [u for u in (unit(0.0, each.count - ones), unit(1.0, ones)) if u.count]
    return found


@given(counts, counts)
def test_arms_are_counted_both_ways(units: list[UnitCount], control: list[UnitCount]) -> None:
    of = GATES["odds_ratio"]
    found = arm_counts.of_window(of, units, control)
    n_a, n_b, a_low, a_high, b_low, b_high = found
    assert (n_a, n_b) == (sum(u.count for u in control), sum(u.count for u in units))
    assert 0 <= a_low <= a_high <= n_a
    assert 0 <= b_low <= b_high <= n_b
    breach, passing = arm_counts.for_breach(found), arm_counts.for_pass(found)
    assert (breach.k_control, breach.k_candidate) == (a_high, b_low)
    assert (passing.k_control, passing.k_candidate) == (a_low, b_high)
    folded = FoldedWindows.of([row(of, 0, units, control)])
    scored = sum(u.count for u in (*units, *control) if u.scored)
    assert int(arm_counts.known(folded)[0, [0, 2]].sum()) == scored
    assert [table[0].tolist() for table in arm_counts.tables(folded)] == [
        [n_a, a_high, n_b, b_low],
        [n_a, a_low, n_b, b_high],
    ]


def test_a_unit_is_bad_if_any_of_its_rows_is_however_many_it_has() -> None:
    of = GATES["odds_ratio"]
    found = arm_counts.of_window(of, [unit(0.01, 3), unit(1.0, 2), unit(0.0, 5)], [unit(0.5, 1), unit(0.0, 9)])
    assert found == (10, 10, 1, 1, 5, 5)
    half_known = arm_counts.of_window(of, [unit(0.25, 4, high=0.75)], [unit(0.0, 4, high=0.5)])
    assert half_known == (4, 4, 0, 4, 4, 4)


@pytest.mark.parametrize("test", ["rate_difference", "odds_ratio", "score_difference"])
def test_more_is_better_mirrors_less_is_better(test: Any) -> None:
    """The same arms told as success rather than harm: the same evidence, estimates and intervals turned round."""
    kind = "mean" if test == "score_difference" else "rate"
    down = gate(kind=kind, test=test, limit=0.05, typical=0.1, candidate_share=0.5)
    up = replace(down, direction="at_least", limit=-0.05, typical=0.9)
    if test == "odds_ratio":
        down, up = replace(down, limit=1.25), replace(up, limit=0.8)
    windows: list[tuple[Units, Units]] = [(coins(100, 10 + n), coins(100, 8)) for n in range(8)]
    turned = [tuple(coins(100, 100 - sum(u.count for u in part if u.low)) for part in pair) for pair in windows]
    one, other = judged(down, windows), judged(up, [(a, b) for a, b in turned])
    assert (one.outcome, one.evidence_breach, one.evidence_pass) == (
        other.outcome,
        pytest.approx(other.evidence_breach),
        pytest.approx(other.evidence_pass),
    )
    assert one.estimate is not None
    assert one.low is not None
    assert one.high is not None
    if test == "odds_ratio":
        assert (other.estimate, other.low, other.high) == pytest.approx((1 / one.estimate, 1 / one.high, 1 / one.low))
    else:
        assert (other.estimate, other.low, other.high) == pytest.approx((-one.estimate, -one.high, -one.low))


def test_estimates_leave_out_what_nobody_scored() -> None:
    windows: list[tuple[Units, Units]] = [(coins(80, 16, 20), coins(50, 5, 50))] * 4
    odds = judged(GATES["odds_ratio"], windows)
    assert odds.estimate == pytest.approx((16 / 64) / (5 / 45))
    rate = judged(GATES["rate_difference"], windows)
    assert rate.estimate == pytest.approx(0.2 - 0.1)
    for found in (odds, rate):
        assert found.unscored == 280
        assert found.all_low is not None
        assert found.all_high is not None
        assert found.all_low < found.estimate < found.all_high  # type: ignore[operator]  # both are numbers here


def test_scores_are_told_in_the_metric_s_unit() -> None:
    of = gate(kind="mean", test="score_difference", low=0.0, high=10.0, limit=-1.0, direction="at_least")
    of = replace(of, typical=7.0, candidate_share=0.25, measure="points")
    windows: list[tuple[Units, Units]] = [([unit(5.0, 25)], [unit(7.5, 75)])] * 20
    found = judged(of, windows)
    assert found.outcome == "breach"
    assert found.estimate == pytest.approx(-2.5)
    assert "-2.5 points" in found.detail
    # Unscored candidates may be worth anything between 0 and 10: four times their share each.
    windows = [([unit(5.0, 20), unit(0.0, 5, high=10.0, scored=False)], [unit(7.5, 75)])] * 20
    found = judged(of, windows)
    assert found.all_low is not None
    assert found.all_high is not None
    assert found.all_high - found.all_low == pytest.approx(10.0 * 5 / 100 / 0.25)


def test_arms_off_their_share_are_an_error_whose_evidence_weighs_nothing() -> None:
    of = replace(GATES["odds_ratio"], candidate_share=0.5)
    windows: list[tuple[Units, Units]] = [(coins(160, 64), coins(40, 2))] * 4
    assert judged(replace(of, candidate_share=0.8), windows).outcome == "breach"
    found = judged(of, windows)
    assert (found.outcome, found.reason, found.weighs) == ("error", "sample_ratio", False)
    assert found.headroom is None


def test_what_a_kind_needs_and_lacks_is_an_error_and_no_crash() -> None:
    lacking = {
        "rate_difference": replace(GATES["rate_difference"], typical=None),
        "score_difference": replace(GATES["score_difference"], candidate_share=None),
        "distribution": replace(GATES["distribution"], pinned=None),
    }
    for name, of in lacking.items():
        found = row(GATES[name], 0, *healthy(name))
        said = statistical.evaluate(of, epoch(), [found], now=START + HOUR, window_seconds=3600)
        assert (said.outcome, said.reason) == ("error", "check_failed")


def test_a_distribution_is_binned_by_its_reference() -> None:
    of = GATES["distribution"]
    units = [unit(1.99, 1), unit(2.0, 2), unit(9.0, 3), unit(0.0, 4, high=10.0, scored=False)]
    growth = kinds.of(of).fold(of, units, ())
    assert growth.counts == (1, 2, 0, 0, 3, 4)
    assert (growth.units, growth.scored) == (10, 6)
    histogram = replace(of, kind="histogram", unit="window")
    rows = [UnitCount(START, n * SCALE, n * SCALE, True, 5) for n in (0, 4)] + [
        UnitCount(START, 0, 4 * SCALE, False, 7)
    ]
    growth = kinds.of(histogram).fold(histogram, rows, ())
    assert growth.counts == (5, 0, 0, 0, 5, 7)
    assert (growth.units, growth.scored) == (1, 1)


def test_ledger_problems_of_rows_read_as_columns_are_named_one_by_one() -> None:
    of = GATES["odds_ratio"]
    good = [row(of, n, *healthy("odds_ratio")) for n in range(3)]
    columns = FoldedWindows.of(good)
    broken = {
        "folded twice": columns.take([0, 0, 1]),  # type: ignore[arg-type]  # any places that numpy takes
        "belongs to epoch other": FoldedWindows.of([replace(r, epoch="other") for r in good]),
        "growths, not 16 and 16": FoldedWindows.of([replace(r, breach_growth=r.breach_growth[:8]) for r in good]),
        "not one of the epoch's windows": FoldedWindows.of([replace(r, window_end=r.window_end + HOUR) for r in good]),
        "before the epoch's first": FoldedWindows.of([replace(r, window_start=r.window_start - HOUR) for r in good]),
        "more units are scored": FoldedWindows.of([replace(r, scored_units=r.units + 1) for r in good]),
        "2 windows were folded and 3 are there": columns,
    }
    for words, rows in broken.items():
        which = epoch(windows=2) if words.startswith("2") else epoch()
        found = statistical.evaluate(of, which, rows, now=START + 4 * HOUR, window_seconds=3600)
        assert (found.outcome, found.reason) == ("error", "ledger_disagrees")
        assert words in found.detail, found.detail


def test_half_of_a_reference_budget_is_its_own() -> None:
    """A pass or breach of a gate with a reference is judged by what its budgets are, halved before."""
    of = replace(GATES["reference"], alpha=0.01, beta=0.025)
    found = judged(of, [healthy("reference")])
    assert (found.proof_breach, found.proof_pass) == (pytest.approx(-math.log(0.01)), pytest.approx(-math.log(0.025)))
