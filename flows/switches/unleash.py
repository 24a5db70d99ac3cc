"""A switch that is a feature flag in one environment of Unleash, turned by its admin API."""

from __future__ import annotations

from flows.credentials import Credential
from flows.posting import TIMEOUT_SECONDS
from flows.switches.calling import call, part
from flows.switches.port import PERSONAL, SwitchMessage, refuse_simulated


class UnleashSwitch:
    """Turns the flag off at a pause, and on when people start, expand or resume.

    Unleash keeps no note of who turned a flag off, so a `go` leaves it as it is: it must not undo what a person did.
    """

    def __init__(
        self,
        url: Credential,
        token: Credential,
        *,
        project: str,
        flag: str,
        environment: str,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        """Keep where the flag is, without reading address or token; `timeout` in seconds."""
        self._url, self._token, self._timeout, self._flag = url, token, timeout, flag
        self._path = f"/api/admin/projects/{part(project)}/features/{part(flag)}/environments/{part(environment)}"

    def apply(self, message: SwitchMessage) -> None:
        """Turn the flag, as often as it is said.

        Raises:
            DeliveryError: the decision is simulated (terminal); else as `flows.switches.calling.call` says.
        """
        refuse_simulated(message, f"flag {self._flag}")
        if message.action == "pause" or message.action in PERSONAL:
            way = "off" if message.action == "pause" else "on"
            headers = {"Authorization": self._token.reveal()}
            call("POST", self._url, f"{self._path}/{way}", headers=headers, timeout=self._timeout)
