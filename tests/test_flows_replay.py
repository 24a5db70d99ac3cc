"""What another policy would have decided: the same one repeats the log, another parts from it, nothing is touched."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest
import yaml
from command import gatehold
from ingest_tools import everything
from projects import AGENT, HOUR, START

from dashboards.replay.model import Difference, GateDifference, Replay, Tally
from dashboards.replay.page import page
from flows import acting, replaying
from flows.acting import Person
from flows.project import Project
from warehouse.people import log, outbox
from warehouse.records.errors import UsageError

pytestmark = pytest.mark.slow

END = START + 14 * HOUR
HOSTILE = "<script>alert(1)</script>\x1b[31m"


def tell(project: Project) -> None:
    """Good hours, a bad one that pauses, a restated row, a resume, and good hours after it."""
    for hour in range(3):
        p.write(project, f"{hour:03}.jsonl", p.answers(hour))
        p.run(project, hour + 2)
    p.write(project, "003.jsonl", p.answers(3, harmful=40))
    p.run(project, 5)
    row = {**p.answers(1)[0], "scores": {"harm": 0.95}}
    p.write(project, "late.jsonl", [row])
    p.run(project, 6)
    p.write(project, "006.jsonl", p.answers(6, release="r2", mark="b"))
    p.run(project, 8)
    with p.opened(project) as stores:
        ada = Person("Ada", ("approver",))
        mend: dict[str, Any] = {"mended": "ticket 1", "mended_at": START + 7 * HOUR}
        acting.resume(stores.people, project.policy, AGENT, ada, "mended", **mend, now=START + 8.5 * HOUR)
    for hour in range(9, 11):
        p.write(project, f"{hour:03}.jsonl", p.answers(hour, release="r2", mark="b"))
        p.run(project, hour + 2)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = p.make(tmp_path_factory.mktemp("live"))
    tell(project)
    return project


def other(project: Project, name: str, **limits: Any) -> Project:
    """The project under a policy beside its own, which has another harm gate."""
    gates = [gate if gate["name"] != "harm" else {**gate, **limits} for gate in p.policy()["gates"]]
    (project.base / name).write_text(yaml.safe_dump(p.policy(gates=gates)), encoding="utf-8")
    return replaying_project(project, name)


def replaying_project(project: Project, name: str) -> Project:
    from flows import project as projects

    return projects.load(project.base / name, data=project.data, environment={})


def stored(project: Project) -> Any:
    with p.opened(project) as stores:
        return everything(stores.warehouse), log.entries(stores.people), outbox.all(stores.people)


def test_the_same_policy_comes_to_what_the_log_says_at_every_run(live: Project) -> None:
    before = stored(live)
    found = replaying.replay(live, start=START, end=END)
    assert found.moments == 8
    assert found.differences == ()
    (tally,) = found.tallies
    assert tally.then == tally.replayed
    assert set(tally.then) >= {"go", "pause"}
    assert stored(live) == before, "the live project is only read"


def test_a_looser_policy_would_not_have_paused(live: Project) -> None:
    found = replaying.replay(other(live, "looser.yaml", at_most=0.9), start=START, end=END)
    assert found.exploratory
    first = found.differences[0]
    assert (first.then, first.replayed, first.start) == ("pause", "go", START + 5 * HOUR)
    assert GateDifference("harm", "breach", "pass") in first.gates
    assert {(d.then, d.replayed) for d in found.differences if d.then == "pause"} == {("pause", "go")}


def test_a_stricter_policy_would_have_gone_later(live: Project) -> None:
    found = replaying.replay(other(live, "stricter.yaml", at_most=0.001, beta=0.001), start=START, end=END)
    assert {(d.then, d.replayed) for d in found.differences} >= {("go", "hold")}
    assert found.tallies[0].replayed.get("go", 0) < found.tallies[0].then["go"]


def test_where_the_monitor_never_ran_every_window_is_judged(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    p.write(project, "000.jsonl", p.answers(0))
    with p.opened(project) as stores:
        from flows import pulling

        pulling.pull_sources(project, stores, now=START + 2 * HOUR)
    found = replaying.replay(project, start=START, end=START + 5 * HOUR)
    assert found.moments == 2
    assert found.tallies[0].then == {replaying.NEVER_RUN: 2}
    assert replaying.replay(project, start=START, end=START + HOUR).moments == 0


def test_the_command_tells_and_writes_a_page(live: Project, tmp_path: Path) -> None:
    other(live, "looser.yaml", at_most=0.9)
    span = ("--start", START.isoformat(), "--end", END.isoformat())
    words = ("replay", *span, "--config", str(live.base / "looser.yaml"), "--out", str(tmp_path / "r.html"))
    told = gatehold(*words)
    assert told.code == 0, told.err
    assert "Exploratory" in told.out
    assert "pause" in told.out
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "EXPLORATORY" in text
    assert "support-agent" in text
    found = gatehold(*words, "--json").json
    assert found["exploratory"] is True
    assert found["page"] == str(tmp_path / "r.html")
    assert found["differences"][0]["then"] == "pause"


def test_a_span_or_folder_that_cannot_be_is_refused(live: Project, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no time"):
        replaying.replay(live, start=END, end=START)
    empty = p.make(tmp_path / "empty")
    with pytest.raises(UsageError, match="no history"):
        replaying.replay(empty, start=START, end=END)
    assert not empty.data.exists()


def test_texts_of_logs_do_nothing_on_the_page() -> None:
    gate = GateDifference(HOSTILE, "pass", HOSTILE)
    one = Difference(HOSTILE, START, START + timedelta(hours=1), HOSTILE, "hold", HOSTILE, (gate,))
    tally = Tally(HOSTILE, {HOSTILE: 1}, {"go": 1})
    text = page(Replay(START, END, HOSTILE, "d" * 64, 1, (tally,), (one,)))
    assert "<script" not in text
    assert "\x1b" not in text
    assert "&lt;script&gt;" in text
