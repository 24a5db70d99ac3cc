"""Many gates: their evidence adds up without a price, passes only by the least, and the weakest is named."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence import headroom, many
from warehouse.records.errors import CheckError

gates = st.lists(st.tuples(st.floats(-50, 50), st.floats(1e-4, 0.05)), min_size=1, max_size=12)
known = st.floats(-5, 1, allow_nan=False)


@given(gates)
def test_a_gate_that_proves_a_breach_alone_proves_it_together(given_gates: list[tuple[float, float]]) -> None:
    log_e, alphas = [e for e, _ in given_gates], [a for _, a in given_gates]
    together = many.combined(log_e, alphas)
    assert min(log_e) - 1e-9 <= together <= max(log_e) + 1e-9
    if any(e >= math.log(1 / a) + 1e-9 for e, a in given_gates):
        assert together >= many.proof(alphas)


def test_gates_that_are_near_together_prove_what_none_proves_alone() -> None:
    alphas = [0.01] * 5
    alone = math.log(1 / 0.01)
    assert many.combined([alone - 1.0] * 5, alphas) < alone
    assert many.combined([alone - 1.0] * 5, alphas) >= many.proof(alphas)
    assert many.combined([0.0] * 5, alphas) == pytest.approx(0.0)


def test_evidence_together_is_one_on_average_however_gates_depend() -> None:
    # The same coin is seen by both gates, one of which bets the other way: fully dependent.
    for limit in (0.1, 0.5):
        mean = math.fsum(
            chance
            * math.exp(
                many.combined(
                    [math.log1p(0.9 * (x - limit) / limit), math.log1p(-0.9 * (x - limit) / (1 - limit))], [0.02, 0.03]
                )
            )
            for x, chance in ((1.0, limit), (0.0, 1 - limit))
        )
        assert mean == pytest.approx(1.0)


def test_gates_without_budgets_are_refused() -> None:
    for log_e, alphas in (([0.0], []), ([0.0, 0.0], [0.1, 0.0])):
        with pytest.raises(CheckError, match="needs one above 0"):
            many.combined(log_e, alphas)
    for alphas in ([], [0.5, 0.5]):
        with pytest.raises(CheckError, match="between 0 and 1"):
            many.proof(alphas)


def test_the_triage_list_is_wrong_in_no_more_than_its_share() -> None:
    rng, q, runs, healthy, bad = np.random.default_rng(9), 0.2, 400, 30, 10
    wrong = []
    for _ in range(runs):
        z = rng.normal(size=healthy + bad) * 0.7 + 0.7 * rng.normal()
        z[healthy:] += 4.0
        named = many.e_bh([float(3.0 * x - 4.5) for x in z], q)
        wrong.append(sum(i < healthy for i in named) / max(1, len(named)))
    assert np.mean(wrong) <= q
    assert many.e_bh([], q) == []


@pytest.mark.parametrize("calibrate", [many.p_to_e_mixture, lambda p: many.p_to_e_kappa(p, 0.4)])
def test_calibrators_integrate_to_at_most_one_and_never_rise(calibrate: object) -> None:
    # Midpoints in ln p, where both functions are smooth.
    edges = np.linspace(-400.0, 0.0, 200_001)
    middle = (edges[1:] + edges[:-1]) / 2
    found = [calibrate(float(p)) * float(p) for p in np.exp(middle)]  # type: ignore[operator]  # a function of one
    whole = math.fsum(found) * (edges[1] - edges[0])
    assert 0.99 < whole <= 1.0 + 1e-6
    ps = np.linspace(1e-6, 1.0, 200)
    values = [calibrate(float(p)) for p in ps]  # type: ignore[operator]  # a function of one
    assert all(a >= b - 1e-9 for a, b in pairwise(values))


def test_layers_breach_by_the_mean_and_pass_by_the_least() -> None:
    alarm, calm, proof = math.log(400), 0.0, math.log(30)
    one_bad = many.layers([proof, proof, proof, -3.0], [calm, calm, calm, alarm], 0.05, 0.05)
    assert (one_bad.decision, one_bad.passing) == ("BREACH", -3.0)
    assert many.layers([proof] * 4, [calm] * 4, 0.05, 0.05).decision == "PASS"
    silent = many.layers([proof, proof, proof, None], [calm] * 4, 0.05, 0.05)
    assert (silent.decision, silent.passing) == ("HOLD", None)
    assert many.layers([50.0, 50.0, 50.0, 1.0], [calm] * 4, 0.05, 0.05).decision == "HOLD"
    assert many.layers([], [calm], 0.05, 0.05).decision == "HOLD"


def test_headroom_is_one_at_the_target_and_nothing_at_the_limit() -> None:
    assert headroom.headroom(0.02, 0.0) == 1.0
    assert headroom.headroom(0.02, 0.02) == 0.0
    assert headroom.headroom(0.02, 0.03) == pytest.approx(-0.5)
    assert headroom.headroom(0.02, 0.015, target=0.01) == pytest.approx(0.5)
    with pytest.raises(CheckError, match="better than its limit"):
        headroom.headroom(0.02, 0.01, target=0.02)


@given(st.dictionaries(st.sampled_from("abcdef"), st.one_of(st.none(), known), min_size=1))
def test_the_weakest_is_the_least_and_what_is_not_known_is_weaker(values: dict[str, float | None]) -> None:
    found = headroom.weakest(values)
    assert found.binding is not None
    others = [v for name, v in values.items() if name != found.binding]
    if None in values.values():
        assert (values[found.binding], found.headroom, found.gain) == (None, None, None)
    else:
        assert found.headroom == min(v for v in values.values() if v is not None)
        known_others = [v for v in others if v is not None]
        assert found.gain == (min(known_others) - found.headroom if known_others else None)
        assert found.gain is None or found.gain >= 0.0
    assert (found.runner_up is None) == (not others)


def test_the_weakest_of_equals_is_the_first_by_name_and_of_nothing_none() -> None:
    assert headroom.weakest({"b": 0.2, "a": 0.2}) == headroom.Weakest("a", 0.2, "b", 0.0)
    assert headroom.weakest({"harm": 0.3, "age": None}) == headroom.Weakest("age", None, "harm", None)
    assert headroom.weakest({}) == headroom.Weakest(None, None, None, None)


def test_things_in_series_work_between_no_overlap_of_failures_and_full() -> None:
    assert headroom.series([0.9, 0.95, 0.99, 0.98]) == pytest.approx((0.82, 0.9))
    assert headroom.series([0.3, 0.4]) == (0.0, 0.3)
    for rates in ([], [1.2], [math.nan]):
        with pytest.raises(CheckError, match="between 0 and 1"):
            headroom.series(rates)
