"""The API of a Kubernetes cluster: the one that this process runs in, or one named by the environment."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.credentials import Credential
from flows.posting import TIMEOUT_SECONDS
from flows.switches.calling import Answer, call
from warehouse.records.errors import DeliveryError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
MERGE = "application/merge-patch+json"


class Cluster:
    """Where the API is and who asks; address, token and certificate are read at each call, for tokens are renewed."""

    def __init__(
        self, url: Credential, token: Credential, ca_file: Path | None, timeout: float, *, direct: bool
    ) -> None:
        """Keep the places; callers use `named` or `around`."""
        self._url, self._token, self._ca_file, self._timeout, self._direct = url, token, ca_file, timeout, direct

    @classmethod
    def named(
        cls, url: Credential, token: Credential, ca_file: Path | None = None, timeout: float = TIMEOUT_SECONDS
    ) -> Cluster:
        """A cluster whose address and token the environment holds."""
        return cls(url, token, ca_file, timeout, direct=False)

    @classmethod
    def around(
        cls, environment: Mapping[str, str], account: Path = ACCOUNT, timeout: float = TIMEOUT_SECONDS
    ) -> Cluster:
        """The cluster whose pod this process runs in, asked with the pod's service account."""
        url = Credential("KUBERNETES_SERVICE_HOST", lambda: _address(environment))
        token = Credential("the service account", lambda: _text(account / "token"))
        return cls(url, token, account / "ca.crt", timeout, direct=True)

    def get(self, path: str) -> Answer:
        """The object at a path of the API.

        Raises:
            DeliveryError: as `flows.switches.calling.call` says.
        """
        return self._call("GET", path, None, frozenset())

    def merge(self, path: str, patch: Mapping[str, Any], *, allowed: frozenset[int] = frozenset()) -> Answer:
        """The object after a merge patch.

        Raises:
            DeliveryError: as `flows.switches.calling.call` says.
        """
        return self._call("PATCH", path, patch, allowed)

    def _call(self, method: str, path: str, content: Mapping[str, Any] | None, allowed: frozenset[int]) -> Answer:
        self._url.reveal()  # the address is the first thing to be missing, and to be told
        headers = {"Authorization": f"Bearer {self._token.reveal()}"}
        if content is not None:
            headers["Content-Type"] = MERGE
        return call(
            method,
            self._url,
            path,
            headers=headers,
            content=content,
            timeout=self._timeout,
            verify=self._verify(),
            direct=self._direct,
            allowed=allowed,
        )

    def _verify(self) -> ssl.SSLContext | bool:
        if self._ca_file is None:
            return True
        try:
            return ssl.create_default_context(cafile=str(self._ca_file))
        except OSError as error:
            raise DeliveryError(
                f"The certificate authority {self._ca_file} cannot be read ({error.strerror or 'not a certificate'}); "
                "the message is tried again.",
                transient=True,
            ) from None


def _address(environment: Mapping[str, str]) -> str | None:
    host = environment.get("KUBERNETES_SERVICE_HOST", "")
    port = environment.get("KUBERNETES_SERVICE_PORT", "443")
    return f"https://{f'[{host}]' if ':' in host else host}:{port}" if host else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise DeliveryError(
            f"The token of the pod's service account cannot be read from {path}. Mount one, or name url_env "
            "and token_env; the message is tried again.",
            transient=True,
        ) from None
