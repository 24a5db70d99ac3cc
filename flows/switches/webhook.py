"""A switch behind a signed webhook."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flows.credentials import Credential
from flows.posting import TIMEOUT_SECONDS, post
from flows.switches.port import SwitchMessage, payload


class WebhookSwitch:
    """Posts each message as signed JSON; docs/webhook.md tells receivers how to check and what to answer."""

    def __init__(
        self,
        url: Credential | str,
        secret: Credential | str,
        timeout: float = TIMEOUT_SECONDS,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep address and secret without reading them; `timeout` in seconds, `clock` gives the time of signing."""
        self._url = url if isinstance(url, Credential) else Credential.given(url)
        self._secret = secret if isinstance(secret, Credential) else Credential.given(secret)
        self._timeout = timeout
        self._clock = clock

    def apply(self, message: SwitchMessage) -> None:
        """Post the message; a 2xx answer means taken.

        Raises:
            DeliveryError: as `flows.posting.post` says.
        """
        post(self._url, self._secret, message.id, payload(message), timeout=self._timeout, clock=self._clock)
