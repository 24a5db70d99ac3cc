"""Stands before every route: asks for a known host name, and adds the headers that keep a browser careful.

A page somewhere else could point a name of its own at this machine and read what is served here as if it were its own;
whoever asks under a name that was not agreed on is refused.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        """Keep the application, and the host names beside those of the loopback."""
        self._app, self._hosts = app, LOOPBACK | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 421 or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def careful(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if host(scope) in self._hosts:
            await self._app(scope, receive, careful)
        else:
            detail = "This server is not known under that name; whoever runs it can add it."
            refused = {"code": "host", "detail": detail}
            await JSONResponse(refused, status_code=421)(scope, receive, careful)


def host(scope: Scope) -> str:
    """The name under which a request asks, without its port."""
    given = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
    if given.startswith("["):
        return str(given[1:].partition("]")[0])
    return str(given.partition(":")[0])
