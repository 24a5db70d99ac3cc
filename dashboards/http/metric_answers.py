"""What the interface answers about metrics and sources, as it stands in its OpenAPI description."""

from __future__ import annotations

from datetime import datetime
from typing import Literal as OneOf

from checks.gates.records import Outcome
from checks.gates.spec import Layer
from dashboards.http.answers import Answer


class GateMetric(Answer):
    """What one gate says of its metric, by the last run."""

    rollout: str
    """Name of the rollout."""
    gate: str
    """Name of the gate within the rollout."""
    metric: str
    """Name of the metric."""
    layer: Layer
    """Layer that the metric belongs to."""
    outcome: Outcome
    """What the gate says; only pass is a pass."""
    reason: str
    """A word for programs."""
    detail: str
    """One plain sentence."""
    direction: OneOf["at_most", "at_least"]
    """Which side of the limit is good."""
    limit: float
    """The limit, in the metric's own unit."""
    measure: str
    """What the numbers are, such as share."""
    estimate: float | None
    """Estimate in the metric's own unit; null without data."""
    low: float | None
    """Lower end of the anytime-valid interval."""
    high: float | None
    """Upper end of the anytime-valid interval."""
    units: int
    """Units of evidence in the epoch so far."""
    unscored: int
    """Units of evidence without a value."""
    more_units: int | None
    """Further units that a pass is expected to need; null when unknown or not needed."""
    headroom: float | None
    """Proved room between limit and target: 1 at the target, 0 at the limit; null when unknown."""
    required: bool
    """Whether the present stage asks for it."""
    waived: bool
    """Whether people make an exception for it."""
    release: str | None
    """Release that was judged."""
    newest: datetime | None
    """Newest event that it rests on."""
    as_of: datetime
    """When the run that said so ran."""
    valid_until: datetime
    """When that word ends; nobody vouches for it after."""
    lapsed: bool
    """True once that word has ended."""


class Metrics(Answer):
    """A part of what the gates say."""

    metrics: tuple[GateMetric, ...]
    """By rollout, then as the run told them."""
    next: int | None
    """What to give as `after` for the part that follows; null at the end."""


class Point(Answer):
    """What the gate said at one run."""

    at: datetime
    """When the run ran."""
    outcome: str
    """What the gate said then."""
    estimate: float | None
    """Estimate in the metric's own unit; null without data."""
    units: int
    """Units of evidence in the epoch then."""
    release: str | None
    """Release that was judged."""


class MetricHistory(GateMetric):
    """What one gate says, and what it said before."""

    snapshot_as_of: datetime
    """When the snapshot was published that the points come from."""
    points: tuple[Point, ...]
    """In order of time."""
    next: datetime | None
    """What to give as `after` for the points that follow; null at the end."""


class Source(Answer):
    """Where one source stands."""

    source: str
    """Name of the source."""
    stream: str
    """Kind of rows that it brings."""
    state: OneOf["complete", "degraded"]
    """degraded: the last poll could not read all of it."""
    degraded: str | None
    """Why, in one sentence."""
    watermark: datetime | None
    """Time up to which it is complete; null before the first good poll."""
    polled_at: datetime | None
    """When it was polled last."""
    newest_at: datetime | None
    """Newest event."""
    received: int
    """Rows that it brought."""
    accepted: int
    """Rows that were let in."""
    duplicate: int
    """Rows that were there already, with the same values."""
    restated: int
    """Rows that corrected one that was there."""
    quarantined: int
    """Rows that were not let in."""
    late: int
    """Accepted rows that came behind the watermark."""


class Sources(Answer):
    """Every source that was ever polled."""

    as_of: datetime
    """When the run ran that published this."""
    sources: tuple[Source, ...]
    """By name."""
