"""A gate that does not do its work fails its self-test, and one that cannot be tested is told from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from self_test_gates import GATES, one, tried

from flows import folding_units
from flows.folding_units import WindowUnits
from flows.self_test import driving, expecting


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ("constant", "has the value 1, so no traffic can be told from another"),
        ("scored_when_bad", "has the value 1, so no traffic can be told from another"),
        ("contradiction", "is inside it and has a value"),
        ("by_the_clock", "reads occurred_at"),
    ],
)
def test_a_metric_that_cannot_tell_traffic_apart_is_not_testable_and_says_why(metric: str, told: str) -> None:
    result = tried(one(metric, at_most=0.1))
    assert (result.result, result.rows) == ("not_testable", 0)
    assert told in result.detail


@pytest.mark.slow
def test_a_limit_that_takes_too_many_rows_to_prove_is_not_testable() -> None:
    result = tried(one("harmful_output_rate", at_most=0.00001))
    assert result.result == "not_testable"
    assert "would take about" in result.detail


def exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the arms of every window the wrong way round."""
    right = folding_units.windows

    def turned(*given: Any) -> list[WindowUnits]:
        return [WindowUnits(w.start, w.control, w.units) for w in right(*given)]

    monkeypatch.setattr(folding_units, "windows", turned)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["odds ratio", "difference of rates"])
def test_arms_that_are_exchanged_fail(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exchanged(monkeypatch)
    # Equal shares: at others the guard of the sample ratio stops the comparison before.
    result = tried(GATES[kind] | {"candidate_share": 0.5})
    assert result.result == "failed"
    assert "the arms are exchanged" in result.detail


@pytest.mark.slow
def test_a_decline_that_is_not_seen_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = folding_units.windows

    def blind(*given: Any) -> Sequence[WindowUnits]:
        return [
            WindowUnits(w.start, tuple(replace(u, low=0, high=0) for u in w.units), w.control) for w in right(*given)
        ]

    monkeypatch.setattr(folding_units, "windows", blind)
    result = tried(GATES["rate, less is better"])
    assert result.result == "failed"
    assert "was missed" in result.detail


@pytest.mark.slow
def test_a_gate_that_breaches_on_healthy_traffic_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = folding_units.windows

    def gloomy(*given: Any) -> Sequence[WindowUnits]:
        return [
            WindowUnits(w.start, tuple(replace(u, low=10**6, high=10**6) for u in w.units), w.control)
            for w in right(*given)
        ]

    monkeypatch.setattr(folding_units, "windows", gloomy)
    result = tried(GATES["rate, less is better"])
    assert result.result == "failed"
    assert result.detail.startswith("It breached on healthy traffic.")


@pytest.mark.slow
def test_a_gate_that_has_not_spoken_within_the_rows_allowed_is_not_testable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "MOST_ROWS", 1000)
    monkeypatch.setattr(expecting, "goes_on", lambda *_: True)
    result = tried(GATES["rate, less is better"])
    assert result.result == "not_testable"
    assert "a self-test sends at most 1,000" in result.detail


@pytest.mark.slow
def test_a_gate_whose_data_are_always_older_than_it_allows_fails() -> None:
    slow = {"name": "a", "kind": "jsonl", "path": "x", "stream": "interactions", "lateness": "1d"}
    result = tried(one("harmful_output_rate", at_most=0.1), sources=[slow])
    assert result.result == "failed"
    assert "came to stale" in result.detail


@pytest.mark.slow
def test_a_release_that_only_bad_rows_lack_cannot_be_gated() -> None:
    """A row without a release is the unnamed release, which is judged by itself: one such row and all of it is bad."""
    result = tried(one("release_null_share", at_most=0.1))
    assert result.result == "failed"
    assert "breached on healthy traffic" in result.detail
