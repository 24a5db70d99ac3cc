"""`switch`: how a decision reaches the system that rolls out; one section for every kind."""

from __future__ import annotations

from typing import Annotated, Any
from typing import Literal as OneOf

from pydantic import AfterValidator, Field, model_validator

from checks.policy.base import EnvironmentName, Section, Words, refuse


class FileSwitch(Section):
    """A switch that is a file holding the present state."""

    kind: OneOf["file"]
    """A file that holds the present state as JSON."""
    path: Words
    """The file, relative to the folder of the configuration file."""
    lease: bool = False
    """Whether every run writes the file again with the lease's new end."""


class WebhookSwitch(Section):
    """A switch behind a signed HTTP call."""

    kind: OneOf["webhook"]
    """A signed HTTP call."""
    url_env: EnvironmentName
    """Name of the environment variable that holds the address."""
    secret_env: EnvironmentName
    """Name of the environment variable that holds the secret the call is signed with."""
    lease: bool = False
    """Whether every run tells the receiver the lease's new end."""


class FlagdSwitch(Section):
    """A switch that is a boolean feature flag in a flag file of flagd, for OpenFeature."""

    kind: OneOf["flagd"]
    """A flag in a flag file that flagd or an OpenFeature provider watches."""
    path: Words
    """The flag file (JSON), relative to the folder of the configuration file; it must hold the flag."""
    flag: Words
    """Key of the flag in the file."""
    on_variant: Words = "on"
    """Variant that the flag serves while the rollout may run."""
    off_variant: Words = "off"
    """Variant that the flag serves while the rollout is paused."""
    lease: bool = False
    """Whether every run writes the lease's new end into the flag's metadata."""

    @model_validator(mode="after")
    def _two_variants(self) -> FlagdSwitch:
        if self.on_variant == self.off_variant:
            refuse("names one variant for both states.", allowed="two different variants")
        return self


def _label(text: str) -> str:
    """One part of a path of the Kubernetes API."""
    good = len(text) <= 253 and text[:1].isalnum() and text[-1:].isalnum()
    if not good or not all(c.isascii() and (c.isdigit() or c.islower() or c in "-.") for c in text):
        refuse("is not a name in Kubernetes.", allowed="small letters, digits, hyphens and dots")
    return text


ClusterName = Annotated[str, AfterValidator(_label)]


class ArgoSwitch(Section):
    """A switch that pauses an Argo Rollout through the Kubernetes API."""

    kind: OneOf["argo_rollouts"]
    """A Rollout of Argo Rollouts, paused and let go through the Kubernetes API."""
    namespace: ClusterName
    """Namespace of the Rollout."""
    name: ClusterName
    """Name of the Rollout."""
    promote: bool = True
    """Whether a go, an expansion or a resumption also ends a pause step that is waiting."""
    url_env: EnvironmentName | None = None
    """Environment variable with the address of the Kubernetes API; left out: the cluster that Gatehold runs in."""
    token_env: EnvironmentName | None = None
    """Environment variable with the token; left out: the service account of the pod."""
    ca_file: Words | None = None
    """File with the certificate authority of the API; left out: the service account's, or the system's."""

    @model_validator(mode="after")
    def _both_or_none(self) -> ArgoSwitch:
        if (self.url_env is None) != (self.token_env is None):
            refuse("has one of url_env and token_env.", allowed="both, or neither inside a cluster")
        if self.ca_file is not None and self.url_env is None:
            refuse("has a ca_file without url_env.", allowed="ca_file with url_env and token_env")
        return self


class UnleashSwitch(Section):
    """A switch that is a feature flag in one environment of Unleash."""

    kind: OneOf["unleash"]
    """A feature flag of Unleash, turned on and off through its admin API."""
    url_env: EnvironmentName
    """Environment variable with the address of Unleash, such as https://unleash.example.org."""
    token_env: EnvironmentName
    """Environment variable with an admin or service account token."""
    project: Words = "default"
    """Project of the flag."""
    flag: Words
    """Name of the flag."""
    environment: Words
    """Environment in which the flag is turned."""


class LaunchDarklySwitch(Section):
    """A switch that is a feature flag in one environment of LaunchDarkly."""

    kind: OneOf["launchdarkly"]
    """A feature flag of LaunchDarkly, turned on and off by a semantic patch."""
    url_env: EnvironmentName | None = None
    """Environment variable with the address of the API; left out: https://app.launchdarkly.com."""
    token_env: EnvironmentName
    """Environment variable with an access token that may change the flag."""
    project: Words
    """Key of the project."""
    flag: Words
    """Key of the flag."""
    environment: Words
    """Key of the environment."""


Switch = Annotated[
    WebhookSwitch | FileSwitch | FlagdSwitch | ArgoSwitch | UnleashSwitch | LaunchDarklySwitch,
    Field(discriminator="kind"),
]


def wants_lease(switch: Any) -> bool:
    """Whether the switch honours `valid_until` and is told at every run when it moves."""
    return bool(getattr(switch, "lease", False))
