"""Switches: a message reaches the other side whole, and a failure says what it means without telling secrets."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from people_examples import NOW, alert, switch, written

from flows.credentials import Credential
from flows.receiver import Receiver
from flows.switches.file import FileSwitch
from flows.switches.port import ACTIONS, SwitchMessage, message_of, payload
from flows.switches.webhook import WebhookSwitch
from warehouse.people import outbox
from warehouse.people.store import People
from warehouse.records.decisions import NewDelivery
from warehouse.records.errors import DeliveryError

MESSAGE = SwitchMessage(
    id="d1-1",
    rollout="support",
    action="pause",
    stage="pilot",
    release="r1",
    reason="harm </script> \u202e é",
    at=NOW,
    valid_until=None,
    simulated=True,
    decision_id="d1",
    decision_seq=7,
    head="ab" * 32,
)
SECRET = "top-secret-value"


# ------------------------------------------------------------------------------------------------------------- the port


def test_a_message_survives_the_outbox(tmp_path: Path) -> None:
    with People.open(tmp_path) as people:
        entry = written(people, "k", switch("expand", valid_until=NOW))
        message = message_of(outbox.all(people)[0])
    assert (message.action, message.valid_until, message.simulated) == ("expand", NOW, True)
    assert (message.decision_id, message.decision_seq, message.head) == (entry.id, 1, entry.hash)
    assert json.loads(json.dumps(payload(message)))["decision"] == {"id": entry.id, "seq": 1, "head": entry.hash}


def test_people_have_acts_that_no_switch_hears_of() -> None:
    assert {"start", "go", "hold", "pause", "expand", "resume", "retire"} == ACTIONS


@pytest.mark.parametrize("body", [{"action": "explode"}, {"action": "pause"}, {"action": "pause", "at": 3}])
def test_a_body_that_is_no_message_is_refused_for_good(tmp_path: Path, body: dict[str, object]) -> None:
    with People.open(tmp_path) as people:
        written(people, "k", NewDelivery("switch", "deploy", body))
        with pytest.raises(DeliveryError, match="has no good") as caught:
            message_of(outbox.all(people)[0])
    assert not caught.value.transient


# --------------------------------------------------------------------------------------------------------- credentials


def test_a_credential_is_read_when_used_and_never_shown() -> None:
    environment = {"HOOK": f" {SECRET}\n"}
    credential = Credential.from_environment("HOOK", environment)
    assert credential.reveal() == SECRET
    assert repr(credential) == str(credential) == "Credential(HOOK)"
    environment["HOOK"] = "changed"
    assert credential.reveal() == "changed"
    assert SECRET not in repr(Credential.given(SECRET))


@pytest.mark.parametrize("environment", [{}, {"HOOK": ""}, {"HOOK": " \n"}])
def test_a_missing_variable_is_named_and_setting_it_mends_it(environment: dict[str, str]) -> None:
    switch = WebhookSwitch(Credential.from_environment("HOOK", environment), SECRET)
    with pytest.raises(DeliveryError, match="variable HOOK is not set or empty") as caught:
        switch.apply(MESSAGE)
    assert caught.value.transient


@pytest.mark.parametrize("address", ["tok-1", "ftp://tok-1/x", "http:///tok-1", "http://a:tok-1/", "http://[tok-1"])
def test_a_wrong_address_is_named_by_its_variable_and_not_shown(address: str) -> None:
    with pytest.raises(DeliveryError, match="What HOOK holds is not an address") as caught:
        WebhookSwitch(Credential.from_environment("HOOK", {"HOOK": address}), SECRET).apply(MESSAGE)
    assert "tok-1" not in str(caught.value)
    assert caught.value.transient


# ---------------------------------------------------------------------------------------------------------------- file


def test_a_file_switch_holds_the_newest_message_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.json"
    FileSwitch(path).apply(MESSAGE)
    FileSwitch(path).apply(replace(MESSAGE, id="d2-1", action="resume", decision_seq=8))
    assert json.loads(path.read_text()) == payload(replace(MESSAGE, id="d2-1", action="resume", decision_seq=8))
    assert [entry.name for entry in path.parent.iterdir()] == ["state.json"]


def test_a_file_switch_does_not_go_back_but_for_a_pause(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    FileSwitch(path).apply(replace(MESSAGE, action="hold"))
    with pytest.raises(DeliveryError, match="holds decision 7, newer than 6") as caught:
        FileSwitch(path).apply(replace(MESSAGE, action="go", decision_seq=6))
    assert not caught.value.transient
    FileSwitch(path).apply(replace(MESSAGE, decision_seq=6))
    assert json.loads(path.read_text())["action"] == "pause"


def test_two_rollouts_do_not_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    FileSwitch(path).apply(MESSAGE)
    with pytest.raises(DeliveryError, match="Give each rollout a file of its own"):
        FileSwitch(path).apply(replace(MESSAGE, rollout="other"))


@pytest.mark.parametrize("noise", [b"", b"\xff\xfe", b"[]", b'{"rollout": 3}', b'{"rollout": "a", "decision": 1}'])
def test_a_file_of_something_else_is_replaced(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(noise)
    FileSwitch(path).apply(MESSAGE)
    assert json.loads(path.read_text())["id"] == "d1-1"


def test_a_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DeliveryError, match="could not be written") as caught:
        FileSwitch(tmp_path / "file" / "state.json").apply(MESSAGE)
    assert caught.value.transient


# ------------------------------------------------------------------------------------------------------------- webhook


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers as it is told; yields its address and the bodies it got."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook/token-in-path?key=token-in-query", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def with_status(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_receiver_that_checks_signatures_gets_the_message_once() -> None:
    with Receiver(SECRET) as receiver:
        webhook = WebhookSwitch(receiver.url, SECRET)
        webhook.apply(MESSAGE)
        webhook.apply(MESSAGE)
        assert receiver.messages == [payload(MESSAGE)]


@pytest.mark.live
@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("status", "transient"),
    [
        (400, False),
        (401, False),
        (404, False),
        (410, False),
        (408, True),
        (425, True),
        (429, True),
        (500, True),
        (503, True),
    ],
)
def test_an_answer_says_whether_trying_again_can_help(status: int, transient: bool) -> None:
    with answering(with_status(status)) as (url, _), pytest.raises(DeliveryError, match=str(status)) as caught:
        WebhookSwitch(url, SECRET).apply(MESSAGE)
    assert caught.value.transient is transient
    assert "token" not in str(caught.value)


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_redirect_is_not_followed() -> None:
    with (
        answering(with_status(200)) as (elsewhere, led),
        answering(with_status(307, Location=elsewhere)) as (url, _),
        pytest.raises(DeliveryError, match="redirect, which is not followed") as caught,
    ):
        WebhookSwitch(url, SECRET).apply(MESSAGE)
    assert led == []
    assert not caught.value.transient


@pytest.mark.live
@pytest.mark.enable_socket
def test_an_endless_answer_is_not_read() -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            handler.close_connection = True

    with answering(endless) as (url, _):
        WebhookSwitch(url, SECRET).apply(MESSAGE)


@pytest.mark.live
@pytest.mark.enable_socket
def test_silence_and_a_closed_door_are_transient() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/token-in-path"
        with pytest.raises(DeliveryError, match="could not be reached") as closed:
            WebhookSwitch(url, SECRET).apply(MESSAGE)
        listener.listen()
        with pytest.raises(DeliveryError, match=r"did not answer within 0\.2 s") as silent:
            WebhookSwitch(url, SECRET, timeout=0.2).apply(MESSAGE)
    for caught in (closed, silent):
        assert caught.value.transient
        assert "token" not in str(caught.value)


@pytest.mark.live
@pytest.mark.enable_socket
def test_nothing_that_is_logged_names_the_address_or_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), answering(with_status(200)) as (url, got):
        WebhookSwitch(url, SECRET).apply(MESSAGE)
    assert len(got) == 1
    assert "token" not in caplog.text
    assert SECRET not in caplog.text


def test_an_alert_is_no_switch_message(tmp_path: Path) -> None:
    with People.open(tmp_path) as people:
        written(people, "k", alert())
        with pytest.raises(DeliveryError):
            message_of(outbox.all(people)[0])
