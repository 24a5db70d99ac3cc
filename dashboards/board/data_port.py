"""What the board asks about sources, rows and segments; `flows.boarding.sources` answers from the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dashboards.board.data_records import Corrections, GateSegments, Held, OneSource, Overview, Point, RowsBehind

if TYPE_CHECKING:
    from checks.policy import Policy


class DataPort(Protocol):
    """What `flows.boarding.sources` offers; every answer is read from the published snapshot."""

    def overview(self, policy: Policy | None, span: str) -> Overview:
        """Every source and stream; `span` is one of `metric_records.SPANS`."""

    def source(self, policy: Policy | None, name: str, span: str) -> OneSource | None:
        """One source; None if neither the configuration nor the ledger knows it.

        Raises:
            StoreError: there is no snapshot.
        """

    def quarantine(self, policy: Policy | None, source: str | None, reason: str | None, page: int) -> Held:
        """One page of the rows that were not let in; pages count from 1."""

    def corrections(self, page: int) -> Corrections:
        """One page of the batches that restated rows; pages count from 1."""

    def rows(self, policy: Policy, point: Point) -> RowsBehind:
        """The rows behind a point.

        Raises:
            UsageError: there is no such stream or metric.
        """

    def segments(self, policy: Policy, rollout: str, stage: str) -> tuple[GateSegments, ...]:
        """Evidence by segment of every gate of a rollout that has several; empty without a snapshot."""
