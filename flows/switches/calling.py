"""One HTTP call to the API of a system that rolls out: bounded in time and size, and plain about what a failure means.

The address and the token come from the environment and never reach a log or an error; redirects are not followed, so a
token is never carried to another host.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flows.credentials import Credential
from flows.posting import HUSHED, LOOPBACK, TIMEOUT_SECONDS, TRY_AGAIN, host_of
from warehouse.records.errors import DeliveryError

MOST_BYTES = 4 * 1024 * 1024
"""The longest answer that is read; the API of Kubernetes keeps no object beyond 1.5 MiB."""
CONFLICT = 409
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said: its status, and the JSON of its body (None: there was none)."""

    status: int
    body: Any


def call(
    method: str,
    base: Credential,
    path: str,
    *,
    headers: Mapping[str, str],
    content: Mapping[str, Any] | None = None,
    timeout: float = TIMEOUT_SECONDS,
    verify: ssl.SSLContext | bool = True,
    direct: bool = False,
    allowed: frozenset[int] = frozenset(),
) -> Answer:
    """The answer of `base` and `path`, if it is 2xx or one of `allowed`.

    `timeout` in seconds bounds connecting, sending and each wait, and reading the answer as a whole. `direct` asks no
    proxy.

    Raises:
        DeliveryError: transient for no connection, no answer in time, 401, 408, 409, 425, 429, 5xx, or a setting that
            is missing or wrong; terminal for any other answer and for one longer than `MOST_BYTES`.
    """
    import httpx

    address = base.reveal().rstrip("/") + path
    host = host_of(address, base.name)
    try:
        status, body = _asked(
            method, address, headers, content, timeout, verify, proxied=not direct and host not in LOOPBACK
        )
    except _TooLong:
        raise DeliveryError(f"{host} answered with more than {MOST_BYTES:,} bytes.", transient=False) from None
    except (TimeoutError, httpx.TimeoutException):
        raise DeliveryError(f"{host} did not answer within {timeout:g} s.", transient=True) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # The library's own words may quote the address, which may hold a token.
        raise DeliveryError(f"{host} could not be reached ({type(error).__name__}).", transient=True) from None
    if not 200 <= status < 300 and status not in allowed:
        raise refused(host, status)
    return Answer(status, _parsed(body))


def refused(host: str, status: int) -> DeliveryError:
    """The error for an answer that is not 2xx."""
    if 300 <= status < 400:
        text = f"{host} answered {status}, a redirect, which is not followed. Give the address it leads to."
    elif status == 401:
        text = f"{host} answered 401: it does not know the token. Set a new one; the message is tried again."
        return DeliveryError(text, transient=True)
    elif status == 403:
        text = f"{host} answered 403: the token may not do this. Give it the right, or make the change by hand."
    elif status == NOT_FOUND:
        text = f"{host} answered 404: there is no such thing there. Look at the names in the configuration."
    elif status in TRY_AGAIN or status == CONFLICT or status >= 500:
        return DeliveryError(f"{host} answered {status}; the message is tried again.", transient=True)
    else:
        text = f"{host} refused the change with {status}. Look at its log."
    return DeliveryError(text, transient=False)


def part(text: str) -> str:
    """A text as one part of a path, whatever it holds."""
    return quote(text, safe="")


class _TooLong(Exception):
    pass


def _asked(
    method: str,
    address: str,
    headers: Mapping[str, str],
    content: Mapping[str, Any] | None,
    timeout: float,
    verify: ssl.SSLContext | bool,
    *,
    proxied: bool,
) -> tuple[int, bytes]:
    import httpx

    sent = {"Accept": "application/json", "User-Agent": "gatehold", **headers}
    body = None if content is None else json.dumps(content, ensure_ascii=True).encode()
    with (
        HUSHED,
        httpx.Client(timeout=timeout, follow_redirects=False, trust_env=proxied, verify=verify) as client,
        client.stream(method, address, content=body, headers=sent) as response,
    ):
        return response.status_code, _bounded(response.iter_bytes(), time.monotonic() + timeout)


def _bounded(chunks: Any, deadline: float) -> bytes:
    found = bytearray()
    for chunk in chunks:
        found += chunk
        if len(found) > MOST_BYTES:
            raise _TooLong
        if time.monotonic() > deadline:
            raise TimeoutError
    return bytes(found)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None
