"""The drift history in a workspace of Evidently's own: one snapshot a window, nothing doubled, nothing raw, no half."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import projects as p
import pytest
from projects import AGENT, HOUR, START

from checks.drift import keeping
from checks.drift.evidently_adapter import library
from flows import drift_history
from flows.drift_history import Line
from flows.project import Project
from warehouse.records.errors import CheckError, UsageError

SECRET = "zanzibar-secret"
SECTION: dict[str, Any] = {
    "name": "inputs",
    "stream": "interactions",
    "rollout": AGENT,
    "reference": {"start": START.isoformat(), "end": (START + 2 * HOUR).isoformat()},
    "window": "2h",
    "columns": ["latency_ms", "segment", "confidence"],
    "min_rows": 20,
    "tolerance": 0.5,
}
OWN = keeping.project_id(AGENT, "interactions", "inputs")


def rows(hour: int, *, factor: float = 1.0) -> list[dict[str, Any]]:
    return [
        {**row, "latency_ms": (200.0 + n) * factor, "segment": SECRET if n % 3 else "en"}
        for n, row in enumerate(p.answers(hour, count=60))
    ]


def grow(project: Project, hours: range, *, factor: float = 1.0) -> None:
    for hour in hours:
        p.write(project, f"{hour}.jsonl", rows(hour, factor=factor))
    p.run(project, hours.stop + 1)


def states(lines: list[Line]) -> dict[str, int]:
    return dict(Counter(line.state for line in lines))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return p.make(tmp_path / "project", p.policy(drift=[SECTION]))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three windows of two hours, the last one moved, in a workspace."""
    made = p.make(tmp_path_factory.mktemp("history") / "project", p.policy(drift=[SECTION]))
    grow(made, range(6))
    grow(made, range(6, 9), factor=3.0)
    assert states(drift_history.write(made)) == {"written": 3}
    return made


def workspace(project: Project) -> Path:
    return drift_history.folder(project, project.policy.drift[0])


def runs(project: Project) -> list[Any]:
    """What the library itself reads of the workspace, by time."""
    with library():
        from evidently.ui.workspace import Workspace

        space = Workspace(str(workspace(project)))
        found = [space.get_run(OWN, own) for own in space.list_runs(OWN)]
    return sorted(found, key=lambda run: run.timestamp)


@pytest.mark.slow
def test_the_library_reads_one_snapshot_for_each_whole_window(written: Project) -> None:
    found = runs(written)
    assert [run.timestamp for run in found] == [START + n * HOUR for n in (4, 6, 8)]
    assert [run.tags[-1] for run in found][-1] == "drifted"
    for run in found:
        assert run.metadata["stream"] == "interactions"
        assert run.metadata["end"] == run.timestamp.isoformat()
        assert run.metadata["configuration"] == written.policy.digest
        assert len(run.metadata["reference"]) == 64
    with library():
        from evidently.ui.workspace import Workspace

        (own,) = Workspace(str(workspace(written))).list_projects()
        panels = own.dashboard.model().panels
    assert own.name == f"{AGENT}: inputs"
    assert [panel.title for panel in panels][1] == "Share of columns over their tolerance"
    assert [value.legend for value in panels[-1].values][:2] == ["latency_ms", "segment"]


@pytest.mark.slow
def test_nothing_is_written_twice(written: Project) -> None:
    before = {path: path.read_bytes() for path in workspace(written).rglob("*.json")}
    assert states(drift_history.write(written)) == {"kept": 3}
    assert {path: path.read_bytes() for path in workspace(written).rglob("*.json")} == before


@pytest.mark.slow
def test_no_value_of_the_logs_gets_in_but_numbers(written: Project) -> None:
    text = "".join(path.read_text() for path in workspace(written).rglob("*.json"))
    assert SECRET not in text
    assert "value 1" in text
    assert len(text) < 3_000_000, "no row is stored"


