"""The project on a real Prefect server: what is registered, what runs, what is seen there, and each known trap."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import prefect_tools as tools
import projects as p
import pytest
from conftest import ROOT
from filelock import FileLock

from flows.channels.port import Alert
from flows.channels.prefect_block import PrefectBlockChannel
from flows.deploying import examining, registering, turns, watching
from flows.deploying.plan import plan as planned
from flows.project import Project
from flows.serving import children
from flows.serving.children import Places
from flows.serving.tree import Tree
from warehouse.records.errors import DeliveryError, ServiceError, StoreBusyError

pytestmark = [pytest.mark.live, pytest.mark.enable_socket, pytest.mark.timeout(300)]

SHOP, ZOMBIE = "shop", "zombie"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Tree, Places]]]:
    """Two servers, started side by side: a good one, and one whose scheduler never makes a run."""
    good, idle = tmp_path_factory.mktemp("good"), tmp_path_factory.mktemp("idle")
    lazy = {"PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false"}
    with tools.served(good) as first:
        tools.answers(first[1])
        with tools.served(idle, **lazy) as second:
            yield {"good": first, "idle": second}


@pytest.fixture(scope="module")
def good(servers: dict[str, tuple[Tree, Places]]) -> Iterator[tuple[Tree, Places]]:
    with tools.talking(servers["good"][1]):
        yield servers["good"]


@pytest.fixture(scope="module")
def client(good: tuple[Tree, Places]) -> Iterator[Any]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture(scope="module")
def killed(good: tuple[Tree, Places], client: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of a run that was killed together with its worker while it waited for its turn."""
    tree, places = good
    project = tools.project(tmp_path_factory.mktemp("zombie"), ZOMBIE, {})
    project.data.mkdir(parents=True)
    registered = registering.register(planned(project), now=datetime.now(UTC))
    with FileLock(project.data / "writer.lock"), Tree(tree._environment, print) as workers:
        workers.start(children.worker(places, planned(project)))
        run = client.create_flow_run_from_deployment(registered.deployments["monitor"])
        tools.until(
            lambda: [e for e in tools.events(client, "prefect.flow-run.heartbeat") if str(run.id) in str(e)],
            90,
            "a sign of life",
        )
        guard = workers._running[0].guard
        assert guard is not None
        tools.kill_all(guard.pid)
        guard.wait()
    return str(run.id)


