"""A plan says before a rollout what the gate itself would do, and warns of what can never be proved."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence import assisted, cumulative, monitor, waiting
from checks.gates import kinds, planning, scenarios
from checks.gates.scenarios import moved
from checks.gates.scenarios.traffic import Traffic
from checks.gates.simulation import Forecast, Simulation
from checks.gates.spec import GateSpec, Pinned

HOUR = timedelta(hours=1)
START = datetime(2026, 3, 2, tzinfo=UTC)


def gate(**changes: Any) -> GateSpec:
    base = GateSpec(
        name="harm",
        rollout="support-agent",
        metric="harmful_output_rate",
        kind="rate",
        layer="model",
        direction="at_most",
        limit=0.005,
        measure="share of sessions",
        low=0.0,
        high=1.0,
        unit="session",
        alpha=0.05,
        beta=0.05,
        max_age=None,
        min_units=30,
        min_scored=0.5,
        on_breach="pause",
        required_from="pilot",
        required=True,
        segment=None,
        arm=None,
        owner="Ada",
        digest="d",
        whole_alpha=0.05,
        whole_beta=0.05,
    )
    return replace(base, **changes)


PINNED = Pinned(
    "p",
    START,
    START + timedelta(days=30),
    20_000,
    cuts=tuple(float(n) for n in range(1, 10)),
    counts=(2_000,) * 10,
)
SCHEME = assisted.Scheme((0.02, 0.6), (0.02, 0.3), 0.02)
LOW, HIGH = assisted.ends(SCHEME)
GRADED = {(200_000 * n, 200_000 * n, True): 6 - n for n in range(6)}
KINDS: dict[str, tuple[GateSpec, Traffic]] = {
    "rate": (gate(), Traffic(500.0)),
    "mean": (gate(kind="mean", direction="at_least", limit=0.7), Traffic(5.0, values=GRADED)),
    "window": (gate(limit=0.05, unit="window"), Traffic(1.0)),
    "odds_ratio": (gate(test="odds_ratio", limit=1.5, candidate_share=0.05, typical=0.01), Traffic(100.0, 1900.0)),
    "odds_ratio of few": (gate(test="odds_ratio", limit=3.0, typical=0.1), Traffic(3.0, 12.0)),
    "rate_difference": (gate(test="rate_difference", limit=0.02, typical=0.05), Traffic(100.0, 1900.0)),
    "score_difference": (
        gate(test="score_difference", kind="mean", limit=0.1, typical=0.4, candidate_share=0.5),
        Traffic(50.0, 50.0, values=GRADED, control_values=GRADED),
    ),
    "distribution": (gate(test="distribution", kind="mean", limit=0.1, pinned=PINNED), Traffic(100.0)),
    "histogram": (
        gate(
            test="distribution", kind="histogram", unit="window", limit=0.1, pinned=replace(PINNED, counts=(70,) * 10)
        ),
        Traffic(1.0, bins=tuple((100 + n,) * 10 for n in range(9))),
    ),
    "assisted": (gate(kind="assisted", limit=0.1, low=LOW, high=HIGH), Traffic(100.0, scheme=SCHEME)),
}


def windows(forecast: Forecast) -> float:
    return math.inf if forecast.half is None else forecast.half.windows


@pytest.mark.slow
def test_delays_are_those_of_the_study_of_false_pauses() -> None:
    found = planning.plan(gate(), Traffic(500.0), HOUR)
    assert [windows(f) for f in found.at_once] == pytest.approx([16, 6, 1], abs=2)
    assert [windows(f) for f in found.later] == pytest.approx([29, 10, 3], abs=3)
    assert found.quiet == timedelta(hours=1000)
    assert found.units_per_day == 12_000
    assert found.warnings == ()


@pytest.mark.slow
def test_the_same_question_has_the_same_answer() -> None:
    assert planning.plan(gate(), Traffic(80.0), HOUR) == planning.plan(gate(), Traffic(80.0), HOUR)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_worse_takes_longer_to_pass_and_less_to_notice(name: str) -> None:
    asked, traffic = KINDS[name]
    found = planning.plan(asked, traffic, HOUR)
    passes = [windows(f) for f in found.passes if f.possible]
    assert passes == sorted(passes)
    assert passes[0] < math.inf
    for declines in (found.at_once, found.later):
        waits = [windows(f) for f in declines if f.possible]
        assert waits == sorted(waits, reverse=True)
        assert waits[-1] < math.inf
    for forecast in (*found.passes, *found.at_once, *found.later):
        if forecast.half and forecast.most:
            assert forecast.half.windows <= forecast.most.windows


@pytest.mark.parametrize("name", KINDS)
def test_at_the_limit_no_bet_gains_on_average(name: str) -> None:
    asked, traffic = KINDS[name]
    there = scenarios.at(asked, traffic, 1.0)
    assert there is not None
    rng = np.random.default_rng(1)
    # A distribution is at the limit in one of its tests; in the others it is within it, and their passes do gain.
    for draw in (there.breach, there.passing) if asked.test != "distribution" else (there.breach,):
        grown = draw(rng, 400, np.ones(5, dtype=np.int64))
        assert grown.shape[:2] == (400, 5)
        assert np.exp(grown[..., 0]).mean() < 1.1


@pytest.mark.parametrize("name", ["rate", "distribution", "histogram"])
def test_evidence_of_many_streams_is_that_of_the_gate(name: str) -> None:
    asked, traffic = KINDS[name]
    bets = kinds.of(asked).bets(asked)[1]
    wealth = np.random.default_rng(2).normal(0.0, 3.0, (4, 3, bets))
    found = Simulation(asked, traffic, HOUR)._evidence(wealth)
    for place in np.ndindex(4, 3):
        assert found[place] == pytest.approx(kinds.of(asked).passing(asked, wealth[place].tolist()))


def test_a_wait_is_the_first_look_at_which_the_engine_proves_it() -> None:
    def draw(rng: np.random.Generator, runs: int, gaps: Any) -> Any:
        return np.broadcast_to(np.array([0.5, 0.02]) * np.asarray(gaps)[:, None], (runs, len(gaps), 2))

    proof, rng = math.log(20), np.random.default_rng(3)
    found = waiting.until_breach(draw, None, None, proof, runs=10, horizon=500, rng=rng)
    evidence = monitor.log_evidence(np.arange(1, 101), np.tile([0.5, 0.02], (100, 1)))
    assert found.half == found.most == int((evidence >= proof).argmax()) + 1

    def passing(wealth: Any) -> Any:
        return np.logaddexp.reduce(wealth, axis=-1) - math.log(2)

    first = next(n for n in range(1, 100) if cumulative.log_mean([0.5 * n, 0.02 * n]) >= proof)
    waited = waiting.until_pass(draw, passing, proof, runs=10, horizon=500, least=1, rng=rng)
    assert waited.half == first
    assert waiting.until_pass(draw, passing, proof, runs=10, horizon=500, least=40, rng=rng).half == 40
    assert waiting.until_pass(draw, passing, proof, runs=10, horizon=first - 1, least=1, rng=rng).half is None


def test_a_decline_that_cannot_be_noticed_is_not_waited_for() -> None:
    def draw(rng: np.random.Generator, runs: int, gaps: Any) -> Any:
        return np.full((runs, len(gaps), 16), -0.1)

    rng = np.random.default_rng(4)
    assert waiting.until_breach(draw, None, None, 3.0, runs=10, horizon=10**6, rng=rng).half is None


@pytest.mark.slow
def test_a_limit_that_little_traffic_can_never_prove_is_named_with_what_to_change() -> None:
    found = planning.plan(gate(limit=0.001), Traffic(4.0 / 24), HOUR)
    assert found.passes[0].half is None
    (warning, *_) = found.warnings
    for wanted in ("can never be proved", "0.02 %", "times what a year brings", "a higher limit", "a larger beta"):
        assert wanted in warning


def test_traffic_that_could_never_notice_a_thing_is_named() -> None:
    found = planning.plan(gate(limit=0.001), Traffic(0.5 / 24), HOUR)
    assert "would not be noticed within a year" in " ".join(found.warnings)


def test_a_reference_that_is_too_small_is_named() -> None:
    asked, traffic = KINDS["distribution"]
    found = planning.plan(replace(asked, limit=0.05, pinned=replace(PINNED, counts=(20,) * 10)), traffic, HOUR)
    assert "too few rows for this tolerance" in found.warnings[0]


def test_windows_that_take_months_are_named_with_the_other_units() -> None:
    found = planning.plan(gate(unit="window"), Traffic(1.0), HOUR)
    assert "unit session or item" in found.warnings[0]
    assert "all windows are taken to be alike" in " ".join(found.notes)


def test_what_nobody_scores_hinders_a_pass_and_is_named() -> None:
    values = {(0, 0, True): 9_800, (1_000_000, 1_000_000, True): 10, (0, 1_000_000, False): 200}
    found = planning.plan(gate(), Traffic(500.0, values=values), HOUR)
    assert found.passes[0].half is None
    assert found.warnings[0].startswith("2 % of the sessions so far have no value")
    assert "more traffic" not in found.warnings[1]


def test_a_gate_without_evidence_needs_no_plan() -> None:
    found = planning.without_evidence(gate(kind="age", measure="hours", limit=6.0), HOUR)
    assert not found.statistical
    assert not found.passes
    assert "nothing has to be planned" in found.notes[0]


def test_what_is_missing_is_said_and_no_crash() -> None:
    found = planning.plan(gate(test="odds_ratio", limit=1.5), Traffic(100.0, 100.0), HOUR)
    assert "--rate" in found.warnings[0]
    assert planning.plan(gate(test="odds_ratio", limit=1.5), Traffic(900.0, 900.0, expected=0.05), HOUR).passes


def test_an_expected_value_has_a_row_of_its_own() -> None:
    found = planning.plan(gate(), Traffic(500.0, expected=0.0015), HOUR)
    assert [f.share for f in found.passes] == pytest.approx([0.2, 0.3, 0.4, 0.6, 0.8])
    assert found.passes[1].said == "0.15 %"


def test_beyond_the_range_there_is_nothing_to_plan() -> None:
    found = planning.plan(gate(kind="mean", direction="at_least", limit=0.7), Traffic(50.0), HOUR)
    assert [f.possible for f in found.at_once] == [True, True, False]
    assert found.at_once[2].said == "beyond the range"


@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(1, 1000)), min_size=1, max_size=60),
    st.floats(0.001, 0.999),
)
def test_moved_values_have_the_wanted_mean(values: list[tuple[float, int]], mean: float) -> None:
    x, weights = moved.joined([(v, float(n)) for v, n in values])
    assert len(x) <= moved.MOST
    assert weights.sum() == pytest.approx(1.0)
    number = sum(n for _, n in values)
    assert weights @ x == pytest.approx(sum(v * n for v, n in values) / number, abs=1e-9)
    assert weights @ moved.shifted(x, weights, mean) == pytest.approx(mean, abs=1e-9)
    ends, spread = moved.with_ends(x, weights, number)
    assert moved.reweighted(ends, spread, mean) @ ends == pytest.approx(mean, abs=1e-6)
