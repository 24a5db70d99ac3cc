"""A receiver in a process of its own: it takes signed messages, remembers every one, and tells what it got."""

from __future__ import annotations

import json
import os
import signal
import threading
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from flows.signing import verify

SECRET = "kept between the two"


@dataclass(frozen=True, slots=True)
class Got:
    """One message as it came: repeated ones are there as often as they came."""

    id: str
    type: str
    rollout: str
    action: str
    seq: int
    decision: str


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.taking = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5

    def do_POST(self) -> None:
        """Take a message whose signature fits."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        verify(SECRET, dict(self.headers), body, now=datetime.now(UTC))
        with self.server.taking:
            self.server.taken[self.path].append(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def do_GET(self) -> None:
        """Everything that came to this path."""
        with self.server.taking:
            body = json.dumps(self.server.taken.get(self.path, [])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Bear senders that die in the middle of a message."""
        try:
            super().handle()
        except OSError:
            return


@contextmanager
def receiver() -> Iterator[str]:
    """The address of a receiver that runs in a process of its own until the block ends."""
    server = _Server()
    child = os.fork()
    if child == 0:
        try:
            server.serve_forever(0.05)
        finally:
            os._exit(0)
    host, port = server.server_address[:2]
    server.socket.close()
    try:
        yield f"http://{host!s}:{port}"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def got(address: str, path: str) -> list[Got]:
    """What came to the path, in order."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{address}/{path}", timeout=10) as answer:
        messages = json.loads(answer.read())
    return [
        Got(
            m["id"],
            m["type"],
            m["rollout"],
            m.get("action") or m["event"],
            m["decision"]["seq"],
            m["decision"]["id"],
        )
        for m in messages
    ]
