"""A reference receiver of webhook messages: the other side of `WebhookSwitch` and `WebhookChannel`.

It does what docs/webhook.md asks of a receiver, and no more: checks the signature over the bytes as they came, takes
each id once, writes before it answers, and refuses to go back in the decision log unless it is told to pause. The demo
uses it as the rollout's switch; a team may run it beside its own deployment and read the file.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flows.signing import TOLERANCE, verify
from warehouse.records.errors import DeliveryError

LARGEST_BODY = 256 * 1024
QUIET_SECONDS = 10.0


class Receiver:
    """A receiver that listens while it is open; use it as a context manager.

    `messages` are the messages taken, oldest first: those read from `file` and those that came since. With a `file`
    each is also one JSON line, on disk before it is answered, and a restarted receiver knows what it has taken.
    """

    def __init__(
        self,
        secret: str | Sequence[str],
        *,
        file: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tolerance: timedelta = TOLERANCE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare to listen on `host` and `port` (0: any free one); nothing is opened yet."""
        self._secret, self._file, self._place = secret, file, (host, port)
        self._tolerance, self._clock = tolerance, clock
        self._taking = threading.Lock()
        self._messages: list[dict[str, Any]] = [] if file is None else _read(file)
        self._seen = {str(message["id"]) for message in self._messages}
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Listen; messages are taken in a thread until the end of the block."""
        self._server = _Server(self._place, _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    @property
    def url(self) -> str:
        """The address to post to; only while open."""
        if self._server is None:
            raise RuntimeError("The receiver is not open; use it in a `with` block.")
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """A copy of the messages taken so far, oldest first, each id once."""
        with self._taking:
            return list(self._messages)

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        """The HTTP status and one word for a message: 200 taken or repeated, 4xx refused, 503 disk full."""
        with self._taking:
            try:
                signed = verify(
                    self._secret, headers, body, now=self._clock(), tolerance=self._tolerance, seen=self._seen
                )
            except DeliveryError:
                return 401, "unsigned"
            if signed.repeated:
                return 200, "repeated"
            message = _parse(body, signed.id)
            if message is None:
                return 400, "malformed"
            if message["type"] == "switch" and message["action"] != "pause" and self._goes_back(message):
                return 409, "older"
            try:
                self._keep(message)
            except OSError:
                return 503, "not written"
            return 200, "taken"

    def _goes_back(self, message: dict[str, Any]) -> bool:
        """True when a switch message of the same rollout with a later place in the log was taken before."""
        of_rollout = (m for m in self._messages if m["type"] == "switch" and m["rollout"] == message["rollout"])
        return any(m["decision"]["seq"] > message["decision"]["seq"] for m in of_rollout)

    def _keep(self, message: dict[str, Any]) -> None:
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(message, sort_keys=True) + "\n")
                file.flush()
                os.fsync(file.fileno())
        self._messages.append(message)
        self._seen.add(message["id"])


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a sender that went away tries again."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = QUIET_SECONDS

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isascii() or not length.isdigit():
                self._answer(411, "length needed")
            elif int(length) > LARGEST_BODY:
                self._answer(413, "too large")
            else:
                self._answer(*receiver.take(dict(self.headers), self.rfile.read(int(length))))

        def _answer(self, status: int, word: str) -> None:
            body = json.dumps({"status": word}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: request lines are the sender's text."""

    return Handler


def _parse(body: bytes, id: str) -> dict[str, Any] | None:
    """The message if it has the shape that docs/webhook.md gives and the signed id, else None."""
    try:
        message = json.loads(body)
        good = (
            message["id"] == id
            and isinstance(message["rollout"], str)
            and isinstance(message["decision"]["seq"], int)
            and (message["type"] == "alert" or (message["type"] == "switch" and isinstance(message["action"], str)))
        )
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return dict(message) if good else None


def _read(file: Path) -> list[dict[str, Any]]:
    """The messages in `file`, [] if it is absent; a last line that a crash cut off was never answered: it goes."""
    if not file.exists():
        return []
    text = file.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, encoding="utf-8")
    return [json.loads(line) for line in whole.splitlines()]
