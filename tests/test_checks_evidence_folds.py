"""The cumulative fold, the plan and corrections keep their promises; the engine meets all vectors."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence import correction, cumulative, plan, vectors
from checks.evidence.bets import stakes
from checks.evidence.growth import log_growth


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


def test_no_windows_is_evidence_of_one() -> None:
    assert cumulative.log_evidence([]) == 0.0


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
