"""Holes that other tools are known for, each closed here by name, over the whole path from files to the standing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kind_projects as k
import projects as p
import pytest

from flows.cli.look import EXIT
from flows.once import Pass

pytestmark = pytest.mark.slow


def held(done: Pass, name: str = "gate") -> str:
    """The outcome of a gate whose rollout may not go."""
    verdict = k.verdict(done, name)
    assert verdict.outcome != "pass", verdict.detail
    assert k.standing(done).standing in ("hold", "pause")
    return verdict.outcome


def test_zero_measurements_at_the_end_are_no_success(tmp_path: Path) -> None:
    """A canary whose analysis measured nothing until its time was over is promoted elsewhere."""
    project = k.make(tmp_path, k.gate(at_most=0.1))
    p.write(project, "quiet.jsonl", [])
    for hour in range(2, 60, 8):
        assert held(p.run(project, hour)) == "no_data"
    p.write(project, "000.jsonl", k.hour(0, count=2))
    assert held(p.run(project, 61)) == "stale"
    assert p.kinds(project)[-1] == "hold"


def test_an_empty_group_of_metrics_is_no_full_score(tmp_path: Path) -> None:
    """A group without a metric scores 100 elsewhere; here a rollout without a required gate, or without data, holds."""
    project = p.make(tmp_path / "none", p.policy(gates=[]))
    p.write(project, "000.jsonl", p.answers(0, hours=4))
    done = p.run(project, 6)
    assert (p.standing(done), k.codes(done)) == ("hold", ["no_gates"])

    later = k.gate(at_most=0.1, required_from="general")
    project = p.make(tmp_path / "later", p.policy(gates=[later]))
    p.write(project, "000.jsonl", p.answers(0, hours=4))
    assert p.standing(p.run(project, 6)) == "hold", "no gate is required at the first stage"


def test_null_is_not_read_as_zero(tmp_path: Path) -> None:
    """A harm score that is missing is 0 elsewhere: no harm. Here it is unknown, at worst harm."""
    project = k.make(tmp_path, k.gate(at_most=0.1))
    done = k.feed(project, range(6), lambda at: k.hour(at, unscored=100))
    assert held(done) in ("insufficient", "no_data")
    verdict = k.verdict(done)
    assert verdict.estimate is None, "and not 0"

    project = k.make(tmp_path / "half", k.gate(at_most=0.1))
    done = k.feed(project, range(6), lambda at: k.hour(at, unscored=50))
    assert held(done) == "insufficient", "half of it is good, the other half may be anything"


def test_an_action_without_a_status_is_not_read_as_closed(tmp_path: Path) -> None:
    source = {
        **p.source("people", "people/*.jsonl", stream="governance"),
        "fields": {"event_id": "id", "occurred_at": "ts", "rollout": "=support-agent"},
    }
    gate = {"name": "gate", "rollout": p.AGENT, "metric": "overdue_actions", "at_most": 0}
    project = p.make(tmp_path, p.policy(sources=[source], gates=[gate]))
    row: dict[str, Any] = {
        "id": "a",
        "ts": p.START.isoformat(),
        "kind": "action",
        "subject": "a",
        "due_at": p.START.isoformat(),
    }
    p.write(project, "000.jsonl", [row], folder="people")
    assert held(p.run(project, 2)) == "insufficient"
    closed = {**row, "id": "b", "ts": (p.START + p.HOUR).isoformat(), "status": "closed"}
    p.write(project, "001.jsonl", [closed], folder="people")
    assert p.standing(p.run(project, 3)) == "go"


def test_inconclusive_at_the_end_is_not_shipped(tmp_path: Path) -> None:
    """A test that ends without an answer ships elsewhere; here it never ends by itself, and asks for more."""
    project = k.make(tmp_path, k.gate(at_most=0.1))
    done = k.feed(project, range(12), lambda at: k.hour(at, count=20, bad=2))
    assert held(done) == "insufficient"
    assert k.verdict(done).units == 12 * 20
    assert "not proved" in k.verdict(done).detail
    assert EXIT[k.standing(done).standing] != 0, "a pipeline that asks stops here"


def test_the_mean_of_the_one_judged_sample_of_ten_is_not_the_mean(tmp_path: Path) -> None:
    """A judge that answers for one of ten, and well, gives a perfect mean elsewhere; here nine may be bad."""
    project = k.make(tmp_path, k.gate(metric="answer_quality", at_least=7))
    one = [{"quality": 10.0}, *[{} for _ in range(9)]]
    done = k.feed(project, range(6), lambda at: k.hour(at, scores=one))
    assert held(done) == "insufficient"
    found = k.verdict(done)
    assert found.reason != "limit_kept"

    project = k.make(tmp_path / "all", k.gate(metric="answer_quality", at_least=7))
    done = k.feed(project, range(6), lambda at: k.hour(at, scores=[{"quality": 10.0}]))
    assert (k.verdict(done).outcome, k.standing(done).standing) == ("pass", "go"), "all of them judged, and well"
