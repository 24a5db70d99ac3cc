"""The scheduled flow under a real Prefect server: what its runs are called, and that it decides as the command does."""

from __future__ import annotations

import ast
import inspect
import shutil
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import duckdb
import projects as p
import pytest
from projects import HOUR, START

from flows import capability
from flows.project import Project
from warehouse.records.errors import StoreError
from warehouse.store import FILE_NAME

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

pytestmark = [pytest.mark.live, pytest.mark.enable_socket, pytest.mark.timeout(300)]

Monitor = Callable[[Project, float], "State[Any]"]


@pytest.fixture(scope="module")
def monitor() -> Iterator[Monitor]:
    """A run of the flow at an hour, on a server of its own that is gone afterwards; its final state."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DO_NOT_TRACK", "1")
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        patch.setenv("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
        from prefect.testing.utilities import prefect_test_harness

        from flows.monitor import monitor as flow

        def run(project: Project, hour: float) -> State[Any]:
            at = START + hour * HOUR
            # For the flow it is that hour: as of another moment it would hand nothing out.
            with mock.patch.object(capability, "present", return_value=at):
                return flow(config=str(project.file), as_of=at, return_state=True)

        with prefect_test_harness(server_startup_timeout=120):
            yield run


@pytest.fixture
def fed(tmp_path: Path) -> Project:
    project = p.make(tmp_path / "p")
    p.write(project, "000.jsonl", p.answers(0))
    return project


def recorded(name: str) -> list[str]:
    """Types and names of the final states that the server keeps of a flow's runs."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(limit=50)
    return [f"{r.state.type.value} {r.state.name}" for r in runs if r.state is not None and name in str(r.parameters)]


def test_the_runs_are_called_what_they_found(monitor: Monitor, fed: Project) -> None:
    state = monitor(fed, 2)
    assert (state.type.value, state.name) == ("COMPLETED", "Completed")
    assert state.message is not None
    assert "support-agent: go" in state.message
    assert (fed.data / "reports" / "index.html").exists()
    assert p.switched(fed)["action"] == "go"

    p.write(fed, "001.jsonl", p.answers(1, harmful=40))
    state = monitor(fed, 3)
    assert (state.type.value, state.name) == ("COMPLETED", "Held")
    assert state.message is not None
    assert "support-agent: pause (harmful_output_rate" in state.message
    assert p.switched(fed)["action"] == "pause"

    shutil.rmtree(fed.base / "logs")
    state = monitor(fed, 4)
    assert (state.type.value, state.name) == ("COMPLETED", "Degraded")
    assert state.message is not None
    assert state.message.startswith("Sources not read in full: logs.")
    assert "support-agent: pause" in state.message
    assert sorted(recorded(str(fed.file))) == ["COMPLETED Completed", "COMPLETED Degraded", "COMPLETED Held"]


def test_a_broken_pipeline_is_a_failed_run(monitor: Monitor, fed: Project) -> None:
    p.run(fed, 2)
    connection = duckdb.connect(str(fed.data / FILE_NAME))
    connection.execute("INSERT INTO schema_version VALUES (9999, '9999_of_tomorrow.sql')")
    connection.close()
    state = monitor(fed, 3)
    assert (state.type.value, state.name) == ("FAILED", "Failed")
    assert state.message is not None
    assert "was written by a newer version" in state.message
    with pytest.raises(StoreError, match="newer version"):
        p.run(fed, 3)


def test_the_flow_decides_as_the_command_does(monitor: Monitor, fed: Project, tmp_path: Path) -> None:
    def story(project: Project, run: Callable[[Project, float], object]) -> Project:
        run(project, 2)
        p.write(project, "001.jsonl", p.answers(1, harmful=40))
        run(project, 3)
        run(project, 3.5)
        return project

    shutil.copytree(fed.base, tmp_path / "other")
    one, other = story(fed, monitor), story(p.open_project(tmp_path / "other"), p.run)
    assert said(one) == said(other)
    assert [kind for _, kind, *_ in said(one)["log"]] == ["start", "go", "pause"]


def said(project: Project) -> dict[str, Any]:
    with p.opened(project) as stores:
        found = p.stored_in(stores)
    entries, messages = found.pop("log"), found.pop("outbox")
    # Ids are random, and the policy's digest is the same.
    found["log"] = [(e.at, e.kind, e.summary, e.evidence_digest, e.config_digest, e.body) for e in entries]
    found["outbox"] = [(m.kind, m.target, m.state, m.body.get("action"), m.body.get("event")) for m in messages]
    return found


def test_it_is_found_by_its_module_path_and_stays_short() -> None:
    from prefect.flows import load_flow_from_entrypoint

    from flows.monitor import monitor as flow

    loaded = load_flow_from_entrypoint("flows.monitor.monitor")
    assert loaded.name == "monitor"
    assert loaded.fn is flow.fn
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(flow.fn))).body
    assert isinstance(body, ast.FunctionDef)
    assert body.end_lineno is not None
    assert body.end_lineno - body.lineno <= 40
