"""What a self-test plants, and what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Literal as OneOf

from warehouse.records.errors import CheckError

Story = OneOf["healthy", "declined", "control_declined", "equal_arms"]
"""healthy: traffic clearly inside the limit (A/A where arms or a past are compared); declined: clearly outside, after a
healthy beginning; control_declined: the same decline, in the control arm only; equal_arms: A/A where that is not
what healthy traffic is."""

Result = OneOf["held", "failed", "not_testable"]

Row = Mapping[str, Any]
"""Values by column of a stream, JSON columns as nested objects; what belongs in `attributes` is under that name."""

MOST_ROWS = 200_000
"""Rows that the traffic of one story may have."""


class NotTestableError(CheckError):
    """Raised when no traffic can be made that a gate would have to judge in one way; the message says why."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that the metric was tried on: its value in the metric's unit, and its badness for the gate (0 to 1).

    Of an assisted metric, `verdict` is what the judge says (0 or 1, or a number), `chosen` whether the row was drawn
    for people, `chance` with which probability, and `label` what people say (1 or 0); None for what is missing.
    """

    row: Row
    value: float
    badness: float
    verdict: float | None = None
    chosen: bool | None = None
    chance: float | None = None
    label: bool | None = None


@dataclass(frozen=True, slots=True)
class Mix:
    """Rows with their shares, which sum to 1."""

    parts: tuple[tuple[Candidate, float], ...]

    @property
    def badness(self) -> float:
        """Mean badness."""
        return sum(candidate.badness * share for candidate, share in self.parts)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some windows of the same traffic, evenly laid out: `units` units in all, each of one row.

    Where a window is one unit, `units` is the number of rows. `candidate` is the traffic of the arm that the gate
    looks at, `control` that of the other arm (None: there is none), `share` the part of units that the first gets.
    """

    units: int
    windows: int
    candidate: Mix
    control: Mix | None = None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Planned:
    """One story: the reference period's traffic (None: none), a healthy beginning (None: none), and the traffic itself.

    The last stretch is sent up to `patience` times in all before the gate has to have spoken.
    """

    story: Story
    reference: Stretch | None
    before: Stretch | None
    stretch: Stretch
    patience: int = 2

    @property
    def rows(self) -> int:
        """Rows of all stretches, the last one taken once."""
        return sum(stretch.units for stretch in (self.reference, self.before, self.stretch) if stretch)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a gate and its rollout came to."""

    outcome: str
    reason: str
    detail: str
    standing: str
    units: int


@dataclass(frozen=True, slots=True)
class GateResult:
    """How one gate came through: `detail` is one plain sentence or two, `rows` how many rows were planted.

    `remarks` say what was tried in another way than it is configured.
    """

    gate: str
    digest: str
    result: Result
    detail: str
    rows: int = 0
    remarks: tuple[str, ...] = ()
