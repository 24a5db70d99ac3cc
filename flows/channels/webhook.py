"""A channel behind a webhook, signed when a secret is given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flows.channels.as_json import payload
from flows.channels.port import Alert
from flows.credentials import Credential
from flows.posting import TIMEOUT_SECONDS, post


class WebhookChannel:
    """Posts each alert as JSON with a field `text`; docs/webhook.md tells receivers how to check the signature."""

    def __init__(
        self,
        url: Credential | str,
        secret: Credential | str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep address and secret without reading them; `timeout` in seconds, `clock` gives the time of signing."""
        self._url = url if isinstance(url, Credential) else Credential.given(url)
        self._secret = Credential.given(secret) if isinstance(secret, str) else secret
        self._timeout = timeout
        self._clock = clock

    def send(self, alert: Alert) -> None:
        """Post the alert; a 2xx answer means taken.

        Raises:
            DeliveryError: as `flows.posting.post` says.
        """
        post(self._url, self._secret, alert.id, payload(alert), timeout=self._timeout, clock=self._clock)
