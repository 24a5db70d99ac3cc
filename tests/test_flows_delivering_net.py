"""Delivering over the net: through crashes, silence and lost answers, without a secret left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from delivering_tools import HOUR, SECRET, Recorder, counts, handed
from people_examples import NOW, alert, switch, written

from flows.channels.port import Alert
from flows.channels.webhook import WebhookChannel
from flows.credentials import Credential
from flows.receiver import Receiver
from flows.signing import verify
from flows.switches.webhook import WebhookSwitch
from warehouse.people import outbox
from warehouse.people.store import FILE_NAME, People


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path / "data") as people:
        yield people


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
