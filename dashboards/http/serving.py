"""Runs the application: on this machine's loopback, or, for people who sign in, at another address."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.records.errors import UsageError

if TYPE_CHECKING:
    from dashboards.board.ports import Port

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
    board: Port | None = None,
) -> None:
    """Nothing, once it was stopped; `say` hears the address when it listens. Port 0 takes a free one.

    With a `board` people sign in, so any address of this machine will do; beyond the loopback they have to sign in to
    read as well.

    Raises:
        UsageError: the host is not this machine's loopback and there is no board, or the port is taken.
    """
    from dashboards.http import create

    at_home = on_loopback(host)
    with listen(host, port, anywhere=board is not None) as listener:
        known = hosts if at_home else (*hosts, host)
        app = create(data, config=config, hosts=known, board=board, open_reads=at_home)
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


def on_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches the host."""
    found = _address(host)
    return found is not None and found.is_loopback


def listen(host: str, port: int, *, anywhere: bool = False) -> socket.socket:
    """A socket that listens on the loopback, or with `anywhere` at any address of this machine.

    Raises:
        UsageError: the host is neither, or the port is taken or not allowed.
    """
    found = _address(host)
    if found is None and anywhere:
        raise UsageError(f"{host!r} is not an address to listen on; give one of this machine's, such as 0.0.0.0.")
    if found is None or not (anywhere or found.is_loopback):
        raise UsageError(
            f"The board listens on this machine only, for it asks nobody who they are; given {host!r}, allowed "
            "127.0.0.1, ::1 and localhost. Let a proxy that asks stand before it, and name it with --allow-host."
        )
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


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return None
