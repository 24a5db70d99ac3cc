"""What a project asks of a Prefect server: jobs, schedules, files, automations, events and artifacts."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import projects as p
import pytest
import yaml
from command import gatehold
from conftest import ROOT

from checks.policy import parse
from flows.delivering import DeliveryReport
from flows.deploying import artifacts, events, telling, turns, writing
from flows.deploying.automations import automations
from flows.deploying.plan import Plan, plan
from flows.deploying.schedules import collision
from flows.project import Project
from flows.project import load as load_project
from warehouse.records.decisions import Delivery
from warehouse.records.errors import ConfigurationError, StoreBusyError, StoreError, UsageError


def planned(folder: Path, **changes: Any) -> Plan:
    return plan(p.make(folder, p.policy(**changes)))


def test_the_schedules_are_those_that_are_documented(tmp_path: Path) -> None:
    found = {job.flow: job.schedule for job in planned(tmp_path).jobs}
    assert found == {
        "monitor": timedelta(hours=1),
        "deliver": timedelta(minutes=1),
        "self-test": "0 4 * * *",
        "rituals": "0 8 * * 1",
        "backfill": None,
        "missed": None,
    }


def test_never_means_only_when_asked_and_paths_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = p.make(tmp_path, p.policy(schedules={"deliver": "never", "monitor": "15m"}))
    monkeypatch.chdir(tmp_path)
    found = plan(load_project(Path("gatehold.yaml")))
    assert found.job("deliver").schedule is None
    assert found.job("monitor").parameters == {"config": str(made.file), "data": str(made.data)}
    assert found.missed_after == timedelta(minutes=30)


def test_what_runs_in_containers_names_its_own_paths_and_image(tmp_path: Path) -> None:
    pool = {"type": "kubernetes", "name": "k8s", "image": "registry/gatehold:1", "job_variables": {"namespace": "ai"}}
    found = planned(tmp_path, prefect={"config": "/etc/gatehold.yaml", "data": "/data", "work_pool": pool})
    assert found.job("monitor").parameters == {"config": "/etc/gatehold.yaml", "data": "/data"}
    assert (found.pool, found.pool_type) == ("k8s", "kubernetes")
    assert found.job_variables["image"] == "registry/gatehold:1"
    assert found.job_variables["namespace"] == "ai"


def test_every_run_says_that_it_lives_and_sends_no_telemetry(tmp_path: Path) -> None:
    assert planned(tmp_path).job_variables["env"] == {
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    }


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"schedules": {"monitor": "1s"}}, "schedules.monitor: is out of range"),
        ({"schedules": {"monitor": "61 * * * *"}}, "has a minute that is none"),
        ({"schedules": {"monitor": "*/0 * * * *"}}, "has a minute that is none"),
        ({"schedules": {"monitor": "* * * *"}}, "Cron has five fields"),
        ({"schedules": {"monitor": 5}}, "is not a schedule"),
        ({"schedules": {"timezone": "Mars"}}, "is not a time zone"),
        ({"schedules": {"overdue_after": "5s"}}, "too short"),
        ({"prefect": {"work_pool": {"type": "docker"}}}, "has no image to run"),
        ({"prefect": {"work_pool": {"image": "x"}}}, "which processes do not use"),
        ({"prefect": {"work_pool": {"type": "docker", "image": "x"}}}, "where the runs find their files"),
    ],
)
def test_a_wrong_setting_is_said_before_anything_is_registered(tmp_path: Path, section: Any, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        p.make(tmp_path, p.policy(**section))


def test_when_it_runs_changes_no_evidence(tmp_path: Path) -> None:
    one = p.make(tmp_path / "a", p.policy())
    other = p.make(tmp_path / "b", p.policy(schedules={"monitor": "5m"}, prefect={"name": "other"}))
    assert one.policy.digest == other.policy.digest


def test_a_run_on_schedule_gives_way_and_one_that_was_asked_for_waits(tmp_path: Path) -> None:
    found = planned(tmp_path)
    assert collision(found.job("deliver")) == "CANCEL_NEW"
    assert collision(found.job("backfill")) == "ENQUEUE"


def test_the_shipped_files_are_what_the_command_writes(tmp_path: Path) -> None:
    (tmp_path / "gatehold.yaml").write_text(
        'prefect: {config: "{{ $GATEHOLD_CONFIG }}", data: "{{ $GATEHOLD_DATA }}"}\n', encoding="utf-8"
    )
    done = gatehold("deploy", "--config", str(tmp_path), "--write", str(tmp_path / "infra"), "--json")
    assert done.code == 0
    written = sorted(path.relative_to(tmp_path / "infra") for path in (tmp_path / "infra").rglob("*.yaml"))
    assert written == sorted(Path(name).relative_to(tmp_path / "infra") for name in done.json["files"])
    assert len(written) == 5
    for name in written:
        assert (ROOT / "infra" / name).read_text("utf-8") == (tmp_path / "infra" / name).read_text("utf-8")


def test_without_a_server_deploy_says_which_variable_names_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.deploying import registering

    monkeypatch.setattr("prefect.settings.get_current_settings", lambda: NoServer)
    with pytest.raises(UsageError, match="PREFECT_API_URL is not set"), registering.server():
        pass


class NoServer:
    class api:
        url = None


def test_every_automation_is_read_by_prefect_and_none_repeats_in_silence(tmp_path: Path) -> None:
    from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

    found = planned(tmp_path)
    made = automations(found, {job.flow: "7d9e1d2c-7b7b-4c83-9bb4-0d9f2e1f8d11" for job in found.jobs})
    assert sorted(made) == ["crashed", "missed", "paused", "silent"]
    for automation in made.values():
        trigger = AutomationCore.model_validate(automation).trigger
        assert isinstance(trigger, EventTrigger)
        # Without something to wait after, a proactive trigger fires in every window for ever.
        assert bool(trigger.after) == (trigger.posture == Posture.Proactive)


def test_a_held_run_is_a_sign_of_life_for_the_automation_that_crashes_silent_runs(tmp_path: Path) -> None:
    found = planned(tmp_path)
    made = automations(found, {job.flow: "x" for job in found.jobs})["silent"]["trigger"]
    # State events are named after the state: Held and Degraded are in no list of Prefect's.
    assert made["expect"] == ["prefect.flow-run.*"]
    assert made["within"] == 90


def test_an_interval_without_end_is_not_watched_for_silence(tmp_path: Path) -> None:
    found = planned(tmp_path, schedules={"monitor": "0 6 * * 1-5"})
    assert found.missed_after is None
    assert "missed" not in automations(found, {job.flow: "x" for job in found.jobs})
    assert planned(tmp_path, schedules={"monitor": "0 6 * * 1-5", "overdue_after": "3d"}).missed_after is not None


@pytest.fixture
def paused(tmp_path: Path) -> tuple[Project, Any]:
    project = p.make(tmp_path)
    p.write(project, "000.jsonl", p.answers(0, harmful=40))
    return project, p.run(project, 2)


def test_a_standing_that_changed_is_one_event_and_a_pause_one_more(paused: tuple[Project, Any]) -> None:
    project, done = paused
    told = telling.of_pass(project, done, {}, at=p.START)
    assert [(t.event, t.about) for t in told] == [
        ("gatehold.standing.changed", "gatehold.rollout.support-agent"),
        ("gatehold.rollout.paused", "gatehold.rollout.support-agent"),
    ]
    assert [t.id for t in told] == [t.id for t in telling.of_pass(project, done, {}, at=p.START + p.HOUR)]
    assert len({t.id for t in told}) == 2
    assert telling.of_pass(project, done, {"support-agent": "pause"}, at=p.START) == []
    with p.opened(project) as stores:
        assert telling.standing_now(stores) == {"support-agent": "pause"}


def test_a_failed_delivery_is_an_event_that_names_receiver_and_error(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    message = Delivery("d-1", "d", "shop", "switch", "shop", {}, "waiting", 2, p.START, None, "it answered 500")
    (told,) = telling.of_deliveries(project, DeliveryReport((), (message,), ()), at=p.START)
    assert (told.event, told.about) == (events.UNDELIVERED, "gatehold.rollout.shop")
    assert told.payload["error"] == "it answered 500"
    assert telling.of_deliveries(project, None, at=p.START) == []


def test_a_server_that_is_gone_costs_a_warning(
    paused: tuple[Project, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(**_: object) -> None:
        raise ConnectionError("http://user:secret@host")

    monkeypatch.setattr("prefect.client.orchestration.get_client", gone)
    project, done = paused
    assert telling.passed(project, done, Path("page.html"), {}, at=p.START) is False
    assert "was not told" in caplog.text
    assert "secret" not in caplog.text


def test_the_table_says_of_each_gate_what_it_found(paused: tuple[Project, Any]) -> None:
    _, done = paused
    table, summary, board = artifacts.of_pass(done, "http://127.0.0.1:8700")
    rows = {row["gate"]: row for row in json.loads(table.data)}
    assert table.key == "gatehold-support-agent"
    assert rows["harm"]["outcome"] == "breach"
    assert rows["harm"]["limit"].startswith("at most 10")
    assert rows["harm"]["units"] > 50
    assert "**support-agent**: **pause** at stage pilot" in summary.data
    assert board.data == "[The board](http://127.0.0.1:8700)"


def test_hostile_text_marks_nothing_up(paused: tuple[Project, Any]) -> None:
    from dataclasses import replace

    _, done = paused
    hostile = "[click](http://evil) <script>alert(1)</script> | **x** `y`\n# big \u202e"
    outcome = done.outcomes[0]
    reason = replace(outcome.standing.reasons[0], detail=hostile)
    verdict = replace(outcome.standing.verdicts[0], detail=hostile)
    standing = replace(outcome.standing, stage=hostile, reasons=(reason,), verdicts=(verdict,))
    changed = replace(done, outcomes=(replace(outcome, standing=standing),))
    table, summary, board = artifacts.of_pass(changed, "http://x/a) [b](javascript:alert(1)")
    for text in (summary.data, table.description):
        assert "\n# big" not in text
        assert "](http://evil)" not in text.replace("\\]", "").replace("\\(", "")
        assert "<script>" not in text
        assert "\u202e" not in text
    assert board.data.count("](") == 1
    assert board.data.count("(") == 1


def test_keys_of_rollouts_are_what_prefect_takes_and_differ() -> None:
    assert artifacts.key_of("support-agent") == "gatehold-support-agent"
    names = ["a_b", "a-b", "a__b", "a"]
    assert len({artifacts.key_of(name) for name in names}) == len(names)
    assert all(set(artifacts.key_of(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in names)


def test_only_a_busy_store_is_tried_again_and_not_for_ever() -> None:
    waits: list[float] = []
    said: list[str] = []

    def busy() -> None:
        raise StoreBusyError("Another process is writing.")

    def broken() -> None:
        raise StoreError("It was written by a newer version.")

    with pytest.raises(StoreBusyError):
        turns.patiently(busy, say=said.append, sleep=waits.append)
    assert len(waits) == len(said) == 3
    assert sorted(waits) == waits
    with pytest.raises(StoreError, match="newer"):
        turns.patiently(broken, say=said.append, sleep=waits.append)
    assert len(waits) == 3
    assert turns.patiently(lambda: 7) == 7


def test_files_that_prefect_reads_hold_no_anchor_and_no_id_of_a_machine(tmp_path: Path) -> None:
    texts = writing.texts(planned(tmp_path))
    assert all("&id" not in text for text in texts.values())
    loaded = yaml.safe_load(texts["prefect.yaml"])
    assert loaded["pull"] == []
    assert [d["entrypoint"].count(":") for d in loaded["deployments"]] == [0] * 6


@pytest.mark.parametrize(
    "example", re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "prefect.md").read_text("utf-8"), flags=re.S)
)
def test_every_example_of_the_page_is_valid(example: str) -> None:
    assert parse("example.yaml", lambda _: example).prefect.work_pool.name


def test_the_page_names_every_deployment_and_event(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "prefect.md").read_text("utf-8")
    found = planned(tmp_path)
    names = [job.flow for job in found.jobs]
    names += [events.STANDING_CHANGED, events.PAUSED, events.UNDELIVERED, events.FINISHED, events.DEPLOYED]
    assert [name for name in names if f"`{name}`" not in page] == []
    does = [a["name"].split(": ")[1] for a in automations(found, {job.flow: "x" for job in found.jobs}).values()]
    assert [name for name in does if f"| {name} |" not in page] == []
