"""`gatehold up` for real: a server, a worker and the board; stopped, refused, killed, and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import prefect_tools as tools
import projects as p
import pytest
from command import gatehold
from conftest import ROOT
from filelock import FileLock

from flows.project import Project
from flows.serving import guard

pytestmark = [pytest.mark.live, pytest.mark.enable_socket, pytest.mark.timeout(300)]


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    project = tools.project(tmp_path, "shop", {"monitor": "10s"})
    p.write(project, "000.jsonl", p.answers(0))
    return project


@contextmanager
def up(project: Project) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """The command in a process of its own, when it is ready, with what it says of itself."""
    script = "from flows.cli import main; main()"
    command = [sys.executable, "-c", script, "up", "--config", str(project.base)]
    said = project.base / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=out, env=os.environ | {"PYTHONUNBUFFERED": "1"}
        )
    try:
        tools.until(lambda: "Ready." in said.read_text() or process.poll() is not None, 120, "it is ready")
        assert process.poll() is None, said.read_text()
        yield process, json.loads((project.data / "up.json").read_text())
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    import httpx

    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def runs(state: dict[str, Any], *types: str) -> list[Any]:
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with (
        temporary_settings(updates={PREFECT_API_URL: state["prefect"] + "/api"}),
        get_client(sync_client=True) as client,
    ):
        return tools.runs(client, "shop", *types)


def test_up_runs_on_schedule_survives_its_own_death_and_stops_clean(shop: Project) -> None:
    shop.data.mkdir(parents=True)
    with up(shop) as (process, state):
        assert answers(state["board"] + "/healthz")
        tools.until(lambda: runs(state, "COMPLETED"), 60, "a run has ended")
        assert p.kinds(shop)[0] == "start"

        second = gatehold("up", "--config", str(shop.base))
        assert second.code == 2
        assert f"process {process.pid}" in second.err

        with FileLock(shop.data / "writer.lock"):
            (waiting, *_) = tools.until(lambda: runs(state, "RUNNING"), 60, "a run waits for its turn")
            everything = guard.descendants(process.pid)
            assert len(everything) >= 7
            process.kill()
            process.wait()
            tools.until(lambda: not any(map(lives, everything)), 20, "nothing of it runs any more")

    with up(shop) as (process, state):
        left = {run.id: run.state for run in runs(state)}[waiting.id]
        assert (left.type.value, left.message) == ("CRASHED", "It was going when Gatehold was stopped.")
        assert "marked as crashed" in (shop.base / "said").read_text()
        everything = guard.descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(25) == 0
        assert not any(map(lives, everything))
    assert (shop.base / "said").read_text().rstrip().endswith("nothing of it runs any more.")
    assert not (shop.data / "up.json").exists()


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
