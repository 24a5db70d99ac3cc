"""Receivers that are slow, broken or full: the message comes once in the end, under one key, and people hear of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import projects as p
import pytest
from acting_examples import acting
from projects import AGENT, HOUR, START

from flows import delivering
from flows.once import run_once
from flows.project import Project, load
from flows.signing import verify
from flows.switches.webhook import WebhookSwitch
from warehouse.people import outbox
from warehouse.people.store import People

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SECRET = "between the two"


class Receiver:
    """A receiver that answers as it is told, and remembers every message whose signature fits."""

    def __init__(self) -> None:
        self.status, self.wait = 204, 0.0
        self.tried: list[str] = []
        self.taken: list[dict[str, Any]] = []
        self.url = ""


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signed = verify(SECRET, dict(self.headers), body, now=datetime.now(UTC))
            receiver.tried.append(signed.id)
            time.sleep(receiver.wait)
            if receiver.status < 300:
                receiver.taken.append(json.loads(body))
            self.send_response(receiver.status)
            self.end_headers()

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # the sender did not wait
                return

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hooked(folder: Path, receiver: Receiver) -> Project:
    """A project in breach whose switch is the receiver; nothing has run yet."""
    switch = {"kind": "webhook", "url_env": "HOOK", "secret_env": "HOOK_SECRET"}
    p.make(folder, p.policy(rollouts=[{**p.rollout(), "switch": switch}]))
    project = load(folder, environment={"HOOK": receiver.url, "HOOK_SECRET": SECRET})
    p.write(project, "000.jsonl", p.answers(0, harmful=40))
    return project


def deliver(project: Project, hour: float) -> delivering.DeliveryReport:
    with People.open(project.data) as people:
        return delivering.deliver_project(project, people, acting=acting(people, START + hour * HOUR))


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_receiver_that_answers_500_for_an_hour_gets_the_pause_once_and_people_hear_of_it(tmp_path: Path) -> None:
    with receiving() as receiver:
        receiver.status = 500
        project = hooked(tmp_path, receiver)
        assert p.standing(p.run(project, 2)) == "pause"
        for minute in range(1, 61):
            deliver(project, 2 + minute / 60)
        tries = len(receiver.tried)
        assert 4 <= tries <= 12, "it is tried again, less and less often"
        assert len(set(receiver.tried)) == 1, "always under one idempotency key"
        events = [alert["event"] for alert in p.alerts(project)]
        assert events.count("delivery_failed") == 1, events
        assert events.count("pause") == 1
        receiver.status = 204
        for minute in range(61, 140):
            deliver(project, 2 + minute / 60)
        assert [(m["action"], m["id"]) for m in receiver.taken] == [("pause", receiver.tried[0])]
        assert {d.state for d in p.deliveries(project)} == {"delivered"}


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_receiver_that_is_slow_is_left_and_tried_again_under_the_same_key(tmp_path: Path) -> None:
    with receiving() as receiver:
        receiver.wait = 2.0
        project = hooked(tmp_path, receiver)
        run_once(project, now=START + 2 * HOUR)
        with People.open(project.data) as people:
            switch = WebhookSwitch(receiver.url, SECRET, timeout=0.2)

            def handed(minute: int) -> delivering.DeliveryReport:
                now = START + 2 * HOUR + minute * HOUR / 60
                right = acting(people, now)
                return delivering.deliver(people, switches={AGENT: switch}, channels={}, acting=right)

            began = time.monotonic()
            report = handed(0)
            assert time.monotonic() - began < 1.5, "nobody waits for it"
            (failed,) = [d for d in report.failed if d.kind == "switch"]
            assert failed.last_error is not None
            assert "did not answer" in failed.last_error
            receiver.wait = 0.0
            report = handed(5)
            assert [d.id for d in report.delivered if d.kind == "switch"] == [failed.id]
            assert set(receiver.tried) == {failed.id}
            (pause,) = [d for d in outbox.all(people) if d.kind == "switch"]
            assert (pause.state, pause.body["action"]) == ("delivered", "pause")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_channel_on_a_full_disk_is_told_over_another(tmp_path: Path) -> None:
    full = {"name": "full", "kind": "file", "path": "/dev/full", "when": ["pause", "delivery_failed"]}
    on_call = {**p.policy()["alerts"][0]}
    project = p.make(tmp_path, p.policy(alerts=[full, on_call]))
    p.write(project, "000.jsonl", p.answers(0, harmful=40))
    assert p.standing(p.run(project, 2)) == "pause"
    for minute in (5, 10, 20, 40):
        deliver(project, 2 + minute / 60)
    told = {(d.target, d.body["event"]): d for d in p.deliveries(project) if d.kind == "alert"}
    failed = told["full", "pause"]
    assert failed.state == "waiting"
    assert failed.last_error is not None
    assert "No space left on device" in failed.last_error
    assert [alert["event"] for alert in p.alerts(project)] == ["pause", "delivery_failed"]
