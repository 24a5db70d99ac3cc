"""Runs the application on this machine's loopback."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from warehouse.records.errors import UsageError

PORT = 8765
HOST = "127.0.0.1"


def serve(
    data: Path,
    *,
    config: Path | None = None,
    host: str = HOST,
    port: int = PORT,
    hosts: Sequence[str] = (),
    say: Callable[[str], None] | None = None,
) -> None:
    """Nothing, once it was stopped; `say` hears the address when it listens. Port 0 takes a free one.

    Raises:
        UsageError: the host is not this machine's loopback, or the port is taken.
    """
    from dashboards.http import create

    with listen(host, port) as listener:
        app = create(data, config=config, hosts=hosts)
        if say is not None:
            say(address(listener))
        run(app, listener)


def run(app: object, listener: socket.socket) -> None:
    """Serve until a signal asks to stop; requests under way are finished."""
    import uvicorn

    settings = uvicorn.Config(
        app,  # type: ignore[arg-type]  # any ASGI application
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(settings).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on the loopback.

    Raises:
        UsageError: the host is not this machine's loopback, or the port is taken or not allowed.
    """
    found = _loopback(host)
    family = socket.AF_INET6 if found.version == 6 else socket.AF_INET
    try:
        return socket.create_server((str(found), port), family=family)
    except (OSError, OverflowError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"Port {port} on {host} cannot be used: {told}. Give another one with --port.") from error


def address(listener: socket.socket) -> str:
    """The URL under which a socket listens."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _loopback(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        found = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        found = None
    if found is None or not found.is_loopback:
        raise UsageError(
            f"The board listens on this machine only, for it asks nobody who they are; given {host!r}, allowed "
            "127.0.0.1, ::1 and localhost. Let a proxy that asks stand before it, and name it with --allow-host."
        )
    return found
