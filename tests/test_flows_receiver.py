"""The reference receiver, and the example that docs/webhook.md gives to those who write their own."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from people_examples import NOW

from flows.receiver import LARGEST_BODY, Receiver
from flows.signing import sign
from flows.switches.port import SwitchMessage, payload
from flows.switches.webhook import WebhookSwitch
from warehouse.records.errors import DeliveryError

SECRET = "s3cret"
MESSAGE = SwitchMessage(
    id="d5-1",
    rollout="support",
    action="hold",
    stage="pilot",
    release="r1",
    reason="more units needed",
    at=NOW,
    valid_until=NOW,
    simulated=True,
    decision_id="d5",
    decision_seq=5,
    head="ab" * 32,
)


def raw(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=5)
    try:
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def take(receiver: Receiver, message: Any, *, id: str | None = None) -> tuple[int, str]:
    body = json.dumps(message).encode()
    return receiver.take(sign(SECRET, id or message["id"], body, now=NOW), body)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver(SECRET, clock=lambda: NOW)


def test_a_message_is_taken_once_and_answered_alike(receiver: Receiver) -> None:
    assert take(receiver, payload(MESSAGE)) == (200, "taken")
    assert take(receiver, payload(MESSAGE)) == (200, "repeated")
    assert receiver.messages == [payload(MESSAGE)]


def test_an_older_decision_is_refused_unless_it_is_a_pause_or_of_another_rollout(receiver: Receiver) -> None:
    take(receiver, payload(MESSAGE))
    older = replace(MESSAGE, id="d4-1", decision_seq=4)
    assert take(receiver, payload(replace(older, action="go"))) == (409, "older")
    assert take(receiver, payload(replace(older, action="go", rollout="other"))) == (200, "taken")
    assert take(receiver, payload(replace(older, id="d4-2", action="pause"))) == (200, "taken")


@pytest.mark.parametrize(
    "message",
    [
        {},
        [],
        {"id": "x"},
        {**payload(MESSAGE), "id": "another"},
        {**payload(MESSAGE), "type": "joke"},
        {**payload(MESSAGE), "decision": {"seq": "5"}},
        {**payload(MESSAGE), "action": 3},
    ],
)
def test_what_is_signed_but_no_message_is_refused(receiver: Receiver, message: Any) -> None:
    assert take(receiver, message, id="d5-1") == (400, "malformed")
    assert receiver.messages == []


def test_what_is_not_signed_now_by_the_secret_is_refused(receiver: Receiver) -> None:
    body = json.dumps(payload(MESSAGE)).encode()
    assert receiver.take({}, body) == (401, "unsigned")
    assert receiver.take(sign("other", "d5-1", body, now=NOW), body) == (401, "unsigned")
    late = sign(SECRET, "d5-1", body, now=NOW - timedelta(minutes=6))
    assert receiver.take(late, body) == (401, "unsigned")


def test_a_restarted_receiver_knows_what_it_has_taken(tmp_path: Path) -> None:
    file = tmp_path / "taken.jsonl"
    assert take(Receiver(SECRET, file=file, clock=lambda: NOW), payload(MESSAGE)) == (200, "taken")
    with file.open("a") as cut_off:
        cut_off.write('{"id": "d6-1", "typ')
    again = Receiver(SECRET, file=file, clock=lambda: NOW)
    assert take(again, payload(MESSAGE)) == (200, "repeated")
    assert take(again, payload(replace(MESSAGE, id="d6-1", decision_seq=6))) == (200, "taken")
    assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == ["d5-1", "d6-1"]


def test_what_cannot_be_written_is_not_taken(tmp_path: Path) -> None:
    receiver = Receiver(SECRET, file=tmp_path / "no" / "folder", clock=lambda: NOW)
    assert take(receiver, payload(MESSAGE)) == (503, "not written")
    assert receiver.messages == []


def test_it_has_no_address_before_it_is_open(receiver: Receiver) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        _ = receiver.url


@pytest.mark.live
@pytest.mark.enable_socket
def test_it_listens_on_this_machine_alone_and_stops_at_the_end() -> None:
    with Receiver(SECRET) as receiver:
        url = receiver.url
        assert url.startswith("http://127.0.0.1:")
        WebhookSwitch(url, SECRET).apply(MESSAGE)
        assert len(receiver.messages) == 1
    with pytest.raises(DeliveryError, match="could not be reached"):
        WebhookSwitch(url, SECRET).apply(MESSAGE)


@pytest.mark.live
@pytest.mark.enable_socket
def test_bodies_without_end_are_refused_unread() -> None:
    with Receiver(SECRET) as receiver:
        assert raw(receiver.url, b"", {"Content-Length": str(LARGEST_BODY + 1)})[0] == 413
        assert raw(receiver.url, b"", {"Content-Length": "-1"})[0] == 411
        assert raw(receiver.url, b"", {"Content-Length": "²"})[0] == 411
        assert raw(receiver.url, b"<html>", {})[0] == 401


@contextmanager
def documented(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, dict[str, Any]]]:
    """The example of the document, running as it stands there."""
    text = (ROOT / "docs" / "webhook.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    monkeypatch.setenv("ROLLOUT_SECRET", SECRET)
    names: dict[str, Any] = {}
    exec(compile(example, "docs/webhook.md", "exec"), names)
    server = names["server"]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", names
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.live
@pytest.mark.enable_socket
def test_the_documented_receiver_does_what_the_document_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with documented(monkeypatch) as (url, names):
        webhook = WebhookSwitch(url, SECRET)
        webhook.apply(MESSAGE)
        webhook.apply(MESSAGE)
        with pytest.raises(DeliveryError, match="409"):
            webhook.apply(replace(MESSAGE, id="d4-1", action="go", decision_seq=4))
        webhook.apply(replace(MESSAGE, id="d3-1", action="pause", decision_seq=3))
        assert raw(url, b"{}", {})[0] == raw(url, b"{}", {"Gatehold-Signature": "v1=\xe9"})[0] == 401
        for other in (
            WebhookSwitch(url, "another"),
            WebhookSwitch(url, SECRET, clock=lambda: datetime.now(UTC) - timedelta(minutes=6)),
        ):
            with pytest.raises(DeliveryError, match="401"):
                other.apply(replace(MESSAGE, id="x-1"))
    assert list(names["taken"]) == ["d5-1", "d3-1"]
    assert names["taken"]["d5-1"] == payload(MESSAGE)
    assert capsys.readouterr().out == "support: hold (decision 5)\nsupport: pause (decision 3)\n"


def test_the_message_in_the_document_has_the_fields_that_are_sent() -> None:
    text = (ROOT / "docs" / "webhook.md").read_text(encoding="utf-8")
    shown = re.search(r'\n(\{"action".*?\})\n```', text, flags=re.DOTALL)
    assert shown is not None
    assert json.loads(shown.group(1)).keys() == payload(MESSAGE).keys()
