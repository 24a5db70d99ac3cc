"""Receivers as they are: down for an hour, slow, hanging, asking for patience; nothing is lost or waited for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from acting_examples import acting
from people_examples import NOW, alert, switch, written

from flows import posting
from flows.channels.file import FileChannel
from flows.channels.webhook import WebhookChannel
from flows.credentials import Credential
from flows.delivering import deliver
from flows.switches.webhook import WebhookSwitch
from warehouse.people import outbox
from warehouse.people.store import People
from warehouse.records.errors import DeliveryError

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with People.open(tmp_path / "data") as people:
        yield people


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def status(handler: BaseHTTPRequestHandler, code: int, **headers: str) -> None:
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_receiver_that_answers_500_for_an_hour_gets_its_pause_and_is_told_of_over_another_channel(
    people: People, tmp_path: Path
) -> None:
    broken, taken = [True], list[str]()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if not broken[0]:
            taken.append(handler.headers["Gatehold-Id"])
        status(handler, 500 if broken[0] else 200)

    entry = written(people, "k", switch("pause"), alert(target="hook"), kind="pause")
    with serving(answer) as url:
        hook, other = WebhookChannel(url, "s"), FileChannel(tmp_path / "other.jsonl")
        for minute in range(121):
            broken[0] = minute < 60
            deliver(
                people,
                switches={"deploy": WebhookSwitch(url, "s")},
                channels={"hook": hook, "other": other},
                acting=acting(people, NOW + minute * MINUTE),
            )
    found = outbox.all(people)
    assert {d.state for d in found} == {"delivered"}
    assert sorted(taken)[:2] == [f"{entry.id}-1", f"{entry.id}-2"]
    assert len(taken) == len(set(taken))
    attempts = next(d.attempts for d in found if d.kind == "switch")
    assert 6 <= attempts <= 9  # backed off: not one try a minute
    told = (tmp_path / "other.jsonl").read_text()
    assert told.count("delivery_failed") >= 2  # of the switch, and of the other channel
    assert "answered 500" in told


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_slow_receiver_is_not_waited_for() -> None:
    ended = threading.Event()

    def wait(_: BaseHTTPRequestHandler) -> None:
        ended.wait(20)

    with serving(wait) as url:
        began = time.monotonic()
        with pytest.raises(DeliveryError, match=r"did not answer within 0\.2 s") as caught:
            posting.post(Credential.given(url), None, "d-1", {}, timeout=0.2)
        took = time.monotonic() - began
        ended.set()
    assert caught.value.transient
    assert took < 5


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_receiver_that_answers_byte_by_byte_is_not_waited_for() -> None:
    ended = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400:
            if ended.wait(0.05):
                return
            try:
                handler.wfile.write(bytes([byte]))
            except OSError:
                return

    with serving(drip) as url:
        began = time.monotonic()
        with pytest.raises(DeliveryError, match=r"did not answer in full within 0\.6 s") as caught:
            posting.post(Credential.given(url), None, "d-1", {}, timeout=0.2)
        took = time.monotonic() - began
        ended.set()
    assert caught.value.transient
    assert took < 5


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_receiver_that_takes_the_connection_and_says_nothing_is_not_waited_for() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(DeliveryError, match=r"did not answer within 0\.2 s"):
            posting.post(Credential.given(f"http://127.0.0.1:{silent.getsockname()[1]}/"), None, "d-1", {}, timeout=0.2)


@pytest.mark.live
@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("code", "asked", "alert_waits", "switch_waits"),
    [
        (429, "600", 10 * MINUTE, 5 * MINUTE),
        (503, "86400", HOUR, 5 * MINUTE),
        (503, "1", None, None),
        (503, "soon", None, None),
        (500, "-5", None, None),
    ],
)
def test_a_receiver_may_ask_for_patience_within_bounds(
    people: People,
    code: int,
    asked: str,
    alert_waits: timedelta | None,
    switch_waits: timedelta | None,
) -> None:
    written(people, "k", switch("pause"), alert(target="hook"), kind="pause")
    with serving(lambda handler: status(handler, code, Retry_After=asked)) as url:
        report = deliver(
            people,
            acting=acting(people, NOW),
            switches={"deploy": WebhookSwitch(url, "s")},
            channels={"hook": WebhookChannel(url)},
        )
    waits = {d.kind: d.next_at - NOW for d in report.failed}
    usual = {d.kind: outbox.wait(d.id, 1) for d in report.failed}
    assert waits == {"switch": switch_waits or usual["switch"], "alert": alert_waits or usual["alert"]}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("120", timedelta(minutes=2)),
        (" 7 ", timedelta(seconds=7)),
        ("Mon, 05 Jan 2026 12:30:00 GMT", timedelta(minutes=30)),
        ("Mon, 05 Jan 2026 11:30:00 GMT", timedelta(0)),
        ("9" * 400, timedelta(seconds=10**9)),
        ("٣", None),
        ("1e3", None),
        ("Mon, 99 Foo 2026", None),
    ],
)
def test_what_a_receiver_asks_for_is_read_as_seconds_or_a_date(header: str | None, expected: timedelta | None) -> None:
    assert posting.asked_for(header, datetime(2026, 1, 5, 12, tzinfo=UTC)) == expected
