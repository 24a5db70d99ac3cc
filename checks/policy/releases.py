"""`releases` of a rollout: what makes a release another one, and what the evidence of a metric depends on."""

from __future__ import annotations

from typing import Annotated
from typing import Literal as OneOf

from pydantic import Field

from checks.policy.base import Many, Section
from checks.policy.metrics import Metric
from checks.releases.parts import PARTS, Part

_CHANGING = frozenset({"rate", "mean", "assisted", "histogram", "age"})
"""Kinds whose evidence speaks of what answered then; the others speak of the logs, of people or of the policy."""


class Releases(Section):
    """What a release is."""

    by: OneOf["column", "fingerprint"] = "column"
    """column: a release is what the column `release` names, and a changed part makes evidence old within it.
    fingerprint: a release is the versions of its parts, whatever the column says."""
    parts: Annotated[Many[Part], Field(min_length=1)] = PARTS
    """The parts that are watched; leave out what changes without meaning, such as the model behind a router."""


def depends_on(metric: Metric, releases: Releases) -> tuple[Part, ...]:
    """The parts whose change makes the metric's evidence old, of those that are watched.

    Where the metric does not say: none for governance, for the layer of data and for kinds that do not measure what
    answered; else all, the judge only where the value is a judge's word.
    """
    if metric.depends_on is not None:
        wanted: tuple[Part, ...] = metric.depends_on
    elif metric.layer in ("governance", "data") or metric.kind not in _CHANGING:
        wanted = ()
    else:
        judged = metric.judged is not None or metric.kind == "assisted"
        wanted = tuple(part for part in PARTS if part != "judge" or judged)
    return tuple(part for part in PARTS if part in wanted and part in releases.parts)
