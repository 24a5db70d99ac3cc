"""The switch sections of the configuration: every kind is accepted, and a mistake is named with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import projects as p
import pytest
import yaml

from checks.policy import Policy, parse
from checks.policy.switches import wants_lease
from flows import project as projects
from flows import targets
from warehouse.records.errors import ConfigurationError

KINDS: dict[str, dict[str, Any]] = {
    "FileSwitch": {"kind": "file", "path": "state.json"},
    "WebhookSwitch": {"kind": "webhook", "url_env": "HOOK", "secret_env": "SECRET", "lease": True},
    "FlagdSwitch": {"kind": "flagd", "path": "flags.json", "flag": "agent", "lease": True},
    "ArgoSwitch": {"kind": "argo_rollouts", "namespace": "shop", "name": "agent"},
    "UnleashSwitch": {
        "kind": "unleash",
        "url_env": "UNLEASH",
        "token_env": "TOKEN",
        "flag": "agent",
        "environment": "production",
    },
    "LaunchDarklySwitch": {
        "kind": "launchdarkly",
        "token_env": "TOKEN",
        "project": "shop",
        "flag": "agent",
        "environment": "production",
    },
}


def text(switch: dict[str, Any]) -> str:
    return yaml.safe_dump(p.policy(rollouts=[{**p.rollout(), "switch": switch}]))


def policy(switch: dict[str, Any]) -> Policy:
    return parse("gatehold.yaml", lambda _: text(switch))


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_becomes_a_switch_without_reading_a_secret(tmp_path: Path, name: str) -> None:
    (tmp_path / "gatehold.yaml").write_text(text(KINDS[name]))
    project = projects.load(tmp_path, environment={})
    assert type(targets.switches(project)[p.AGENT]).__name__ == name


def test_a_cluster_may_be_named_by_the_environment(tmp_path: Path) -> None:
    named = {**KINDS["ArgoSwitch"], "url_env": "CLUSTER", "token_env": "TOKEN", "ca_file": "ca.pem"}
    (tmp_path / "gatehold.yaml").write_text(text(named))
    project = projects.load(tmp_path, environment={})
    assert p.AGENT in targets.switches(project)
    assert {"CLUSTER", "TOKEN"} <= set(project.policy.secret_names())


@pytest.mark.parametrize("name", KINDS)
def test_only_what_understands_time_has_a_lease(name: str) -> None:
    assert wants_lease(policy(KINDS[name]).rollouts[0].switch) is KINDS[name].get("lease", False)


def test_no_switch_wants_no_lease() -> None:
    assert not wants_lease(None)


@pytest.mark.parametrize(
    ("switch", "told"),
    [
        ({"kind": "launchdarky"}, "launchdarkly"),
        ({**KINDS["FlagdSwitch"], "off_variant": "on"}, "one variant for both states"),
        ({**KINDS["ArgoSwitch"], "url_env": "CLUSTER"}, "one of url_env and token_env"),
        ({**KINDS["ArgoSwitch"], "token_env": "TOKEN"}, "one of url_env and token_env"),
        ({**KINDS["ArgoSwitch"], "ca_file": "ca.pem"}, "ca_file without url_env"),
        ({**KINDS["ArgoSwitch"], "namespace": "a/../b"}, "not a name in Kubernetes"),
        ({**KINDS["ArgoSwitch"], "name": "Agent"}, "not a name in Kubernetes"),
        ({**KINDS["ArgoSwitch"], "lease": True}, "lease"),
        ({**KINDS["UnleashSwitch"], "token_env": "https://x"}, "not the name of an environment variable"),
        ({**KINDS["UnleashSwitch"], "flag": " "}, "is empty"),
    ],
)
def test_a_mistake_is_named(switch: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        policy(switch)
    assert "rollouts[0].switch" in str(caught.value)
