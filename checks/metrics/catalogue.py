"""The built-in metrics: read from builtin.yaml, in exactly the form that a user's own metric takes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

from checks.gates.spec import LAYERS, Layer

if TYPE_CHECKING:
    from checks.policy.metrics import Metric

FILE = "builtin.yaml"


@cache
def built_in() -> Mapping[str, Metric]:
    """The built-in metrics by name, layer by layer."""
    # Here and not above: the form of a metric belongs to the policy, which itself asks this catalogue.
    from checks.policy import yaml_source
    from checks.policy.metrics import Metric

    text = resources.files("checks.metrics").joinpath(FILE).read_text(encoding="utf-8")
    declared = yaml_source.load(FILE, text).data["metrics"]
    found = [Metric.model_validate(raw) for raw in declared]
    return MappingProxyType({metric.name: metric for metric in sorted(found, key=lambda m: LAYERS.index(m.layer))})


def by_layer() -> dict[Layer, list[Metric]]:
    """The built-in metrics of each layer, in the order of the file."""
    return {layer: [m for m in built_in().values() if m.layer == layer] for layer in LAYERS}
