"""Delivering: at least once, in order, through crashes and silence; a failure is an alert of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from acting_examples import acting
from filelock import FileLock
from people_examples import NOW, alert, switch, written

from checks.policy import Policy
from checks.policy.alerts import FileAlert, WebhookAlert
from checks.policy.rollouts import Rollout
from flows.channels.file import FileChannel
from flows.channels.port import Alert, Channel
from flows.channels.webhook import WebhookChannel
from flows.credentials import Credential
from flows.delivering import ALARM_AFTER, DeliveryReport, deliver, deliver_project
from flows.project import Project
from flows.receiver import Receiver
from flows.signing import verify
from flows.switches.file import FileSwitch
from flows.switches.port import Switch, SwitchMessage
from flows.switches.webhook import WebhookSwitch
from warehouse.people import outbox
from warehouse.people.store import FILE_NAME, People
from warehouse.records.errors import DeliveryError, StoreBusyError

HOUR = timedelta(hours=1)
SECRET = "top-secret-value"


class Recorder:
    """A switch and a channel that remember what they were told, or fail as they were told."""

    def __init__(self, *failures: Exception | None, then: Exception | None = None) -> None:
        self.failures, self.then = list(failures), then
        self.told: list[SwitchMessage | Alert] = []

    def apply(self, message: SwitchMessage) -> None:
        self.send(message)

    def send(self, alert: SwitchMessage | Alert) -> None:
        failure = self.failures.pop(0) if self.failures else self.then
        if failure is not None:
            raise failure
        self.told.append(alert)


DOWN = DeliveryError("deploy answered 503", transient=True)
REFUSED = DeliveryError("deploy refused it with 403", transient=False)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path / "data") as people:
        yield people


def handed(people: People, now: datetime = NOW, switch: Switch | None = None, **channels: Channel) -> DeliveryReport:
    named = {name.replace("_", "-"): channel for name, channel in channels.items()}
    return deliver(people, switches={"deploy": switch or Recorder()}, channels=named, acting=acting(people, now))


def counts(report: DeliveryReport) -> tuple[int, int, int]:
    return len(report.delivered), len(report.failed), len(report.dead)


# ------------------------------------------------------------------------------------------------------- without a net


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


def test_a_refused_pause_is_told_over_every_channel_at_once(people: People) -> None:
    on_call, mail = Recorder(), Recorder()
    written(people, "a", switch("pause"), kind="pause")
    report = handed(people, switch=Recorder(then=REFUSED), on_call=on_call, mail=mail)
    assert counts(report) == (2, 0, 1)
    for channel in (on_call, mail):
        (told,) = channel.told
        assert isinstance(told, Alert)
        assert (told.event, told.rollout, told.simulated) == ("delivery_failed", "support", True)
        assert told.summary == "The pause of rollout support to switch deploy was given up; see to it by hand."
        assert dict(told.facts)["error"] == "deploy refused it with 403"


def test_a_pause_that_does_not_get_through_is_told_while_it_is_tried_again(people: People) -> None:
    on_call, recorder, now = Recorder(), Recorder(DOWN, DOWN, DOWN, DOWN), NOW
    written(people, "a", switch("pause"), kind="pause")
    for attempt in range(1, 6):
        handed(people, now, switch=recorder, on_call=on_call)
        assert len(on_call.told) == (attempt >= ALARM_AFTER)
        now += HOUR
    assert len(recorder.told) == 1


def test_a_dead_channel_is_told_over_the_other_one_and_not_over_itself(people: People) -> None:
    mail = Recorder()
    written(people, "a", alert())
    report = handed(people, on_call=Recorder(then=REFUSED), mail=mail)
    assert [d.target for d in report.dead] == ["on-call"]
    assert len(mail.told) == 1


def test_only_those_who_want_it_hear_of_failures(people: People) -> None:
    on_call, mail = Recorder(), Recorder()
    written(people, "a", switch("pause"))
    named = {"on-call": on_call, "mail": mail}
    failing = {"deploy": Recorder(then=REFUSED)}
    deliver(people, switches=failing, channels=named, acting=acting(people, NOW), failure_channels={"mail"})
    assert (len(on_call.told), len(mail.told)) == (0, 1)


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


def test_alerts_about_alerts_end(people: People) -> None:
    written(people, "a", switch("pause"), kind="pause")
    for hours in range(3):
        handed(people, NOW + hours * HOUR, switch=Recorder(then=REFUSED), on_call=Recorder(then=REFUSED))
    assert [d.state for d in outbox.all(people)] == ["dead", "dead"]


def test_one_broken_adapter_does_not_keep_the_others_from_hearing(people: People) -> None:
    on_call = Recorder()
    written(people, "a", switch("pause"), alert())
    report = handed(people, switch=Recorder(then=RuntimeError(f"boom {SECRET}")), on_call=on_call)
    assert counts(report) == (1, 1, 0)
    assert report.failed[0].last_error == "deploy broke with RuntimeError."


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


def test_news_of_a_failure_goes_out_in_the_same_pass_though_time_has_gone_on(people: People) -> None:
    on_call, ticks = Recorder(), iter(range(1, 100))
    written(people, "a", switch("pause"))
    report = deliver(
        people,
        switches={"deploy": Recorder(then=REFUSED)},
        channels={"on-call": on_call},
        acting=acting(people, NOW),
        clock=lambda: NOW + next(ticks) * timedelta(seconds=1),
    )
    assert counts(report) == (1, 0, 1)
    assert len(on_call.told) == 1


# -------------------------------------------------------------------------------------------------------- over the net


class Flaky:
    """A receiver that checks signatures and takes an id once, but is down at first and then fails now and then."""

    def __init__(self, failures: list[int]) -> None:
        self.failures, self.posts, self.taken = failures, 0, dict[str, str]()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def judge(self, headers: Mapping[str, str], body: bytes) -> int:
        self.posts += 1
        signed = verify(SECRET, headers, body, now=datetime.now(UTC), seen=self.taken)
        if not signed.repeated:
            self.taken[signed.id] = json.loads(body).get("action", "alert")
        # A status of 0 stands for: taken, but the answer is lost on the way.
        return self.failures.pop(0) if self.failures else 200

    def __enter__(self) -> Flaky:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status = outer.judge(dict(self.headers), self.rfile.read(int(self.headers["Content-Length"])))
                if status:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_pause_gets_through_to_a_receiver_that_is_down_then_flaky_then_loses_its_answer(people: People) -> None:
    flaky = Flaky([503, 0, 429])
    webhook = WebhookSwitch(f"http://127.0.0.1:{flaky.port}/", SECRET)
    entry = written(people, "k", switch("pause"), kind="pause")
    told = Recorder()
    assert counts(handed(people, NOW, switch=webhook, on_call=told)) == (0, 1, 0)
    with flaky:
        states = [handed(people, NOW + hours * HOUR, switch=webhook, on_call=told) for hours in (1, 2, 3, 4, 5)]
    assert [counts(state) for state in states] == [(0, 1, 0), (1, 1, 0), (0, 1, 0), (1, 0, 0), (0, 0, 0)]
    assert flaky.posts == 4
    assert flaky.taken == {f"{entry.id}-1": "pause"}
    assert [alert.event for alert in told.told if isinstance(alert, Alert)] == ["delivery_failed"]


@pytest.mark.live
@pytest.mark.enable_socket
def test_secrets_and_addresses_are_nowhere_in_the_store(people: People) -> None:
    environment = {"HOOK": "http://user:password-1@127.0.0.1:9/path-token-1", "KEY": SECRET}
    hook, key = (Credential.from_environment(name, environment) for name in ("HOOK", "KEY"))
    written(people, "k", switch("pause"), alert())
    webhook, channel = WebhookSwitch(hook, key), WebhookChannel(hook, key)
    report = handed(people, switch=webhook, on_call=channel)
    del environment["KEY"]
    handed(people, NOW + HOUR, switch=webhook, on_call=channel)
    assert counts(report) == (0, 2, 0)
    assert all("KEY is not set" in str(d.last_error) for d in outbox.all(people))
    people.close()
    stored = b"".join(path.read_bytes() for path in people.folder.glob(f"{FILE_NAME}*"))
    for secret in (SECRET, "password-1", "token-1"):
        assert secret.encode() not in stored
        assert secret not in repr(report) + repr(vars(webhook))


KILLED = """
import os, pathlib, signal, sys
from datetime import datetime
from acting_examples import acting
from flows.delivering import deliver
from flows.switches.webhook import WebhookSwitch
from warehouse.people.store import People

