"""A run that is killed at any moment is finished by the next one: the same decisions, evidence and deliveries."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import crashing
import projects as p
import pytest
from projects import HOUR, START

from flows.project import Project
from warehouse.people import standings

pytestmark = pytest.mark.slow

NOW = 4.0


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A rollout that may go, and what the run at hour 4 will find: a breach, and a restatement of what was counted."""
    project = p.make(tmp_path_factory.mktemp("news"))
    for hour in range(2):
        p.write(project, f"{hour:03}.jsonl", p.answers(hour))
        p.run(project, hour + 2)
    p.write(project, "002.jsonl", p.answers(2, harmful=40))
    p.write(project, "zz-fix.jsonl", p.answers(0, harmful=3))
    return project


@pytest.fixture(scope="module")
def undisturbed(news: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("undisturbed") / "p"
    shutil.copytree(news.base, folder)
    assert crashing.run(folder, NOW)
    return again(folder)


def again(folder: Path) -> Project:
    """The project after one more run of the same hour, which finds nothing left to do but to say `paused`."""
    project = p.open_project(folder)
    done = p.run(project, NOW)
    assert p.outcome(done).entry is None
    return project


def content(value: Any) -> Any:
    """JSON values without ids, hashes and positions, which every log has of its own."""
    if isinstance(value, dict):
        # What an alert is about ends with the id of a decision.
        known = {**value, "about": str(value["about"]).rpartition("/")[0]} if "about" in value else value
        return {k: content(v) for k, v in known.items() if k not in ("id", "head", "hash", "seq", "decision")}
    return [content(v) for v in value] if isinstance(value, list) else value


def final(project: Project) -> dict[str, Any]:
    """Everything that a run leaves, but ids, hashes, and how often a source was polled."""
    with p.opened(project) as stores:
        tables = p.stored_in(stores)
        entries, messages = tables.pop("log"), tables.pop("outbox")
        published = {name: (s.body, s.at, s.valid_until) for name, s in standings.latest(stores.people).items()}
    return {
        "tables": tables,
        "standings": published,
        "decisions": [(e.at, e.kind, e.actor, e.summary, e.evidence_digest, content(e.body)) for e in entries],
        "deliveries": [(d.kind, d.target, d.state, content(d.body)) for d in messages],
        "switch": content(p.switched(project)),
    }


def assert_delivered(project: Project) -> None:
    """Every message reached its receiver at least once, under one id, and each stands for one decision only."""
    with p.opened(project) as stores:
        ids = {e.id for e in p.log.entries(stores.people)}
        messages = p.outbox.all(stores.people)
    assert {m.state for m in messages} <= {"delivered", "superseded"}
    assert {m.decision_id for m in messages} <= ids
    received = [alert["id"] for alert in p.alerts(project)]
    assert set(received) == {m.id for m in messages if m.kind == "alert"}
    assert len({(m.kind, m.target, m.body["decision"]["id"], m.body.get("event")) for m in messages}) == len(messages)


@pytest.mark.parametrize("part", range(2))
def test_killed_after_any_step_the_next_run_comes_to_the_same(
    news: Project, undisturbed: Project, tmp_path: Path, part: int
) -> None:
    expected = final(undisturbed)
    kinds = [kind for _, kind, *_ in expected["decisions"]]
    assert kinds == ["start", "go", "pause", "restate"]
    steps = (undisturbed.base / crashing.STEP_FILE).read_text().split()
    assert {f"{owner.__name__}.{name}" for owner, name in crashing.STEPS} - set(steps) == {
        "warehouse.people.renewals.renew"
    }, "every step but the renewal of a lease is on the way of this run"
    for number, step in list(enumerate(steps, start=1))[part::2]:
        folder = tmp_path / f"{number}"
        shutil.copytree(news.base, folder)
        assert not crashing.run(folder, NOW, kill_at=number), step
        p.run(p.open_project(folder), NOW)
        project = again(folder)
        assert final(project) == expected, f"killed after {step}, step {number}"
        assert_delivered(project)


def test_killed_at_random_moments_again_and_again(news: Project, undisturbed: Project, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    shutil.copytree(news.base, folder)
    chance = random.Random(5)
    arguments = ["run", "--config", str(folder), "--as-of", (START + NOW * HOUR).isoformat()]
    waits = [chance.uniform(0.05, 0.9) for _ in range(8)]
    finished = [crashing.gatehold(arguments, kill_after=wait) for wait in waits]
    assert not all(finished)
    p.run(p.open_project(folder), NOW)
    project = again(folder)
    assert final(project) == final(undisturbed)
    assert_delivered(project)


def test_the_command_killed_from_outside(news: Project, undisturbed: Project, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    shutil.copytree(news.base, folder)
    command = [sys.executable, "-c", "from flows.cli import main; main()", "run", "--config", str(folder)]
    process = subprocess.Popen([*command, "--as-of", (START + NOW * HOUR).isoformat()], stdout=subprocess.DEVNULL)
    alerts, until = folder / "alerts.jsonl", time.monotonic() + 60
    # Seen from outside the first alert is out: somewhere between handing out and the page.
    while not alerts.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    p.run(p.open_project(folder), NOW)
    project = again(folder)
    assert final(project) == final(undisturbed)
    assert_delivered(project)


def test_a_run_of_a_later_hour_finishes_what_a_dead_run_left(news: Project, tmp_path: Path) -> None:
    """Killed after the pause was written and before its epochs were closed: nothing more is folded into them."""
    reference = tmp_path / "reference"
    shutil.copytree(news.base, reference)
    crashing.run(reference, NOW)
    steps = (reference / crashing.STEP_FILE).read_text().split()
    folder = tmp_path / "p"
    shutil.copytree(news.base, folder)
    assert not crashing.run(folder, NOW, kill_at=steps.index("warehouse.people.log.append") + 1)
    project = p.open_project(folder)
    p.write(project, "003.jsonl", p.answers(3))
    done = p.run(project, 5)
    assert (p.standing(done), p.said(done)[0]) == ("pause", "breach")
    with p.opened(project) as stores:
        found = stores.warehouse.connection.execute(
            "SELECT closed_at, close_reason, windows FROM epochs ORDER BY epoch"
        ).fetchall()
    assert found == [(START + NOW * HOUR, "paused", 3)] * 2
    assert p.kinds(project) == ["start", "go", "pause", "restate"]
    assert p.switched(project)["action"] == "pause"
    assert_delivered(project)
