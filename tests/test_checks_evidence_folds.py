"""Both folds keep their promises: valid at the limit, exact over gaps, the same however they are reached."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence import correction, cumulative, monitor, plan, vectors
from checks.evidence.bets import BETS, stakes
from checks.evidence.growth import log_growth

batches = st.lists(st.integers(0, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), max_size=25)


def growth(n: int, k: int, m: float = 0.05) -> tuple[float, ...]:
    return log_growth([(1.0, k), (0.0, n - k)], m, stakes(m))


def test_all_vectors_are_met(shared_data: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert vectors.main([str(shared_data("evidence_vectors") / "vectors.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "343 of 343 within tolerance"
    assert "start_mixture_monitor_log_e: 8 of 8" in lines


def test_a_vector_that_is_not_met_is_counted_and_fails_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "v.json"
    good = {
        "family": "bernoulli_grid_mixture_log_e",
        "input": {"batches": [{"n": 1, "k": 1}], "limit": 0.5, "q_grid": [0.75]},
        "expected": {"after_each_batch": [math.log(1.5)]},
        "rtol": 1e-9,
        "atol": 1e-9,
    }
    strange = {**good, "family": "of_tomorrow"}
    file.write_text(json.dumps({"vectors": [good, good]}))
    assert vectors.main([str(file)]) == 0
    file.write_text(json.dumps({"vectors": [good, strange, {**good, "expected": {"after_each_batch": [1.0]}}]}))
    assert vectors.main([str(file)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 of 3 within tolerance"


@given(batches, st.randoms())
def test_windows_in_any_order_give_the_same_bits(counts: list[tuple[int, int]], rng: random.Random) -> None:
    growths = [growth(n, k) for n, k in counts]
    shuffled = list(growths)
    rng.shuffle(shuffled)
    assert cumulative.log_evidence(shuffled) == cumulative.log_evidence(growths)


@given(batches.filter(bool))
def test_merging_windows_changes_nothing_but_rounding(counts: list[tuple[int, int]]) -> None:
    whole = growth(sum(n for n, _ in counts), sum(k for _, k in counts))
    parts = cumulative.log_evidence(growth(n, k) for n, k in counts)
    assert parts == pytest.approx(cumulative.log_mean(whole), rel=1e-12, abs=1e-10)


@given(batches, st.integers(1, 10_000))
def test_the_monitor_is_never_worse_than_half_the_cumulative_process(
    counts: list[tuple[int, int]], horizon: int
) -> None:
    looks = [(t, growth(n, k)) for t, (n, k) in enumerate(counts, 1)]
    for t, evidence in enumerate(monitor.log_evidence(looks, horizon), 1):
        assert evidence >= cumulative.log_evidence(g for _, g in looks[:t]) - math.log(2) - 1e-9


def brute_force(looks: list[tuple[int, tuple[float, ...]]], horizon: int) -> float:
    """Sum over all starts, by definition; looks without units included."""
    last, at = looks[-1][0], dict(looks)

    def weight(t: int) -> float:
        return 0.5 * (t == 1) + 0.25 / (t * (t + 1)) + (0.25 / horizon if t <= horizon else 0.0)

    total = 1.0 - math.fsum(weight(t) for t in range(1, last + 1))
    for start in range(1, last + 1):
        grown = [math.fsum(at[t][j] for t in range(start, last + 1) if t in at) for j in range(BETS)]
        total += weight(start) * math.fsum(map(math.exp, grown)) / BETS
    return math.log(total)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 40), st.integers(0, 5)), min_size=1, max_size=6))
def test_empty_looks_cost_their_weight_and_nothing_else(steps: list[tuple[int, int, int]]) -> None:
    looks, number = [], 0
    for gap, n, k in steps:
        number += gap
        looks.append((number, growth(n + k, k)))
    spelled_out = [(t, dict(looks).get(t, (0.0,) * BETS)) for t in range(1, number + 1)]
    evidence = monitor.log_evidence(looks, 12)[-1]
    assert evidence == pytest.approx(monitor.log_evidence(spelled_out, 12)[-1], abs=1e-10)
    assert evidence == pytest.approx(brute_force(looks, 12), abs=1e-9)


def test_weights_of_all_starts_sum_to_one_and_gaps_are_free() -> None:
    for through in (0, 1, 7, 8760, 20_000, 10**9):
        assert monitor.started(0, through, 8760) + monitor.kept(through, 8760) == pytest.approx(1.0, abs=1e-12)
    looks = [(1, growth(100, 2)), (20_001, growth(100, 60)), (2_000_000_000, growth(100, 60))]
    assert monitor.log_evidence(looks, 8760)[-1] > 50


def test_replaying_and_resuming_give_the_same_bits() -> None:
    looks = [(t, growth(50, t % 5)) for t in range(1, 200)]
    whole = monitor.log_evidence(looks, 365)
    assert monitor.log_evidence(looks, 365) == whole
    assert monitor.log_evidence(looks[:120], 365) == whole[:120]


def test_no_looks_is_evidence_of_one() -> None:
    assert monitor.log_evidence([], 365) == []
    assert cumulative.log_evidence([]) == 0.0


def test_huge_counts_and_tiny_limits_stay_finite() -> None:
    looks = [(t, growth(10_000_000, k, 1e-4)) for t, k in enumerate((0, 800, 1_000, 2_000, 10_000_000), 1)]
    evidence = monitor.log_evidence(looks, 8760)
    assert all(math.isfinite(e) for e in evidence)
    assert evidence[3] > 200
    assert evidence[4] > 1e7


def test_a_late_change_is_found_much_sooner_than_by_the_cumulative_process() -> None:
    counts = [(500, 1)] * 1000 + [(500, 5)] * 100
    looks = [(t, growth(n, k, 0.005)) for t, (n, k) in enumerate(counts, 1)]
    delay = next(t for t, e in enumerate(monitor.log_evidence(looks, 8760), 1) if e > math.log(20)) - 1000
    assert delay < 25
    assert cumulative.log_evidence(g for _, g in looks) < 0
    assert 995 <= monitor.likely_start(looks, 8760) <= 1005


@pytest.mark.parametrize(
    ("limit", "rate", "weight", "units"),
    [
        (0.001, 0.0015, 0.5, 47_900),
        (0.005, 0.01, 0.5, 2_670),
        (0.02, 0.08, 0.5, 98),
        (0.05, 0.075, 0.25 / 8760, 2_600),
        (0.005, 0.003, 1.0, 9_600),
        (0.02, 0.004, 1.0, 464),
    ],
)
def test_the_plan_agrees_with_the_published_table(limit: float, rate: float, weight: float, units: int) -> None:
    assert plan.planned_units(limit, rate, 0.05, weight) == pytest.approx(units, rel=0.15)
    assert plan.planned_units(limit, limit, 0.05) is None


@given(st.integers(1, 500), st.integers(0, 20))
def test_the_units_still_needed_bring_the_proof(n: int, k: int) -> None:
    k = min(n, k)
    wealth, proof = growth(n, k), math.log(50)
    more = plan.units_until(wealth, n, wealth, proof)
    if more is None:
        assert max(wealth) <= 0
        return

    def after(further: int) -> float:
        return cumulative.log_mean([w * (1 + further / n) for w in wealth])

    assert after(more) >= proof - 1e-9
    assert more == 0 or after(more - 1) < proof + 1e-9


def test_nothing_seen_gives_no_forecast() -> None:
    assert plan.units_until((), 0, (), 3.0) is None


def test_corrections_share_the_weight_of_one() -> None:
    assert correction.weights(1) == [1.0]
    assert correction.weights(2) == [0.5, 0.5]
    assert correction.weights(4) == [0.5, 0.25, 0.125, 0.125]
    mixed = correction.mixed_breach([[(1, 2.0), (3, 4.0)], [(2, 5.0)]])
    half = math.log(0.5)
    assert mixed[0] == (1, pytest.approx(float(np.logaddexp(2.0 + half, half))))
    assert mixed[1] == (2, pytest.approx(float(np.logaddexp(2.0 + half, 5.0 + half))))
    assert mixed[2] == (3, pytest.approx(float(np.logaddexp(4.0 + half, 5.0 + half))))


def test_a_pass_needs_the_newest_correction_by_itself() -> None:
    assert correction.mixed_pass([1000.0, -3.0]) == -3.0
    assert correction.mixed_pass([-50.0, 8.0]) == pytest.approx(8.0 - math.log(2))
