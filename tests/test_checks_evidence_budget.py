"""Error budgets in words: every number errs on the side that promises less."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence.budget import of_gate, of_life, of_releases, of_rollout, once_in, share
from warehouse.records.errors import CheckError


def test_the_shares_of_all_epochs_sum_to_one() -> None:
    number = 20_000
    assert math.fsum(share(j) for j in range(1, number)) == pytest.approx(1.0, abs=1.0 / number)
    assert math.fsum(share(j) for j in range(1, number)) < 1.0
    assert share(1) == pytest.approx(0.6079, abs=1e-4)
    with pytest.raises(CheckError, match="count from 1"):
        share(0)


@given(st.lists(st.integers(1, 99), min_size=1, max_size=6))
def test_once_in_is_rounded_down_as_decimals(hundredths: list[int]) -> None:
    number = once_in([h / 100 for h in hundredths])
    assert number == 100 // sum(hundredths)
    # The same when a budget comes back from its logarithm.
    assert once_in([math.exp(math.log(h / 100)) for h in hundredths]) == number


def test_a_rollout_is_told_what_its_gates_promise_together() -> None:
    assert of_rollout("support", [0.02, 0.02, 0.01]) == (
        "A healthy release of support is paused wrongly at most once in 20 releases."
    )
    assert "once in 33 releases" in of_rollout("support", [0.03])
    assert "No gate pauses support on evidence" in of_rollout("support", [])
    assert "up to 60 % of healthy releases" in of_rollout("support", [0.3, 0.3])
    assert "up to 100 %" in of_rollout("support", [0.9, 0.9])


def test_a_gate_is_told_its_promise_and_what_a_later_attempt_may_spend() -> None:
    assert of_gate("harm", 0.001) == (
        "By gate harm a healthy release is paused wrongly at most once in 1,000 releases, however often it looks."
    )
    assert "attempt 2 may spend 16 % of that budget" in of_gate("harm", 0.05, 2)
    assert "held as a breach wrongly" in of_gate("harm", 0.05, on_breach="hold")
    assert of_gate("freshness", None) == ""


def test_a_service_and_many_releases() -> None:
    assert of_life("support", 0.05) == "support is paused wrongly at most once in 20 such services, ever."
    assert of_releases([0.02, 0.03], 100) == "Over 100 healthy releases expect at most 5 wrong pauses."
    assert of_releases([0.05], 20) == "Over 20 healthy releases expect at most 1 wrong pause."
    assert of_releases([0.0333], 10) == "Over 10 healthy releases expect at most 0.34 wrong pauses."
    assert of_releases([0.05], 1_000_001) == "Over 1,000,001 healthy releases expect at most 51,000 wrong pauses."
    assert of_releases([], 7) == "Over 7 healthy releases expect at most 0 wrong pauses."


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, math.nan])
def test_a_budget_that_is_no_probability_is_refused(alpha: float) -> None:
    with pytest.raises(CheckError, match="between 0 and 1"):
        of_rollout("support", [alpha])
