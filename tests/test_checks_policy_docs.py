"""docs/configuration.md names every key and word of the configuration, and its examples are valid."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from conftest import ROOT

from checks.gates.spec import LAYERS, MetricKind
from checks.policy import parse
from checks.policy.alerts import AlertEvent
from checks.policy.configuration import ConfigurationFile
from checks.policy.metric_kinds import POLICY_FACTS, SOURCE_FACTS
from checks.policy.shape import models

PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.S)


def test_every_key_is_documented() -> None:
    missing, seen, waiting = set(), set(), [ConfigurationFile]
    while waiting:
        model = waiting.pop()
        seen.add(model)
        for key, field in model.model_fields.items():
            if not re.search(rf"\b{field.alias or key}\b", PAGE):
                missing.add(f"{model.__name__}.{key}")
            waiting += [inner for inner in models(field.annotation) if inner not in seen]
    assert missing - {"DataCheck.arguments"} == set()
    assert len(seen) > 12


def test_every_word_is_documented() -> None:
    words = [*LAYERS, *get_args(MetricKind), *get_args(AlertEvent), *SOURCE_FACTS, *POLICY_FACTS]
    assert [word for word in words if f"`{word}`" not in PAGE] == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_valid(example: str) -> None:
    parse("example.yaml", lambda _: example)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 10
