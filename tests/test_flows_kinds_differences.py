"""Rates and graded scores of the candidate less those of the control arm, from files to the standing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import kind_projects as k
import projects as p
import pytest

from checks.gates.records import Verdict

pytestmark = pytest.mark.slow

DIFFERENCE: dict[str, Any] = {"against": "control", "compare": "difference"}
MARGIN: dict[str, Any] = {**DIFFERENCE, "at_most": 0.05, "typical": 0.1}


def ordered(found: Verdict, *, inside: float) -> bool:
    """Whether the interval is one, in the gate's own unit, around that value."""
    return found.low is not None and found.high is not None and found.low < inside < found.high


def test_a_rate_within_its_margin_passes_and_one_beyond_breaches(tmp_path: Path) -> None:
    healthy = k.make(tmp_path / "healthy", k.gate(**MARGIN))
    done = k.feed(healthy, range(16), lambda at: k.arms(at, candidate=11, control=10))
    found = k.verdict(done)
    assert (found.outcome, found.reason) == ("pass", "limit_kept")
    assert found.estimate == pytest.approx(0.01)
    assert ordered(found, inside=0.01)
    assert "1 %" in found.detail
    assert found.headroom is not None
    assert k.unequal(healthy) == []
    worse = k.make(tmp_path / "worse", k.gate(**MARGIN))
    done = k.feed(worse, range(6), lambda at: k.arms(at, candidate=30, control=10))
    found = k.verdict(done)
    assert (found.outcome, p.standing(done)) == ("breach", "pause")
    assert found.estimate == pytest.approx(0.2)
    assert ordered(found, inside=0.2)
    assert k.unequal(worse) == []


@pytest.mark.parametrize(("candidate", "control"), [(30, 30), (10, 40)])
def test_a_rate_that_rises_in_both_arms_or_in_the_control_is_no_breach(
    tmp_path: Path, candidate: int, control: int
) -> None:
    project = k.make(tmp_path, k.gate(**MARGIN))
    found = k.verdict(k.feed(project, range(8), lambda at: k.arms(at, candidate=candidate, control=control)))
    assert found.outcome != "breach"
    assert found.estimate == pytest.approx((candidate - control) / 100)


def test_success_that_may_fall_by_a_margin_is_compared_downwards(tmp_path: Path) -> None:
    success = {
        **k.QUALITY,
        "name": "solved_rate",
        "kind": "rate",
        "value": "scores.harm < 0.5",
        "measure": "share",
        "range": [0, 1],
    }
    gate = k.gate(metric="solved_rate", **DIFFERENCE, at_least=-0.05, typical=0.9)
    values = p.policy(gates=[gate], metrics=[success])
    done = k.feed(p.make(tmp_path / "a", values), range(16), lambda at: k.arms(at, candidate=11, control=10))
    found = k.verdict(done)
    assert found.outcome == "pass"
    # One more of a hundred is not solved: the difference is negative, and so is most of its interval.
    assert found.estimate == pytest.approx(-0.01)
    assert ordered(found, inside=-0.01)
    assert found.low is not None
    assert found.low > -0.05
    done = k.feed(p.make(tmp_path / "b", values), range(6), lambda at: k.arms(at, candidate=30, control=10))
    found = k.verdict(done)
    assert (found.outcome, p.standing(done)) == ("breach", "pause")
    assert found.estimate == pytest.approx(-0.2)


def points(*values: float, name: str = "quality") -> Sequence[dict[str, float]]:
    return [{name: value} for value in values]


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_mean_scores_of_arms_filled_at_random(tmp_path: Path, better: str) -> None:
    """Quality 0 to 10, of which more is better, or length 0 to 1,000, of which less is: the same story mirrored."""
    higher = better == "higher"
    given: dict[str, Any] = {"at_least": -1.0, "typical": 7.0} if higher else {"at_most": 100.0, "typical": 300.0}
    metric, scale = ("answer_quality", 1.0) if higher else ("answer_length", -100.0)
    name = "quality" if higher else "length"
    gate = k.gate(metric=metric, **DIFFERENCE, **given, candidate_share=0.25)

    def rows(candidate: float, control: float) -> Any:
        def at(hour: int) -> list[Any]:
            def around(mean: float) -> Sequence[dict[str, float]]:
                middle = mean if higher else 10.0 - mean
                return points(*(abs(scale) * (middle + step) for step in (-1.0, 0.0, 1.0)), name=name)

            return [
                *k.hour(hour, count=30, scores=around(candidate)),
                *k.hour(hour, count=90, scores=around(control), arm="control", release="r0"),
            ]

        return at

    done = k.feed(k.make(tmp_path / "a", gate), range(40), rows(7.0, 7.0))
    found = k.verdict(done)
    assert found.outcome == "pass"
    assert found.estimate == pytest.approx(0.0, abs=1e-6)
    assert ordered(found, inside=0.0)
    project = k.make(tmp_path / "b", gate)
    done = k.feed(project, range(24), rows(4.0, 7.0))
    found = k.verdict(done)
    assert (found.outcome, p.standing(done)) == ("breach", "pause")
    assert found.estimate == pytest.approx(-3.0 * scale)
    assert ordered(found, inside=-3.0 * scale)
    assert ("points" if higher else "words") in found.detail
    assert k.unequal(project) == []
    # Both arms alike: no difference, however low.
    done = k.feed(k.make(tmp_path / "c", gate), range(24), rows(4.0, 4.0))
    assert k.verdict(done).outcome != "breach"


def test_scores_of_arms_with_another_share_than_configured_are_not_compared(tmp_path: Path) -> None:
    gate = k.gate(metric="answer_quality", **DIFFERENCE, at_least=-1.0, typical=7.0, candidate_share=0.5)

    def rows(at: int) -> list[Any]:
        candidate = k.hour(at, count=40, scores=points(4.0))
        return [*candidate, *k.hour(at, count=160, scores=points(7.0), arm="control", release="r0")]

    done = k.feed(k.make(tmp_path, gate), range(8), rows)
    assert k.said(done) == ("error", "sample_ratio")
    assert p.standing(done) == "hold"


def test_a_rate_difference_guards_its_arms_only_when_their_share_is_known(tmp_path: Path) -> None:
    def rows(at: int) -> list[Any]:
        return k.arms(at, candidate=20, control=2, count=80, controls=20)

    assert k.verdict(k.feed(k.make(tmp_path / "a", k.gate(**MARGIN)), range(4), rows)).reason != "sample_ratio"
    found = k.feed(k.make(tmp_path / "b", k.gate(**MARGIN, candidate_share=0.5)), range(4), rows)
    assert k.said(found) == ("error", "sample_ratio")
