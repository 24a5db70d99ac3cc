"""The switches and channels that a project's policy names, ready to be told; secrets stay unread until then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.channels.apprise_services import AppriseChannel
from flows.channels.file import FileChannel
from flows.channels.port import Channel
from flows.channels.prefect_block import PrefectBlockChannel
from flows.channels.webhook import WebhookChannel
from flows.credentials import Credential
from flows.project import Project
from flows.switches.argo_rollouts import ArgoSwitch
from flows.switches.file import FileSwitch
from flows.switches.flagd import FlagdSwitch
from flows.switches.kubernetes import Cluster
from flows.switches.launchdarkly import ADDRESS, LaunchDarklySwitch
from flows.switches.port import Switch
from flows.switches.unleash import UnleashSwitch
from flows.switches.webhook import WebhookSwitch

if TYPE_CHECKING:
    from checks.policy.alerts import Alert
    from checks.policy.switches import ArgoSwitch as ArgoSection
    from checks.policy.switches import Switch as SwitchSection


def switches(project: Project) -> dict[str, Switch]:
    """The switch of each rollout that has one, by the rollout's name."""
    found = ((rollout.name, rollout.switch) for rollout in project.policy.rollouts)
    return {name: _switch(project, section) for name, section in found if section is not None}


def channels(project: Project) -> dict[str, Channel]:
    """Every channel by its name."""
    return {alert.name: _channel(project, alert) for alert in project.policy.alerts}


def failure_channels(project: Project) -> frozenset[str]:
    """Names of the channels that want to hear of failed deliveries; empty when none does."""
    return frozenset(alert.name for alert in project.policy.alerts if "delivery_failed" in alert.when)


def _switch(project: Project, section: SwitchSection) -> Switch:
    match section.kind:
        case "file":
            return FileSwitch(project.base / section.path)
        case "webhook":
            return WebhookSwitch(_credential(project, section.url_env), _credential(project, section.secret_env))
        case "flagd":
            path = project.base / section.path
            return FlagdSwitch(path, section.flag, on=section.on_variant, off=section.off_variant)
        case "argo_rollouts":
            return ArgoSwitch(_cluster(project, section), section.namespace, section.name, promote=section.promote)
        case "unleash":
            url, token = _credential(project, section.url_env), _credential(project, section.token_env)
            return UnleashSwitch(
                url, token, project=section.project, flag=section.flag, environment=section.environment
            )
        case "launchdarkly":
            url, token = Credential.given(ADDRESS), _credential(project, section.token_env)
            if section.url_env is not None:
                url = _credential(project, section.url_env)
            return LaunchDarklySwitch(
                url, token, project=section.project, flag=section.flag, environment=section.environment
            )


def _cluster(project: Project, section: ArgoSection) -> Cluster:
    if section.url_env is None or section.token_env is None:
        return Cluster.around(project.environment)
    ca_file = None if section.ca_file is None else project.base / section.ca_file
    return Cluster.named(_credential(project, section.url_env), _credential(project, section.token_env), ca_file)


def _channel(project: Project, alert: Alert) -> Channel:
    match alert.kind:
        case "file":
            return FileChannel(project.base / alert.path)
        case "webhook":
            secret = None if alert.secret_env is None else _credential(project, alert.secret_env)
            return WebhookChannel(_credential(project, alert.url_env), secret)
        case "apprise":
            return AppriseChannel(_credential(project, alert.url_env))
        case "prefect_block":
            return PrefectBlockChannel(alert.block)


def _credential(project: Project, name: str) -> Credential:
    return Credential.from_environment(name, project.environment)
