"""What a gate is, as plain values: made from the policy, read by the verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal as OneOf

from warehouse.records.metrics import Unit

Layer = OneOf["data", "model", "workflow", "governance"]
LAYERS: tuple[Layer, ...] = ("data", "model", "workflow", "governance")

MetricKind = OneOf["rate", "mean", "count", "histogram", "age", "overdue", "source", "drift", "quality", "policy"]
STATISTICAL_KINDS: frozenset[str] = frozenset({"rate", "mean"})


@dataclass(frozen=True, slots=True)
class GateSpec:
    """One gate of one rollout.

    `limit` is in the metric's own unit; `direction` "at_most" means badness is a high value. `low` and `high` are the
    metric's range (both given for a statistical gate). `alpha` is the chance of ever pausing a healthy epoch, `beta`
    of ever passing a bad one; both None for a deterministic gate. `looks` is the number of looks per assurance
    period (H of the start weights). `max_age` is how old the newest mature window with units may be before the gate
    is `stale` (None: never). `min_units` holds a pass back until so many units are in. `min_scored` is the smallest
    share of units with a value below which the gate is `insufficient` whatever its evidence says. `required` tells
    whether the current stage asks for it. `digest` changes with anything that would make its evidence another test.
    """

    name: str
    rollout: str
    metric: str
    kind: MetricKind
    layer: Layer
    direction: OneOf["at_most", "at_least"]
    limit: float
    measure: str
    low: float | None
    high: float | None
    unit: Unit
    alpha: float | None
    beta: float | None
    looks: int
    max_age: timedelta | None
    min_units: int
    min_scored: float
    on_breach: OneOf["pause", "hold"]
    required_from: str
    required: bool
    segment: str | None
    arm: str | None
    owner: str
    digest: str

    @property
    def key(self) -> str:
        """Its name across rollouts: "rollout/name"."""
        return f"{self.rollout}/{self.name}"

    @property
    def statistical(self) -> bool:
        """True when evidence accumulates; false when it compares one number with its limit."""
        return self.kind in STATISTICAL_KINDS
