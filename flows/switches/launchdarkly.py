"""A switch that is a feature flag in one environment of LaunchDarkly, turned by a semantic patch."""

from __future__ import annotations

from flows.credentials import Credential
from flows.posting import TIMEOUT_SECONDS
from flows.switches.calling import call, part
from flows.switches.port import PERSONAL, SwitchMessage, refuse_simulated

ADDRESS = "https://app.launchdarkly.com"
SEMANTIC_PATCH = "application/json; domain-model=launchdarkly.semanticpatch"


class LaunchDarklySwitch:
    """Turns the flag's targeting off at a pause, and on when people start, expand or resume.

    A `go` leaves it as it is: it must not undo what a person did.
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
        self._url, self._token, self._timeout = url, token, timeout
        self._flag, self._environment = flag, environment
        self._path = f"/api/v2/flags/{part(project)}/{part(flag)}"

    def apply(self, message: SwitchMessage) -> None:
        """Turn the flag, as often as it is said.

        Raises:
            DeliveryError: the decision is simulated (terminal); else as `flows.switches.calling.call` says.
        """
        refuse_simulated(message, f"flag {self._flag}")
        if message.action != "pause" and message.action not in PERSONAL:
            return
        kind = "turnFlagOff" if message.action == "pause" else "turnFlagOn"
        call(
            "PATCH",
            self._url,
            self._path,
            headers={"Authorization": self._token.reveal(), "Content-Type": SEMANTIC_PATCH},
            content={
                "comment": f"Gatehold: {message.action} of {message.rollout}, decision {message.decision_seq}",
                "environmentKey": self._environment,
                "instructions": [{"kind": kind}],
            },
            timeout=self._timeout,
        )
