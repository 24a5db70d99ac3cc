"""Apprise for real: each service gets its format, a refusal is a failure, and the secret stays secret."""

from __future__ import annotations

import email
import json
import logging
import socketserver
import threading
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from alert_examples import HOSTILE, PLAIN

from flows.channels import as_guarded, as_html, as_markdown, as_mrkdwn
from flows.channels.apprise_services import AppriseChannel
from flows.credentials import Credential
from warehouse.records.errors import DeliveryError

SECRET = "3ccdd113474722377935511fc85d3dd4"


class Web:
    """A web server that remembers what was posted, and answers as it is told."""

    def __init__(self) -> None:
        self.status, self.posts = 200, list[tuple[str, Any]]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.append((self.path, json.loads(body)))
                self.send_response(outer.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    made.thread.start()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


class Post(socketserver.ThreadingTCPServer):
    """A mail server that takes everything, or refuses everything."""

    daemon_threads = True
    refuses = False

    def __init__(self) -> None:
        self.mails: list[Message] = []
        super().__init__(("127.0.0.1", 0), Talk)


class Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline():
            word = line.decode()[:4].upper().strip()
            if word == "DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                mail = email.message_from_bytes(b"".join(lines))
                assert isinstance(self.server, Post)
                if self.server.refuses:
                    self.say("554 no")
                else:
                    self.server.mails.append(mail)
                    self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def post() -> Iterator[Post]:
    with Post() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def address(web: Web, service: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a service of this machine, or of one whose own address is made to lead here."""
    here = f"http://127.0.0.1:{web.port}"
    if service == "slack":
        monkeypatch.setattr("apprise.plugins.slack.NotifySlack.webhook_url", here)
        return f"slack://T1JJ3T3L2/A1BRTD4JD/{SECRET[:24]}/#general"
    if service == "discord":
        monkeypatch.setattr("apprise.plugins.discord.NotifyDiscord.notify_url", here)
        return f"discord://4174216298/{SECRET}"
    return f"{service}://127.0.0.1:{web.port}/{SECRET}"


@pytest.mark.live
@pytest.mark.enable_socket
def test_slack_gets_its_own_mark_up_as_it_was_made(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    AppriseChannel(address(web, "slack", monkeypatch)).send(PLAIN)
    (attachment,) = web.posts[0][1]["attachments"]
    assert attachment["blocks"][0]["text"] == {"type": "mrkdwn", "text": as_mrkdwn.render(PLAIN)}


@pytest.mark.live
@pytest.mark.enable_socket
def test_no_text_calls_a_whole_channel_on_slack(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    AppriseChannel(address(web, "slack", monkeypatch)).send(HOSTILE)
    text = web.posts[0][1]["attachments"][0]["blocks"][0]["text"]["text"]
    assert len(text) <= as_mrkdwn.LONGEST
    assert "<!" not in text
    assert "<@" not in text
    assert text.count("<") == 1  # the link to the decision
    assert "github.com" not in json.dumps(web.posts)


@pytest.mark.live
@pytest.mark.enable_socket
@pytest.mark.parametrize(("service", "field"), [("discord", "content"), ("mmost", "text")])
def test_services_that_show_markdown_get_markdown(
    web: Web, service: str, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = AppriseChannel(address(web, service, monkeypatch))
    channel.send(PLAIN)
    channel.send(HOSTILE)
    assert web.posts[0][1][field] == as_markdown.render(PLAIN)
    assert len(web.posts[1][1][field]) <= (2000 if service == "discord" else 4000)
    assert "@everyone" not in web.posts[1][1][field]


@pytest.mark.live
@pytest.mark.enable_socket
def test_other_services_get_guarded_text(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    AppriseChannel(address(web, "json", monkeypatch)).send(PLAIN)
    path, posted = web.posts[0]
    assert path == f"/{SECRET}"
    assert (posted["title"], posted["message"]) == ("support-agent: pause", as_guarded.render(PLAIN))
    assert posted["type"] == "failure"


@pytest.mark.live
@pytest.mark.enable_socket
def test_mail_has_a_subject_html_and_text(post: Post) -> None:
    url = f"mailto://127.0.0.1:{post.server_address[1]}/?from=gate@example.org&to=ines@example.org&mode=insecure"
    AppriseChannel(url).send(PLAIN)
    AppriseChannel(url).send(HOSTILE)
    plain, hostile = post.mails
    assert (plain["Subject"], plain["To"]) == ("support-agent: pause", "ines@example.org")
    parts: dict[str, Any] = {
        part.get_content_type(): part.get_payload(decode=True) for part in plain.walk() if not part.is_multipart()
    }
    assert as_html.render(PLAIN) in parts["text/html"].decode().replace("\r\n", "\n")
    assert b"https://gatehold.example.org/decisions/4f1c9a" in parts["text/plain"]
    html: Any = next(p.get_payload(decode=True) for p in hostile.walk() if p.get_content_type() == "text/html")
    assert b"<script" not in html
    assert b"<img" not in html


@pytest.mark.live
@pytest.mark.enable_socket
@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500])
def test_what_a_service_refuses_is_a_failure_without_the_secret(
    web: Web, status: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    logging.getLogger("apprise").setLevel(1)
    web.status = status
    for service in ("json", "slack", "mmost"):
        url = Credential.from_environment("ONCALL_URL", {"ONCALL_URL": address(web, service, monkeypatch)})
        with pytest.raises(DeliveryError, match=r"did not take the message.*ONCALL_URL") as caught:
            AppriseChannel(url).send(PLAIN)
        assert caught.value.transient
        assert SECRET[:24] not in str(caught.value)
    assert len(web.posts) == 3  # a redirect is not followed
    assert SECRET[:24] not in caplog.text


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_mail_server_that_refuses_or_is_gone_is_a_failure(post: Post) -> None:
    post.refuses = True
    url = (
        f"mailto://user:{SECRET}@127.0.0.1:{post.server_address[1]}/?from=a@example.org&to=b@example.org&mode=insecure"
    )
    with pytest.raises(DeliveryError, match="E-Mail did not take") as caught:
        AppriseChannel(url).send(PLAIN)
    gone = AppriseChannel("mailto://127.0.0.1:9/?from=a@example.org&to=b@example.org&mode=insecure")
    with pytest.raises(DeliveryError, match="E-Mail did not take"):
        gone.send(PLAIN)
    assert SECRET not in str(caught.value) + repr(vars(gone))


@pytest.mark.live
@pytest.mark.enable_socket
def test_what_it_sends_leaves_no_word_in_the_logs(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    logging.getLogger("apprise").setLevel(1)
    for service in ("json", "slack", "discord", "mmost"):
        AppriseChannel(address(web, service, monkeypatch)).send(PLAIN)
    assert len(web.posts) == 4
    assert SECRET[:24] not in caplog.text
    assert "ines@example.com" not in caplog.text


@pytest.mark.parametrize(
    "url", [f"nosuch://{SECRET}", f"https://hooks.example.org/{SECRET}/x", f"slack://{SECRET}", "  x"]
)
def test_what_is_no_address_is_named_by_its_variable(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    credential = Credential.from_environment("ONCALL_URL", {"ONCALL_URL": url})
    with pytest.raises(DeliveryError, match="What ONCALL_URL holds is not an address that Apprise knows") as caught:
        AppriseChannel(credential).send(PLAIN)
    assert caught.value.transient
    assert SECRET not in str(caught.value) + caplog.text


def test_an_address_that_is_not_set_is_said() -> None:
    with pytest.raises(DeliveryError, match="ONCALL_URL is not set"):
        AppriseChannel(Credential.from_environment("ONCALL_URL", {})).send(PLAIN)
