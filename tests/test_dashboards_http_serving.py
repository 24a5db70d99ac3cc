"""The board as a process: on this machine only, and with the ready-made files for other systems that fit it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from command import gatehold
from conftest import ROOT
from test_dashboards_http import publish

from dashboards.http import create
from dashboards.http.serving import listen
from flows.cli.board import board
from warehouse.records.errors import UsageError

INFRA = ROOT / "infra"


def documents(path: Path) -> list[dict[str, Any]]:
    return [dict(one) for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


# ----------------------------------------------------------------------------------------------------- ready-made files


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return dict(create(tmp_path_factory.mktemp("data")).openapi())


def known(described: dict[str, Any], url: str, method: str) -> dict[str, Any]:
    """The operation that the address asks for."""
    path = re.sub(r"^(\{\{args\.address\}\}|https?://[^/]+)", "", url)
    path = re.sub(r"/rollouts/[^/]+", "/rollouts/{name}", path)
    return dict(described["paths"][path][method])


def test_the_analysis_templates_ask_for_what_there_is(described: dict[str, Any]) -> None:
    templates = documents(INFRA / "argo" / "analysis-templates.yaml")
    assert [one["metadata"]["name"] for one in templates] == ["gatehold-gate", "gatehold-watch"]
    for template in templates:
        assert (template["apiVersion"], template["kind"]) == ("argoproj.io/v1alpha1", "AnalysisTemplate")
        (metric,) = template["spec"]["metrics"]
        operation = known(described, metric["provider"]["web"]["url"], "get")
        answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        fields = described["components"]["schemas"][answer]["properties"]
        for condition in ("successCondition", "failureCondition"):
            (field, value) = re.fullmatch(r'result\.(\w+) [!=]= "(\w+)"', metric[condition]).groups()  # type: ignore[union-attr]  # else the test fails
            assert value in fields[field]["enum"]
        assert metric["failureLimit"] == metric["inconclusiveLimit"] == 0
        assert "initialDelay" not in metric, "a run without a measurement counts as successful"
        assert set(re.findall(r"args\.(\w+)", str(metric))) == {one["name"] for one in template["spec"]["args"]}
    assert templates[0]["spec"]["metrics"][0]["count"] == 1


def test_the_example_rollout_waits_for_people_and_asks_the_gate_at_every_step() -> None:
    (rollout,) = documents(INFRA / "argo" / "rollout.yaml")
    names = {one["metadata"]["name"] for one in documents(INFRA / "argo" / "analysis-templates.yaml")}
    canary = rollout["spec"]["strategy"]["canary"]
    used = [t["templateName"] for s in canary["steps"] if "analysis" in s for t in s["analysis"]["templates"]]
    assert set(used) | {t["templateName"] for t in canary["analysis"]["templates"]} == names
    kinds = [next(iter(step)) for step in canary["steps"]]
    assert kinds == ["setWeight", "pause", "analysis"] * 2 + ["setWeight"]


def test_the_rights_of_the_switch_are_what_it_uses() -> None:
    role, binding = documents(INFRA / "argo" / "switch-rights.yaml")
    assert {(r, v) for rule in role["rules"] for r in rule["resources"] for v in rule["verbs"]} == {
        ("rollouts", "get"),
        ("rollouts", "patch"),
        ("rollouts/status", "patch"),
    }
    assert binding["roleRef"]["name"] == role["metadata"]["name"]


def test_the_canary_asks_for_what_there_is(described: dict[str, Any]) -> None:
    (canary,) = documents(INFRA / "flagger" / "canary.yaml")
    hooks = {hook["type"]: hook["url"] for hook in canary["spec"]["analysis"]["webhooks"]}
    assert set(hooks) == {"confirm-traffic-increase", "confirm-promotion", "rollback"}
    for kind, url in hooks.items():
        assert known(described, url, "post")
        # A rollback acts on 200, the others go on with it.
        assert url.endswith("/paused" if kind == "rollback" else "/gate")


# ---------------------------------------------------------------------------------------------------- where it listens


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org", "", "127.0.0.1.example.org"])
def test_it_listens_on_this_machine_only(host: str) -> None:
    with pytest.raises(UsageError, match="on this machine only"):
        listen(host, 0)


def test_the_command_refuses_another_host_in_one_sentence(tmp_path: Path) -> None:
    assert "this machine only" in (board.__doc__ or "")
    (tmp_path / "gatehold.yaml").write_text("window: 1h\n")
    done = gatehold("board", "--config", str(tmp_path), "--host", "0.0.0.0")
    assert done.code == 2
    assert "Traceback" not in done.err
    assert "--allow-host" in done.err


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} on 127.0.0.1 cannot be used"):
            listen("127.0.0.1", port)


@contextmanager
def started(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, (line, process.stderr and process.stderr.read())
        yield process, found.group()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.live
@pytest.mark.enable_socket
@pytest.mark.parametrize("way", ["command", "module"])
def test_it_serves_and_stops_when_asked(tmp_path: Path, way: str) -> None:
    (tmp_path / "gatehold.yaml").write_text("window: 1h\n")
    data = tmp_path / "data"
    data.mkdir()
    publish(data, "paused", "pause")
    common = ["--data", str(data), "--port", "0"]
    words = ["-m", "dashboards.http", *common]
    if way == "command":
        words = ["-c", "from flows.cli import main; main()", "board", "--config", str(tmp_path), *common]
    with started(*words) as (process, address):
        answer = httpx.get(f"{address}/api/v1/rollouts/paused/gate")
        assert (answer.status_code, answer.json()["standing"]) == (403, "pause")
        assert "server" not in answer.headers
        assert httpx.post(f"{address}/api/v1/rollouts/paused/paused", json={"phase": "x"}).status_code == 200
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        assert "Traceback" not in err