class Dying(WebhookSwitch):
    def apply(self, message):
        super().apply(message)
        os.kill(os.getpid(), signal.SIGKILL)

with People.open(pathlib.Path(sys.argv[1])) as people:
    deliver(people, switches={"deploy": Dying(sys.argv[2], sys.argv[3])}, channels={},
            acting=acting(people, datetime.fromisoformat(sys.argv[4])))
"""


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_process_killed_between_sending_and_marking_sends_again_and_it_counts_once(people: People) -> None:
    entry = written(people, "k", switch("pause"), kind="pause")
    with Flaky([]) as flaky:
        url = f"http://127.0.0.1:{flaky.port}/"
        arguments = [sys.executable, "-c", KILLED, str(people.folder), url, SECRET, NOW.isoformat()]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
        died = subprocess.run(arguments, capture_output=True, text=True, check=False, env=environment)
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert flaky.taken == {f"{entry.id}-1": "pause"}
        assert [d.state for d in outbox.all(people)] == ["waiting"]
        report = handed(people, NOW, switch=WebhookSwitch(url, SECRET))
    assert counts(report) == (1, 0, 0)
    assert flaky.posts == 2
    assert flaky.taken == {f"{entry.id}-1": "pause"}


@pytest.mark.live
@pytest.mark.enable_socket
def test_the_reference_receiver_says_so_when_the_log_went_back(tmp_path: Path) -> None:
    def told_by(folder: str, actions: list[str], receiver: Receiver) -> list[str]:
        with People.open(tmp_path / folder) as people:
            for number, action in enumerate(actions):
                written(people, f"k{number}", switch(action))
                handed(people, switch=WebhookSwitch(receiver.url, SECRET))
            return [d.state for d in outbox.all(people)]

    with Receiver(SECRET) as receiver:
        assert told_by("true", ["hold", "hold", "go"], receiver) == ["delivered"] * 3
        assert told_by("forged", ["go", "pause"], receiver) == ["dead", "delivered"]
