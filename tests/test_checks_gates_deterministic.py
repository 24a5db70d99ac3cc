"""A gate without evidence keeps its limit or holds with the reason; it never says breach."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making_evidence import HOUR, START, gate

from checks.gates.deterministic import evaluate
from checks.gates.spec import GateSpec

AGE = gate(name="review", metric="review_age", kind="age", limit=720.0, measure="hours", layer="governance",
           alpha=None, beta=None, low=None, high=None)  # fmt: skip
SHARE = gate(name="received", metric="rows_received", kind="source", direction="at_least", limit=0.9, measure="share",
             layer="data", alpha=None, beta=None, low=None, high=None)  # fmt: skip


def said(of: GateSpec, value: float | None, **more: object) -> tuple[str, str]:
    verdict = evaluate(of, value=value, newest=START, now=START + HOUR, **more)  # type: ignore[arg-type]  # as given
    return verdict.outcome, verdict.reason


def test_a_limit_is_kept_or_not_kept_with_its_end_included() -> None:
    assert said(AGE, 720.0) == ("pass", "limit_kept")
    assert said(AGE, 720.1) == ("stale", "too_old")
    assert said(SHARE, 0.9) == ("pass", "limit_kept")
    assert said(SHARE, 0.89) == ("insufficient", "limit_not_met")


def test_the_sentence_has_the_numbers() -> None:
    verdict = evaluate(SHARE, value=0.5, newest=START, now=START, sentence="Source logs sent half.")
    assert verdict.detail == (
        "rows_received is 50 %; the limit is at least 90 %, which is not kept. Source logs sent half."
    )
    assert verdict.estimate == 0.5
    assert verdict.evidence_breach is None


def test_silence_and_failure_are_named() -> None:
    assert said(SHARE, None) == ("no_data", "no_rows")
    assert said(SHARE, 1.0, trouble=("check_failed", "The check broke.")) == ("error", "check_failed")
    for value in (math.nan, math.inf, -math.inf):
        assert said(AGE, value) == ("error", "check_failed")
    old = gate(name="drift", kind="drift", limit=0.3, max_age=HOUR, alpha=None, beta=None)
    verdict = evaluate(old, value=0.1, newest=START, now=START + timedelta(hours=5))
    assert (verdict.outcome, verdict.reason) == ("stale", "too_old")


@given(st.one_of(st.none(), st.floats()), st.booleans())
def test_it_never_breaches_and_says_the_same_twice(value: float | None, broken: bool) -> None:
    trouble = ("source_degraded", "Down.") if broken else None
    for of in (AGE, SHARE):
        first, again = (evaluate(of, value=value, newest=START, now=START, trouble=trouble) for _ in range(2))
        assert first == again
        assert first.outcome != "breach"
        assert first.detail
        if first.outcome == "pass":
            assert value is not None
            assert math.isfinite(value)


@pytest.mark.parametrize("value", [0.95, 0.5, None])
def test_other_evidence_has_another_digest(value: float | None) -> None:
    one = evaluate(SHARE, value=value, newest=START, now=START)
    other = evaluate(SHARE, value=0.123, newest=START, now=START)
    assert one.evidence_digest != other.evidence_digest
