"""docs/switches.md says what is so: its policy is valid, and the addresses and files it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from conftest import ROOT

from checks.policy import parse
from dashboards.http import create

PAGE = (ROOT / "docs" / "switches.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.S)


def test_the_policy_is_valid_and_shows_every_kind_that_is_not_shown_elsewhere() -> None:
    policy = parse("gatehold.yaml", lambda _: EXAMPLES[0])
    assert [r.switch.kind for r in policy.rollouts if r.switch] == ["flagd", "argo_rollouts", "unleash", "launchdarkly"]
    assert policy.secret_names() == ("LD_TOKEN", "UNLEASH_TOKEN", "UNLEASH_URL")


def test_the_pipeline_step_asks_a_command_that_there_is() -> None:
    (step,) = yaml.safe_load(EXAMPLES[1])
    assert step["run"].startswith("gatehold gate ")


def test_the_addresses_are_those_that_are_served(tmp_path: Path) -> None:
    app = create(tmp_path)
    served = set(app.openapi()["paths"]) | {"/openapi.json"}
    named = {
        re.sub(r"\?.*", "", one).replace("NAME", "{name}") for one in re.findall(r"^\| `(/[^`]*)`", PAGE, flags=re.M)
    }
    assert named == served


def test_the_files_that_it_names_exist() -> None:
    named = re.findall(r"`(infra/[^`]+)`", PAGE)
    assert len(set(named)) == 6
    assert [one for one in named if not (ROOT / one).is_file()] == []