@pytest.mark.slow
def test_a_restated_window_replaces_its_snapshot_and_a_new_one_is_added(project: Project) -> None:
    grow(project, range(6))
    assert states(drift_history.write(project)) == {"written": 2}
    quiet = runs(project)[1]
    p.write(project, "late.jsonl", rows(5, factor=9.0))
    grow(project, range(6, 8))
    assert states(drift_history.write(project)) == {"kept": 1, "replaced": 1, "written": 1}
    found = runs(project)
    assert len(found) == 3
    assert found[1].timestamp == quiet.timestamp
    assert found[1].metadata["counted"] != quiet.metadata["counted"]


@pytest.mark.slow
def test_a_failed_write_leaves_the_older_snapshot_whole(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(project, range(4))
    drift_history.write(project)
    before = {path: path.read_bytes() for path in workspace(project).rglob("*.json")}
    p.write(project, "late.jsonl", rows(3, factor=9.0))
    grow(project, range(4, 5))

    def torn(self: Any, project_id: Any, own: Any, made: Any) -> None:
        place = Path(self.path) / str(project_id) / "snapshots"
        place.mkdir(parents=True)
        (place / f"{own}.json").write_text('{"half": ')
        raise OSError("no space left on device")

    with monkeypatch.context() as patch, library():
        patch.setattr("evidently.ui.storage.local.base.LocalState.write_snapshot", torn)
        (line,) = drift_history.write(project)
    assert line.state == "failed"
    assert "no space left on device" in line.why
    assert {path: path.read_bytes() for path in workspace(project).rglob("*.json")} == before
    assert list(workspace(project).glob(".aside-*")) == []
    assert states(drift_history.write(project)) == {"replaced": 1}


@pytest.mark.slow
def test_a_snapshot_that_is_not_whole_is_written_anew(project: Project) -> None:
    grow(project, range(4))
    drift_history.write(project)
    (place,) = (workspace(project) / str(OWN) / "snapshots").glob("*.json")
    place.write_text(place.read_text()[:100])
    foreign = place.with_name("11111111-1111-5111-8111-111111111111.json")
    foreign.write_text('{"metadata": {}}')
    assert states(drift_history.write(project)) == {"written": 1}
    assert foreign.exists(), "a report that somebody else added is left alone"
    foreign.unlink()
    assert len(runs(project)) == 1


@pytest.mark.slow
def test_a_run_that_broke_off_before_the_dashboard_is_made_up_for(project: Project) -> None:
    grow(project, range(4))
    drift_history.write(project)
    (workspace(project) / str(OWN) / "metadata.json").unlink()
    assert drift_history.existing(project, project.policy.drift[0]) is None
    assert states(drift_history.write(project)) == {"kept": 1}
    assert drift_history.existing(project, project.policy.drift[0]) == workspace(project)


@pytest.mark.slow
def test_only_the_newest_are_kept(project: Project) -> None:
    grow(project, range(6))
    assert states(drift_history.write(project, most=2)) == {"written": 2}
    grow(project, range(6, 8))
    assert states(drift_history.write(project, most=2)) == {"kept": 1, "written": 1, "removed": 1}
    assert [run.timestamp for run in runs(project)] == [START + 6 * HOUR, START + 8 * HOUR]
    assert states(drift_history.write(project, most=2)) == {"kept": 2}


@pytest.mark.slow
def test_another_reference_leaves_no_window_twice(project: Project) -> None:
    grow(project, range(6))
    drift_history.write(project)
    other = {"start": START.isoformat(), "end": (START + HOUR).isoformat()}
    changed = p.make(project.base, p.policy(drift=[{**SECTION, "reference": other, "window": "1h"}]))
    p.run(changed, 8)
    assert states(drift_history.write(changed)) == {"written": 5}
    assert [run.timestamp for run in runs(changed)] == [START + n * HOUR for n in range(2, 7)]


@pytest.mark.slow
def test_silence_has_names_and_makes_no_snapshot(tmp_path: Path) -> None:
    project = p.make(tmp_path / "a", p.policy(drift=[SECTION]))
    grow(project, range(2))
    (line,) = drift_history.write(project)
    assert (line.state, line.start) == ("no_data", None)
    assert "whole window" in line.why or "pinned" in line.why
    assert not workspace(project).exists()
    few = p.make(tmp_path / "b", p.policy(drift=[{**SECTION, "min_rows": 5_000}]))
    grow(few, range(4))
    (line,) = drift_history.write(few)
    assert line.state == "left_out"
    assert line.why
    assert drift_history.existing(few, few.policy.drift[0]) is None
    with pytest.raises(UsageError, match="Known: interactions"):
        drift_history.write(few, stream="nothing")


@pytest.mark.slow
def test_a_failure_of_the_library_is_told_and_the_other_windows_go_on(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from checks.drift import workspace as adapter

    grow(project, range(6))
    real, tried = adapter.snapshot, []

    def once(*given: Any, **named: Any) -> Any:
        tried.append(1)
        if len(tried) == 1:
            raise CheckError("It broke.")
        return real(*given, **named)

    monkeypatch.setattr(adapter, "snapshot", once)
    found = drift_history.write(project)
    assert [(line.state, line.why) for line in found] == [("failed", "It broke."), ("written", "")]


@pytest.mark.slow
def test_the_daily_flow_writes_only_where_the_configuration_names_a_workspace(tmp_path: Path) -> None:
    from flows.deploying.plan import plan
    from flows.scheduled.drift_history import drift_history as daily
    from flows.scheduled.drift_history import named

    project = p.make(tmp_path / "project", p.policy(drift=[SECTION, {**SECTION, "name": "kept", "workspace": "past"}]))
    grow(project, range(4))
    assert plan(project).job("drift-history").schedule == "30 4 * * *"
    done = daily.fn(str(project.file), str(project.data))
    assert (done.name, done.message) == ("Completed", "1 written.")
    assert drift_history.existing(project, project.policy.drift[1]) == project.base / "past"
    assert drift_history.existing(project, project.policy.drift[0]) is None
    assert named([Line("a", "b", "failed", why="It broke.")]).name == "Degraded"
    bare = p.make(tmp_path / "bare", p.policy(drift=[SECTION]))
    assert "drift-history" not in {job.flow for job in plan(bare).jobs}


@pytest.fixture
def server(written: Project) -> Iterator[str]:
    """Evidently's own server on the workspace: on the loopback, without telemetry."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {**os.environ, "DO_NOT_TRACK": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "evidently.cli", "ui", "--workspace", str(workspace(written))]
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env=told,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def asked(url: str, given: dict[str, Any] | None = None) -> Any:
    body = None if given is None else json.dumps(given).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


@pytest.mark.live
@pytest.mark.enable_socket
def test_evidentlys_own_server_shows_the_project_and_its_snapshots(server: str, written: Project) -> None:
    for _ in range(120):
        try:
            projects = asked(f"{server}/api/projects")
            break
        except OSError:
            time.sleep(0.5)
    else:
        pytest.fail("the server did not come up")
    assert [(one["id"], one["name"]) for one in projects] == [(str(OWN), f"{AGENT}: inputs")]
    found = asked(f"{server}/api/projects/{OWN}/reports")
    ends = sorted(datetime.fromisoformat(one["timestamp"]) for one in found)
    assert ends == [START + n * HOUR for n in (4, 6, 8)]
    assert all(one["metadata"]["stream"] == "interactions" for one in found)
    shown = asked(f"{server}/api/v2/dashboards/{OWN}")
    (values,) = [panel["values"] for panel in shown["panels"] if panel["title"].startswith("Share")]
    (series,) = asked(f"{server}/api/v2/snapshots/{OWN}/data_series_batch", {"series_filter": values})["series"]
    assert len(series["values"]) == 3, "one line of three points, the last of which moved"
    assert series["values"][0] == series["values"][1] == 0.0 < series["values"][2]
