"""Sends one signed JSON message by HTTP and says what a failure means, never naming the address or the secret."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flows.credentials import Credential
from flows.hushing import Hushed
from flows.signing import ID_HEADER, sign
from warehouse.records.errors import DeliveryError

T = TypeVar("T")

TIMEOUT_SECONDS = 10.0
ALL_OF_IT = 3
TRY_AGAIN = frozenset({408, 425, 429})
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


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

    `timeout` in seconds bounds connecting, sending and waiting, each, and three times as much bounds all of it, so that
    a receiver which answers one byte at a time holds nobody up.

    Raises:
        DeliveryError: transient for no connection, no answer in time, 408, 425, 429, 5xx, or a setting that is missing
            or wrong; terminal for any other answer.
    """
    address = url.reveal()
    host = host_of(address, url.name)
    body = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")
    headers = {ID_HEADER: id} if secret is None else sign(secret.reveal(), id, body, now=clock())
    headers |= {"Content-Type": "application/json", "User-Agent": "gatehold"}
    status, later = _within(ALL_OF_IT * timeout, host, lambda: _posted(host, address, body, headers, timeout))
    if not 200 <= status < 300:
        transient = status in TRY_AGAIN or status >= 500
        raise DeliveryError(_meaning(host, status), transient=transient, retry_after=asked_for(later, clock()))


def asked_for(header: str | None, now: datetime) -> timedelta | None:
    """How long a `Retry-After` header asks to wait: seconds or a date; None when there is none or it makes no sense."""
    text = (header or "").strip()
    try:
        if text.isascii() and text.isdigit():
            return timedelta(seconds=min(int(text), 10**9))
        return max(timedelta(0), parsedate_to_datetime(text).astimezone(UTC) - now) if text else None
    except (ValueError, OverflowError, TypeError):
        return None


def _posted(host: str, address: str, body: bytes, headers: Mapping[str, str], timeout: float) -> tuple[int, str | None]:
    """Status and `Retry-After` of the answer."""
    import httpx

    try:
        with (
            HUSHED,
            httpx.Client(timeout=timeout, follow_redirects=False, trust_env=host not in LOOPBACK) as client,
            client.stream("POST", address, content=body, headers=headers) as response,
        ):
            return response.status_code, response.headers.get("Retry-After")
    except httpx.TimeoutException:
        raise DeliveryError(f"{host} did not answer within {timeout:g} s.", transient=True) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # The library's own words may quote the address, which may hold a token.
        raise DeliveryError(f"{host} could not be reached ({type(error).__name__}).", transient=True) from None


def _within(seconds: float, host: str, work: Callable[[], T]) -> T:
    """What `work` gives, if it does within `seconds`; else it is left behind in its thread, which ends by itself."""
    done: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            done.put((work(), None))
        except BaseException as error:  # carried over to the thread that waits
            done.put((None, error))

    threading.Thread(target=run, daemon=True, name="gatehold-posting").start()
    try:
        value, error = done.get(timeout=seconds)
    except Empty:
        raise DeliveryError(f"{host} did not answer in full within {seconds:g} s.", transient=True) from None
    if error is not None:
        raise error
    return cast(T, value)


def _meaning(host: str, status: int) -> str:
    if 300 <= status < 400:
        return f"{host} answered {status}, a redirect, which is not followed. Give the address it leads to."
    if status in TRY_AGAIN or status >= 500:
        return f"{host} answered {status}; the message is tried again."
    return f"{host} refused the message with {status}. Look at the receiver: its secret, its address, its log."


def host_of(address: str, name: str) -> str:
    """The host of an address; `name` says in an error whose address it is, which itself is not shown.

    Raises:
        DeliveryError: it is no http or https address with a host; transient, for setting it right mends it.
    """
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


HUSHED = Hushed("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")
"""Held while a request is under way: nothing of it reaches a log."""
