"""What a gate is, as plain values: made from the policy, read by the verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal as OneOf

from warehouse.records.errors import CheckError
from warehouse.records.metrics import Unit

Layer = OneOf["data", "model", "workflow", "governance"]
LAYERS: tuple[Layer, ...] = ("data", "model", "workflow", "governance")

MetricKind = OneOf[
    "rate", "mean", "count", "histogram", "assisted", "age", "overdue", "source", "drift", "quality", "policy"
]
STATISTICAL_KINDS: frozenset[str] = frozenset({"rate", "mean", "assisted"})


TestKind = OneOf["limit", "reference", "odds_ratio", "rate_difference", "score_difference", "distribution"]
"""What a statistical gate compares with what; each kind is a module of `checks.gates.kinds`."""

Meaning = OneOf["every_window", "long_run"]
"""What the limit is for: what can be expected of every window, or of the mean over many of them."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What the reference period [start, end) held when it was first read; it never changes while the test goes on.

    `mean` and `upper` are badness, `cuts` values of the metric, `counts` units per bin (ordered bins between cuts, or
    one per category). `digest` covers all of it.
    """

    digest: str
    start: datetime
    end: datetime
    units: int
    mean: float | None = None
    upper: float | None = None
    cuts: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GateSpec:
    """One gate of one rollout.

    `limit` is in the metric's own unit; `direction` "at_most" means badness is a high value. `low` and `high` are the
    metric's range (both given for a statistical gate). `alpha` is the chance of ever pausing a healthy epoch, `beta`
    of ever passing a bad one; both None for a deterministic gate. `max_age` is how old the newest mature window with
    units may be before the gate is `stale` (None: never). `min_units` holds a pass back until so many units are in.
    `min_scored` is the smallest share of units with a value below which the gate is `insufficient` whatever its
    evidence says. `required` tells whether the current stage asks for it. `digest` changes with anything that would
    make its evidence another test.

    `test` is what it compares (a limit against `control` traffic or a reference is a difference, a ratio of odds or a
    distance: see `checks.gates.kinds`) and `means` what the limit is for. `typical` and `candidate_share` are what
    comparisons with the control arm are given in advance, `tolerance` and `pinned` what those with a reference are.
    `target` is the best value that can be hoped for (None: the good end of the range). `attempt` counts the epochs of
    one release from 1; `alpha` and `beta` are then that attempt's share of the budgets `whole_alpha`, `whole_beta`.
    `reference` is the span, half-open, that is pinned; `alpha_covers` is what the budgets are spent on. `judge` names
    the judge whose right to gate is checked, `judged` says what its values are. `basis` is a digest of what is measured
    and compared, without limit and budgets; empty in decisions of older versions. `depends_on` are the parts of the
    release whose change makes its evidence old; with `by_fingerprint` it looks at all traffic, whatever release the
    rows name.
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
    test: TestKind = "limit"
    means: Meaning = "every_window"
    typical: float | None = None
    candidate_share: float | None = None
    tolerance: float | None = None
    pinned: Pinned | None = None
    target: float | None = None
    attempt: int = 1
    whole_alpha: float | None = None
    whole_beta: float | None = None
    judge: str | None = None
    judged: OneOf["own", "proxy"] | None = None
    reference: tuple[datetime, datetime] | None = None
    alpha_covers: OneOf["release", "service", "epoch"] = "release"
    basis: str = ""
    depends_on: tuple[str, ...] = ()
    by_fingerprint: bool = False

    @property
    def control(self) -> bool:
        """True when it compares the candidate arm with the control arm."""
        return self.test in ("odds_ratio", "rate_difference", "score_difference")

    @property
    def budgets(self) -> tuple[float, float]:
        """Alpha and beta.

        Raises:
            CheckError: the gate lacks one of them.
        """
        if self.alpha is None or self.beta is None:
            raise CheckError(f"Gate {self.key} has alpha {self.alpha} and beta {self.beta}; evidence needs both.")
        return self.alpha, self.beta

    @property
    def key(self) -> str:
        """Its name across rollouts: "rollout/name"."""
        return f"{self.rollout}/{self.name}"

    @property
    def statistical(self) -> bool:
        """True when evidence accumulates; false when it compares one number with its limit."""
        return self.kind in STATISTICAL_KINDS or self.test == "distribution"
