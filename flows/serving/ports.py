"""Ports: the one that was asked for, or a free one where nobody asked."""

from __future__ import annotations

import socket

from warehouse.records.errors import UsageError

HOST = "127.0.0.1"
LOOK = 50
"""How many ports above the usual one are looked at."""


def choose(asked: int | None, usual: int, *, what: str, taken: frozenset[int] = frozenset()) -> int:
    """The port to listen on: `asked` if it is free, without one the first free port from `usual` on.

    Raises:
        UsageError: the port that was asked for is in use, or none of those looked at is free.
    """
    if asked is not None:
        if asked in taken or not free(asked):
            raise UsageError(
                f"Port {asked} for {what} is in use. Name another, or leave it out and a free one is taken."
            )
        return asked
    for port in range(usual, usual + LOOK):
        if port not in taken and free(port):
            return port
    raise UsageError(f"None of the ports {usual} to {usual + LOOK - 1} for {what} is free. Name one that is.")


def free(port: int) -> bool:
    """Whether nobody listens on the port of this host."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
