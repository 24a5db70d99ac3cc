"""Notification blocks of a real Prefect server: a failure that a block keeps to itself is a failure here."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from alert_examples import HOSTILE, PLAIN

from flows.channels import apprise_services, as_guarded
from flows.channels.prefect_block import LONGEST, PrefectBlockChannel
from warehouse.records.errors import DeliveryError

pytestmark = [pytest.mark.live, pytest.mark.enable_socket, pytest.mark.timeout(300)]
TOKEN = "3ccdd113474722377935511fc85d3dd4"


class Chat(ThreadingHTTPServer):
    """A chat server that remembers what it was told, and answers with `status`."""

    status = 200

    def __init__(self) -> None:
        self.texts: list[str] = []
        super().__init__(("127.0.0.1", 0), Talk)


class Talk(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(self.server, Chat)
        self.server.texts.append(body["text"])
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def chat() -> Iterator[Chat]:
    """A chat server, and a Prefect server of its own that holds a block leading there."""
    with pytest.MonkeyPatch.context() as patch, Chat() as made:
        patch.setenv("DO_NOT_TRACK", "1")
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        patch.setenv("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
        apprise_services.load()
        from prefect.blocks.notifications import SlackWebhook
        from prefect.blocks.system import Secret
        from prefect.testing.utilities import prefect_test_harness

        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        with prefect_test_harness(server_startup_timeout=120):
            # The block hands its address to Apprise as it stands, whatever service it is named after.
            SlackWebhook(url=f"mmost://127.0.0.1:{made.server_address[1]}/{TOKEN}").save("on-call")
            Secret(value="x").save("no-channel")
            yield made
        made.shutdown()


def test_an_alert_goes_through_the_block(chat: Chat) -> None:
    chat.status = 200
    PrefectBlockChannel("slack-webhook/on-call").send(PLAIN)
    assert as_guarded.render(PLAIN) in chat.texts[-1].replace("\r\n", "\n")


def test_also_inside_a_running_loop(chat: Chat) -> None:
    chat.status = 200
    before = len(chat.texts)

    async def inside() -> None:
        PrefectBlockChannel("slack-webhook/on-call").send(PLAIN)

    asyncio.run(inside())
    assert len(chat.texts) == before + 1


def test_hostile_text_calls_nobody(chat: Chat) -> None:
    chat.status = 200
    PrefectBlockChannel("slack-webhook/on-call").send(HOSTILE)
    assert len(chat.texts[-1]) < 2 * LONGEST
    assert not {"<", ">"} & set(chat.texts[-1])
    assert "@everyone" not in chat.texts[-1]
    assert "](" not in chat.texts[-1]


def test_what_the_service_refuses_is_a_failure_without_the_token(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    chat.status = 500
    with pytest.raises(DeliveryError, match="block slack-webhook/on-call did not send") as caught:
        PrefectBlockChannel("slack-webhook/on-call").send(PLAIN)
    assert caught.value.transient
    assert TOKEN not in str(caught.value) + caplog.text


@pytest.mark.parametrize(
    ("block", "said"), [("slack-webhook/gone", "could not be loaded"), ("secret/no-channel", "not a notification")]
)
def test_a_block_that_is_not_there_is_named(chat: Chat, block: str, said: str) -> None:
    with pytest.raises(DeliveryError, match=f"{block}.*{said}") as caught:
        PrefectBlockChannel(block).send(PLAIN)
    assert caught.value.transient
