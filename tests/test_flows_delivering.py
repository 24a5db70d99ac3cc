"""Delivering: at least once, in order, one process at a time, and each to the target of the configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from acting_examples import acting
from delivering_tools import DOWN, HOUR, Recorder, counts, handed
from filelock import FileLock
from people_examples import NOW, alert, switch, written

from checks.policy import Policy
from checks.policy.alerts import FileAlert, WebhookAlert
from checks.policy.rollouts import Rollout
from flows.channels.file import FileChannel
from flows.channels.port import Alert
from flows.delivering import DeliveryReport, deliver, deliver_project
from flows.project import Project
from flows.switches.file import FileSwitch
from flows.switches.port import SwitchMessage
from warehouse.people import outbox
from warehouse.people.store import People
from warehouse.records.errors import StoreBusyError


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path / "data") as people:
        yield people


def test_a_decision_reaches_switch_and_people(people: People, tmp_path: Path) -> None:
    entry = written(people, "k", switch("pause"), alert(), kind="pause")
    state, alerts = tmp_path / "state.json", tmp_path / "alerts.jsonl"
    report = handed(people, switch=FileSwitch(state), on_call=FileChannel(alerts))
    assert counts(report) == (2, 0, 0)
    assert json.loads(state.read_text())["decision"]["head"] == entry.hash
    assert json.loads(alerts.read_text())["event"] == "pause"
    assert handed(people) == DeliveryReport((), (), ())


def test_nothing_due_is_nothing_done(people: People) -> None:
    assert handed(people) == DeliveryReport((), (), ())


def test_an_older_go_is_never_sent_after_a_pause(people: People) -> None:
    recorder = Recorder(DOWN)
    written(people, "a", switch("go"))
    assert counts(handed(people, switch=recorder)) == (0, 1, 0)
    written(people, "b", switch("pause"))
    handed(people, NOW + HOUR, switch=recorder)
    handed(people, NOW + 9 * HOUR, switch=recorder)
    assert [message.action for message in recorder.told if isinstance(message, SwitchMessage)] == ["pause"]
    assert [d.state for d in outbox.all(people)] == ["superseded", "delivered"]


def test_a_decision_that_comes_while_another_is_under_way_supersedes_it(people: People) -> None:
    class Busy(Recorder):
        def send(self, alert: SwitchMessage | Alert) -> None:
            super().send(alert)
            if len(self.told) == 1:
                written(people, "late", switch("pause"), rollout="second")

    recorder = Busy()
    written(people, "a", switch("hold"), rollout="first")
    written(people, "b", switch("go"), rollout="second")
    handed(people, switch=recorder)
    told = [(m.rollout, m.action) for m in recorder.told if isinstance(m, SwitchMessage)]
    assert told == [("first", "hold"), ("second", "pause")]


def test_what_waits_behind_a_pause_follows_in_the_same_pass(people: People) -> None:
    recorder = Recorder(DOWN)
    written(people, "a", switch("pause"))
    handed(people, switch=recorder)
    written(people, "b", switch("hold"))
    handed(people, NOW + HOUR, switch=recorder)
    assert [m.action for m in recorder.told if isinstance(m, SwitchMessage)] == ["pause", "hold"]


@pytest.mark.parametrize("action", ["start", "go", "expand", "resume"])
def test_a_permission_that_has_ended_is_not_sent_and_a_person_hears_of_it(people: People, action: str) -> None:
    recorder, channel = Recorder(), Recorder()
    written(people, "a", switch(action, valid_until=NOW + HOUR))
    report = handed(people, NOW + HOUR, switch=recorder, on_call=channel)
    assert recorder.told == []
    assert "before it could be delivered" in str(report.dead[0].last_error)
    assert len(channel.told) == 1


@pytest.mark.parametrize("action", ["pause", "hold"])
def test_a_pause_and_a_hold_have_no_end(people: People, action: str) -> None:
    written(people, "a", switch(action, valid_until=NOW + HOUR))
    assert counts(handed(people, NOW + 5 * HOUR)) == (1, 0, 0)


def test_a_policy_names_switches_and_channels_and_secrets_stay_unread(people: People, tmp_path: Path) -> None:
    webhook = {"kind": "webhook", "url_env": "HOOK", "secret_env": "KEY"}
    rollouts = [rollout("a", {"kind": "file", "path": "a.json"}), rollout("b", webhook), rollout("c", None)]
    alerts = [
        FileAlert.model_validate({"name": "log", "kind": "file", "path": "log.jsonl", "when": ["delivery_failed"]}),
        WebhookAlert.model_validate({"name": "hook", "kind": "webhook", "url_env": "HOOK", "when": ["pause"]}),
    ]
    policy = SimpleNamespace(rollouts=rollouts, alerts=alerts, maintenance=(), board_url=None)
    project = Project(cast(Policy, policy), tmp_path / "gatehold.yaml", people.folder, {})
    for name in "abc":
        written(people, name, switch("pause", target=name), rollout=name)
    written(people, "k", alert(target="hook"))
    report = deliver_project(project, people, acting=acting(people, NOW))
    assert [d.target for d in report.delivered] == ["a"]
    assert {d.target: str(d.last_error)[:45] for d in report.failed} == {
        "b": "The environment variable HOOK is not set or e",
        "c": "The configuration has no switch named 'c' any",
        "hook": "The environment variable HOOK is not set or e",
    }
    assert json.loads((tmp_path / "a.json").read_text())["rollout"] == "a"
    for hours in (1, 3):
        deliver_project(project, people, acting=acting(people, NOW + hours * HOUR))
    told = [json.loads(line)["event"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert told == ["delivery_failed"] * 3


def rollout(name: str, switch: dict[str, str] | None) -> Rollout:
    owner = {"name": "Ada", "contact": "ada@example.org"}
    return Rollout.model_validate({"name": name, "owner": owner, "stages": ["pilot"], "switch": switch})


def test_a_silent_target_rests_for_the_pass_but_every_pause_is_tried(people: People) -> None:
    recorder = Recorder(then=DOWN)
    for rollout, action in (("a", "hold"), ("b", "hold"), ("c", "pause"), ("d", "pause")):
        written(people, rollout, switch(action), rollout=rollout)
    report = handed(people, switch=recorder)
    assert [d.rollout for d in report.failed] == ["c", "d"]
    assert {d.attempts for d in outbox.all(people, rollout="a")} == {0}


def test_a_target_that_left_the_configuration_is_tried_again_and_named(people: People) -> None:
    written(people, "a", switch("pause", target="gone"))
    report = handed(people)
    assert "no switch named 'gone' any more" in str(report.failed[0].last_error)
    back = Recorder()
    may = acting(people, NOW + HOUR)
    assert counts(deliver(people, acting=may, switches={"gone": back}, channels={})) == (1, 0, 0)


def test_two_processes_do_not_deliver_at_once(people: People) -> None:
    written(people, "a", switch("pause"))
    may = acting(people, NOW)
    with FileLock(people.folder / "delivering.lock"), pytest.raises(StoreBusyError, match="Another process is deliv"):
        deliver(people, acting=may, switches={}, channels={}, wait_seconds=0.05)
    assert counts(handed(people)) == (1, 0, 0)


def test_times_come_from_the_clock_of_each_attempt(people: People) -> None:
    written(people, "a", switch("pause"))
    may = acting(people, NOW)
    deliver(people, acting=may, switches={"deploy": Recorder()}, channels={}, clock=lambda: NOW + HOUR)
    assert outbox.all(people)[0].delivered_at == NOW + HOUR
