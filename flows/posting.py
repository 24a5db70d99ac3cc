"""Sends one signed JSON message by HTTP and says what a failure means, never naming the address or the secret."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flows.credentials import Credential
from flows.signing import ID_HEADER, sign
from warehouse.records.errors import DeliveryError

TIMEOUT_SECONDS = 10.0
_TRY_AGAIN = frozenset({408, 425, 429})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def post(
    url: Credential,
    secret: Credential | None,
    id: str,
    payload: Mapping[str, Any],
    *,
    timeout: float = TIMEOUT_SECONDS,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Nothing; the receiver has answered 2xx. Redirects are not followed and the answer's body is not read.

    `timeout` in seconds bounds connecting, sending and waiting, each.

    Raises:
        DeliveryError: transient for no connection, no answer in time, 408, 425, 429, 5xx, or a setting that is missing
            or wrong; terminal for any other answer.
    """
    import httpx

    address = url.reveal()
    host = _host(address, url.name)
    body = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")
    headers = {ID_HEADER: id} if secret is None else sign(secret.reveal(), id, body, now=clock())
    headers |= {"Content-Type": "application/json", "User-Agent": "gatehold"}
    try:
        with (
            _HUSHED,
            httpx.Client(timeout=timeout, follow_redirects=False, trust_env=host not in _LOOPBACK) as client,
            client.stream("POST", address, content=body, headers=headers) as response,
        ):
            status = response.status_code
    except httpx.TimeoutException:
        raise DeliveryError(f"{host} did not answer within {timeout:g} s.", transient=True) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # The library's own words may quote the address, which may hold a token.
        raise DeliveryError(f"{host} could not be reached ({type(error).__name__}).", transient=True) from None
    if not 200 <= status < 300:
        raise DeliveryError(_meaning(host, status), transient=status in _TRY_AGAIN or status >= 500)


def _meaning(host: str, status: int) -> str:
    if 300 <= status < 400:
        return f"{host} answered {status}, a redirect, which is not followed. Give the address it leads to."
    if status in _TRY_AGAIN or status >= 500:
        return f"{host} answered {status}; the message is tried again."
    return f"{host} refused the message with {status}. Look at the receiver: its secret, its address, its log."


def _host(address: str, name: str) -> str:
    try:
        parts = urlsplit(address)
        host = parts.hostname if parts.scheme in ("http", "https") else None
        _ = parts.port
    except ValueError:
        host = None
    if not host:
        raise DeliveryError(
            f"What {name} holds is not an address. Allowed: http://... or https://... with a host; "
            "the message is tried again.",
            transient=True,
        )
    return host


class _Hushed(logging.Filter):
    """Drops what the HTTP library logs while one of our messages is under way: it logs whole addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.sending = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(self.sending, "now", False)

    def __enter__(self) -> None:
        for name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy"):
            logging.getLogger(name).addFilter(self)
        self.sending.now = True

    def __exit__(self, *_: object) -> None:
        self.sending.now = False


_HUSHED = _Hushed()
