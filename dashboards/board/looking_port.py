"""What the board asks about metrics and drift; `flows.boarding.looking` answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from dashboards.board.drift_records import Compared, Drawing, Past
from dashboards.board.metric_records import Glance, Measured
from warehouse.records.metrics import Slice

if TYPE_CHECKING:
    from checks.policy import Policy


class Looking(Protocol):
    """What `flows.boarding.looking` offers; every answer is read from the published snapshot."""

    def glance(self, policy: Policy) -> Glance:
        """The course of every metric that a gate rests on."""

    def measured(self, policy: Policy, name: str, where: Slice, span: str) -> Measured:
        """One metric in some traffic; `span` is one of `metric_records.SPANS`.

        Raises:
            UsageError: the policy knows no such metric.
        """

    def drifts(self, policy: Policy) -> tuple[Compared, ...]:
        """Every drift comparison of the policy."""

    def drift(self, policy: Policy, name: str) -> Compared | None:
        """The drift comparison of that name; None if there is none."""

    def past(self, policy: Policy, name: str, page: int) -> Past | None:
        """The spans of that comparison on one page, the newest ones on page 1; None where there is none."""

    def drawing(self, policy: Policy, name: str) -> Drawing:
        """Where Evidently's page of that comparison stands."""

    def draw(self, policy: Policy, name: str, *, now: datetime) -> None:
        """Begin to draw that page, unless it is being drawn."""

    def page(self, policy: Policy, name: str) -> bytes | None:
        """That page as it was drawn last; None where there is none."""

    def workspace(self, policy: Policy, name: str) -> str | None:
        """Where the history of that comparison lies for Evidently's own server; None while there is none."""
