"""A changed part of the release makes older evidence stale, by name, for what depends on it, and for nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import projects as p
import pytest
from projects import HOUR, START
from typer.testing import CliRunner

from flows import explaining
from flows.cli.app import app
from flows.project import Project
from warehouse import evidence
from warehouse.people import log
from warehouse.records.evidence import Epoch


def project(folder: Path, **changes: Any) -> Project:
    """The project whose logs name the model that answered and the version of the prompt."""
    source = p.source("logs", "logs/*.jsonl")
    source["fields"] |= {"model_answered": "model", "prompt_version": "version"}
    return p.make(folder, p.policy(sources=[source], **changes))


def rows(hour: int, *, model: str | None = "m1", version: str | None = "v3", **more: Any) -> list[dict[str, Any]]:
    return [{**row, "model": model, "version": version} for row in p.answers(hour, **more)]


def epochs(project: Project, gate: str = "harm") -> list[Epoch]:
    with p.opened(project) as stores:
        return evidence.epochs(stores.warehouse, f"{p.AGENT}/{gate}")


def verdict(done: Any, gate: str = "harm") -> Any:
    return next(v for v in p.outcome(done).standing.verdicts if v.gate == gate)


def test_a_model_that_is_swapped_under_the_same_release_is_seen_at_once(tmp_path: Path) -> None:
    ours = project(tmp_path)
    p.write(ours, "0.jsonl", rows(0, hours=2))
    assert p.standing(p.run(ours, 3.5)) == "go"
    # The first half of the hour is still the old one.
    p.write(ours, "1.jsonl", [{**row, "model": "m1" if n < 30 else "m2"} for n, row in enumerate(rows(3))])
    done = p.run(ours, 4.2)
    said = verdict(done)
    assert (p.standing(done), said.outcome, said.reason) == ("hold", "stale", "release_changed")
    assert "model m1 -> m2" in said.detail
    assert p.switched(ours)["action"] == "hold"
    old, new = epochs(ours)
    assert (old.close_reason, new.opened_for) == ("release_changed: model m1 -> m2",) * 2
    # The hour in which both answered counts for neither.
    assert new.first_window == START + 4 * HOUR
    p.write(ours, "2.jsonl", rows(4, model="m2", hours=2))
    assert p.standing(p.run(ours, 7.5)) == "go"
    assert verdict(p.run(ours, 7.5)).units == 120


def test_the_decision_that_tells_of_the_change_comes_out_the_same_when_it_is_recomputed(tmp_path: Path) -> None:
    ours = project(tmp_path)
    p.write(ours, "0.jsonl", rows(0, hours=2))
    p.run(ours, 3.5)
    p.write(ours, "1.jsonl", rows(3, version="v4"))
    p.run(ours, 4.2)
    p.run(ours, 9.5)
    with p.opened(ours) as stores:
        entries = [entry for entry in log.entries(stores.people) if "standing" in entry.body]
        found = [explaining.explain(stores, entry) for entry in entries]
    assert [one.differences for one in found] == [()] * len(found)
    told = found[1].standing
    assert [(part["part"], part["versions"], part["before"]) for part in told["parts"]] == [
        ("model", ["m1"], None),
        ("prompt", ["v4"], "v3"),
        *((part, ["unknown"], None) for part in ("tools", "agent", "judge")),
    ]
    assert told["fingerprint"] != found[0].standing["fingerprint"]


def test_what_does_not_depend_on_the_part_keeps_its_evidence(tmp_path: Path) -> None:
    tools: dict[str, Any] = {
        "name": "refusals",
        "layer": "workflow",
        "kind": "rate",
        "stream": "interactions",
        "better": "lower",
    }
    tools |= {"value": "refused", "description": "How often it refuses.", "depends_on": ["model"]}
    gate = p.harm_gate("refusals", metric="refusals")
    ours = project(tmp_path, metrics=[tools], gates=[p.harm_gate(), gate])
    p.write(ours, "0.jsonl", [{**row, "refused": False} for row in rows(0, hours=3)])
    p.run(ours, 4.5)
    p.write(ours, "1.jsonl", [{**row, "refused": False} for row in rows(4, version="v4")])
    done = p.run(ours, 5.2)
    assert verdict(done).reason == "release_changed"
    assert len(epochs(ours, "refusals")) == 1
    # A lower layer holds it back, but what it rests on is there.
    assert (verdict(done, "refusals").outcome, verdict(done, "refusals").units) == ("blocked", 180)


def test_a_version_that_is_not_named_any_more_is_unknown_and_holds(tmp_path: Path) -> None:
    ours = project(tmp_path)
    p.write(ours, "0.jsonl", rows(0, hours=2))
    p.run(ours, 3.5)
    # One row without a version among others is an error of that row, not another release.
    p.write(ours, "1.jsonl", [*rows(2, count=50), *rows(3, version=None, count=1)])
    assert verdict(p.run(ours, 4.5)).reason != "release_changed"
    p.write(ours, "2.jsonl", rows(4, version=None, hours=24))
    p.run(ours, 28.2)
    old, new = epochs(ours)
    assert old.close_reason == new.opened_for == "release_changed: prompt v3 -> unknown"
    assert new.first_window >= START + 3 * HOUR


def test_a_rollback_is_noticed_once_the_withdrawn_version_is_silent(tmp_path: Path) -> None:
    ours = project(tmp_path)
    p.write(ours, "0.jsonl", rows(0, hours=2))
    p.run(ours, 3.5)
    p.write(ours, "1.jsonl", rows(3, version="v4"))
    p.run(ours, 5)
    p.write(ours, "2.jsonl", rows(4, hours=25, mark="back"))
    done = p.run(ours, 30.2)
    assert [e.opened_for for e in epochs(ours)][1:] == [
        "release_changed: prompt v3 -> v4",
        "release_changed: prompt v4 -> v3",
    ]
    # What answered before the withdrawn version came is over; what came after its last session counts.
    assert epochs(ours)[-1].first_window == START + 5 * HOUR
    assert verdict(done).units == 24 * 60


def test_parts_that_are_not_watched_change_nothing(tmp_path: Path) -> None:
    ours = project(tmp_path, rollouts=[{**p.rollout(), "releases": {"parts": ["prompt"]}}])
    p.write(ours, "0.jsonl", rows(0, hours=2))
    p.run(ours, 3.5)
    p.write(ours, "1.jsonl", rows(2, model="m2", hours=2))
    assert p.standing(p.run(ours, 5.2)) == "go"
    assert len(epochs(ours)) == 1


def test_a_pause_keeps_what_it_rested_on_until_another_version_brings_evidence(tmp_path: Path) -> None:
    ours = project(tmp_path)
    p.write(ours, "0.jsonl", rows(0, harmful=40, hours=2))
    assert p.standing(p.run(ours, 3.5)) == "pause"
    assert verdict(p.run(ours, 3.6)).outcome == "breach"
    p.write(ours, "1.jsonl", rows(4, version="v4", hours=3))
    done = p.run(ours, 8.2)
    assert (p.standing(done), verdict(done).outcome, verdict(done).units) == ("pause", "pass", 120)
    assert epochs(ours)[-1].opened_for == "release_changed: prompt v3 -> v4"


def test_a_release_by_fingerprint_is_its_versions_whatever_the_column_says(tmp_path: Path) -> None:
    ours = project(tmp_path, rollouts=[{**p.rollout(), "releases": {"by": "fingerprint"}}])
    p.write(ours, "0.jsonl", [*rows(0), *rows(1, release="r2")])
    done = p.run(ours, 3.2)
    standing = p.outcome(done).standing
    assert (standing.standing, verdict(done).units, len(epochs(ours))) == ("go", 115, 1)
    assert standing.release == standing.fingerprint[:12]
    p.write(ours, "1.jsonl", rows(3, model="m2", release="r2"))
    done = p.run(ours, 4.2)
    assert verdict(done).reason == "release_changed"
    assert p.outcome(done).standing.release not in (None, standing.release)


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "<script>x</script>", "a" * 5_000, "'; DROP TABLE epochs; --"])
def test_what_a_log_calls_a_version_is_text(tmp_path: Path, hostile: str) -> None:
    ours = project(tmp_path)
    p.write(ours, "0.jsonl", rows(0, hours=2))
    p.run(ours, 3.5)
    p.write(ours, "1.jsonl", rows(3, version=hostile))
    done = p.run(ours, 4.2)
    assert verdict(done).reason == "release_changed"
    assert "\x1b" not in verdict(done).detail
    assert len(verdict(done).detail) < 500


def test_a_probe_from_before_the_change_is_too_old(tmp_path: Path) -> None:
    probes = p.source("probes", "probes/*.jsonl", stream="probes")
    age = {"name": "probe_age", "layer": "model", "kind": "age", "stream": "probes", "description": "Age of probes."}
    gate = {"name": "probed", "rollout": p.AGENT, "metric": "probe_age", "at_most": 100}
    logs = p.source("logs", "logs/*.jsonl")
    logs["fields"] |= {"prompt_version": "version"}
    values = p.policy(sources=[logs, probes], metrics=[age | {"better": "lower"}], gates=[p.harm_gate(), gate])
    ours = p.make(tmp_path, values)
    probe = {"id": "p1", "ts": (START + HOUR).isoformat(), "talk": "p1", "build": "r1"}
    p.write(ours, "0.jsonl", rows(0, hours=3))
    p.write(ours, "p.jsonl", [probe], folder="probes")
    assert verdict(p.run(ours, 4.5), "probed").outcome == "pass"
    p.write(ours, "1.jsonl", rows(4, version="v4"))
    said = verdict(p.run(ours, 5.2), "probed")
    assert (said.outcome, said.reason) == ("stale", "release_changed")
    assert "prompt v3 -> v4" in said.detail
    p.write(ours, "p2.jsonl", [{**probe, "id": "p2", "ts": (START + 5 * HOUR).isoformat()}], folder="probes")
    assert verdict(p.run(ours, 6.2), "probed").outcome == "pass"


def test_the_versions_are_shown_to_people_and_machines(tmp_path: Path) -> None:
    ours = project(tmp_path)
    p.write(ours, "0.jsonl", [*rows(0), *rows(1, version="v\x1b[31m4")])
    p.run(ours, 2.2)
    shown = CliRunner().invoke(app, ["gate", p.AGENT, "--config", str(tmp_path)])
    standing = json.loads(CliRunner().invoke(app, ["status", "--config", str(tmp_path), "--json"]).stdout)[p.AGENT]
    assert f"Versions ({standing['fingerprint'][:12]}): model m1, prompt v" in shown.output
    assert "rows of the last day name v3." in " ".join(shown.output.split())
    assert "\x1b" not in shown.output
    assert [(part["part"], part["before"]) for part in standing["parts"]][:2] == [("model", None), ("prompt", "v3")]