@pytest.fixture(scope="module")
def shop(good: tuple[Tree, Places], killed: str, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose logs lie in the present, and are bad; registered."""
    folder = tmp_path_factory.mktemp("shop")
    project = tools.project(folder, SHOP, {"monitor": "15s"})
    now = int((datetime.now(UTC) - p.START) / p.HOUR)
    p.write(project, "000.jsonl", p.answers(now - 5, hours=4, harmful=40))
    registering.register(planned(project), now=datetime.now(UTC))
    return project


def stands(client: Any) -> dict[str, Any]:
    """What the server says of every deployment, without what it makes up."""
    found = {}
    for deployment in client.read_deployments(limit=50):
        value = deployment.model_dump(
            mode="json",
            include={"name", "entrypoint", "parameters", "tags", "work_pool_name", "job_variables", "pull_steps"}
            | {"description", "version", "enforce_parameter_schema", "parameter_openapi_schema", "paused"}
            | {"concurrency_options", "path"},
        )
        value["schedules"] = [s.model_dump(mode="json")["schedule"] for s in deployment.schedules]
        value["limit"] = deployment.global_concurrency_limit.limit
        found[f"{deployment.entrypoint} {deployment.name}"] = value
    return found


def test_registering_twice_changes_nothing(client: Any, killed: str, shop: Project) -> None:
    before = stands(client), [a.name for a in client.read_automations()]
    again = registering.register(planned(shop), now=datetime.now(UTC))
    assert (stands(client), [a.name for a in client.read_automations()]) == before
    assert sorted(again.deployments) == ["backfill", "deliver", "missed", "monitor", "rituals", "self-test"]
    assert sorted(again.automations) == sorted(name for name in before[1] if name.startswith("shop: "))
    assert len(again.automations) == 4
    limit = client.read_global_concurrency_limit_by_name("shop-writer")
    assert (limit.limit, limit.active) == (1, True)


def test_a_run_comes_on_schedule_says_what_it_found_and_a_pause_sets_its_automation_off(
    good: tuple[Tree, Places], client: Any, shop: Project
) -> None:
    tree, places = good
    with Tree(tree._environment, print) as workers:
        # It ends with this test, so that the other ones have the machine to themselves.
        workers.start(children.worker(places, planned(shop)))
        (run, *_) = tools.until(lambda: tools.runs(client, SHOP, "COMPLETED"), 120, "a run that has ended")
        # Nothing else starts this deployment: it has no schedule here.
        handed_out = tools.until(lambda: of(client, SHOP, "deliver", "COMPLETED"), 60, "deliver has run")
    assert [run.created_by.type for run in handed_out] == ["AUTOMATION"]
    assert run.state.name == "Held"
    assert "support-agent: pause" in run.state.message
    assert p.kinds(shop) == ["start", "pause"]
    assert p.switched(shop)["action"] == "pause"
    (changed,) = tools.events(client, "gatehold.standing.changed")
    (paused,) = tools.events(client, "gatehold.rollout.paused")
    for event in (changed, paused):
        assert event["resource"]["prefect.resource.id"] == "gatehold.rollout.support-agent"
        assert event["payload"]["standing"] == "pause"
    assert tools.events(client, "gatehold.monitor.finished")


def test_what_a_run_found_stays_on_the_server_to_look_at(client: Any, shop: Project) -> None:
    (run, *_) = tools.runs(client, SHOP, "COMPLETED")
    found = client.request("POST", "/artifacts/filter", json={}).json()
    shown = {a["key"]: a for a in found if a["flow_run_id"] == str(run.id)}
    assert sorted(shown) == ["gatehold-board", "gatehold-summary", "gatehold-support-agent"]
    table = json.loads(shown["gatehold-support-agent"]["data"])
    assert [row["gate"] for row in table] == ["readable", "harm", "people-named"]
    assert {"outcome", "estimate", "units", "limit", "why"} < set(table[0])


def test_prefect_deploy_with_the_shipped_file_gives_the_same(
    good: tuple[Tree, Places], client: Any, shop: Project, tmp_path: Path
) -> None:
    project = p.make(tmp_path / "plain", p.policy())
    registering.register(planned(project), now=datetime.now(UTC))
    ours = stands(client)
    environment = {"GATEHOLD_CONFIG": str(project.file.absolute()), "GATEHOLD_DATA": str(project.data.absolute())}
    command = ["--no-prompt", "deploy", "--all", "--prefect-file", str(ROOT / "infra" / "prefect.yaml")]
    for deployment in client.read_deployments(limit=50):
        if deployment.name == "gatehold":
            client.delete_deployment(deployment.id)
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *command],
        env={**good[0]._environment, **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    theirs = stands(client)
    assert sum(name.endswith(" gatehold") for name in ours) == 6
    assert theirs == ours


def test_one_run_writes_at_a_time_and_a_limit_that_is_not_there_stops_none(client: Any, shop: Project) -> None:
    said: list[str] = []
    with turns.slot("shop-writer", say=said.append):
        limit = client.read_global_concurrency_limit_by_name("shop-writer")
        assert limit.active_slots == 1
        with pytest.raises(StoreBusyError, match="Another run has held shop-writer for 1 s"), second_slot(said):
            pass
    assert client.read_global_concurrency_limit_by_name("shop-writer").active_slots == 0
    with turns.slot("no-such-limit", say=said.append):
        pass
    assert said == []


def second_slot(said: list[str]) -> AbstractContextManager[None]:
    return turns.slot("shop-writer", say=said.append, wait_seconds=1)


def test_a_silent_monitor_is_told_once_and_not_in_every_window(client: Any, shop: Project, tmp_path: Path) -> None:
    project = tools.project(tmp_path / "late", "late", {"overdue_after": "10s"})
    registering.register(planned(project), now=datetime.now(UTC))
    tools.until(lambda: of(client, "late", "missed"), 60, "the automation has asked for a run")
    time.sleep(15)
    (run,) = of(client, "late", "missed")
    assert run.created_by.type == "AUTOMATION"
    assert run.parameters["missed_after_seconds"] == 10


def test_a_notification_that_is_refused_is_not_swallowed(client: Any, shop: Project) -> None:
    from prefect.blocks.notifications import MattermostWebhook

    with refusing() as (port, asked):
        block = MattermostWebhook(hostname="127.0.0.1", port=port, token="secret-token", secure=False)
        block.save("nobody", overwrite=True)
        block.notify("As Prefect does it, the failure is a line in a log.")
        assert len(asked) == 1
        alert = Alert("a-1", "shop", "pause", "It broke.", (), p.START, True, "d-1", 1, "h")
        with pytest.raises(DeliveryError, match="did not send the message") as refused:
            PrefectBlockChannel("mattermost-webhook/nobody").send(alert)
    assert len(asked) == 2
    assert refused.value.transient
    assert "secret-token" not in str(refused.value)


@contextmanager
def refusing() -> Iterator[tuple[int, list[str]]]:
    """A receiver that answers 500, and what it was asked."""
    asked: list[str] = []

    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_error(500)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Refuse) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, asked
        server.shutdown()


def test_a_server_that_never_makes_a_run_is_noticed(servers: dict[str, tuple[Tree, Places]], tmp_path: Path) -> None:
    from prefect.client.orchestration import get_client

    places = servers["idle"][1]
    tools.answers(places)
    project = tools.project(tmp_path / "idle", "idle", {"monitor": "15s"})
    with tools.talking(places), get_client(sync_client=True) as client:
        plan = planned(project)
        registered = registering.register(plan, now=datetime.now(UTC))
        with pytest.raises(ServiceError, match="its scheduler has made no run"):
            watching.await_runs(client, plan, registered.deployments, patience=12)
        (doctor,) = examining.examine(replace(project, environment={"PREFECT_API_URL": places.api}))
    assert (doctor.state, doctor.found) == ("wrong", "answers, but no run is waiting for its time")


def test_a_server_that_goes_away_in_the_middle_costs_no_decision(
    servers: dict[str, tuple[Tree, Places]], tmp_path: Path
) -> None:
    """The run waits for its turn, the server is killed, and then it is its turn."""
    tree, places = servers["idle"]
    tools.answers(places)
    project = tools.project(tmp_path / "gone", "gone", {})
    p.write(project, "000.jsonl", p.answers(0, harmful=40))
    project.data.mkdir(parents=True)
    script = f"from flows.monitor import monitor; monitor(config={str(project.file)!r})"
    with FileLock(project.data / "writer.lock"):
        run = subprocess.Popen([sys.executable, "-c", script], env=tree._environment, cwd=ROOT, stderr=subprocess.PIPE)
        assert run.stderr is not None
        os.set_blocking(run.stderr.fileno(), False)
        said = b""

        def waits() -> bool:
            nonlocal said
            said += run.stderr.read() or b""
            return b"Another run is writing" in said

        tools.until(waits, 60, "the run waits for its turn")
        guard = tree._running[0].guard
        assert guard is not None
        tools.kill_all(guard.pid)
        guard.wait()
    tools.until(lambda: "pause" in kinds(project), 90, "the decision is in the log")
    run.kill()
    run.wait()
    run.stderr.close()
    assert kinds(project) == ["start", "pause"]


def test_a_run_that_was_killed_with_its_worker_is_crashed_and_run_again(client: Any, killed: str) -> None:
    def state() -> Any:
        return client.read_flow_run(killed).state

    tools.until(lambda: state().type.value == "CRASHED", 150, "the automation saw that it is silent")
    assert "no sign of life for 90 s" in state().message
    again = tools.until(lambda: [r for r in of(client, ZOMBIE, "monitor") if str(r.id) != killed], 30, "run again")
    assert [run.created_by.type for run in again] == ["AUTOMATION"]
    # A sign of life may come in after the last word of its run; a state that is final stays all the same.
    failed = {event["payload"]["reason"] for event in tools.events(client, "prefect.automation.action.failed")}
    assert failed <= {"Failed to set state: Run is already in terminal state COMPLETED."}


def of(client: Any, name: str, flow: str, *types: str) -> list[Any]:
    """The runs of one deployment."""
    id = client.read_deployment_by_name(f"{flow}/{name}").id
    return [run for run in tools.runs(client, name, *types) if run.deployment_id == id]


def kinds(project: Project) -> list[str]:
    from warehouse.people import glance

    return [entry.kind for entry in glance.entries(project.data)]
