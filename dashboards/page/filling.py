"""Records of the checks as the rows of the page's view model, for whoever fills it in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal as OneOf

from checks.drift.records import ColumnDrift, DriftReport
from checks.gates.history import EvidencePoint as HistoryPoint
from checks.gates.records import Standing, Verdict
from dashboards.page.model import DriftRow, DriftTable, EvidencePoint, GateSeries, StandingPoint


def standing_point(standing: Standing) -> StandingPoint:
    """A published standing as a point of the timeline, with its first reason."""
    reason = standing.reasons[0].detail if standing.reasons else ""
    return StandingPoint(standing.at, standing.valid_until, standing.standing, standing.stage, reason, standing.binding)


def series(gate: str, epochs: Iterable[tuple[str, str, Sequence[HistoryPoint]]]) -> GateSeries:
    """The evidence of one gate: `epochs` are (epoch, release, its history), put in order of time."""
    points = [
        EvidencePoint(
            point.window_end,
            point.units,
            point.estimate,
            point.low,
            point.high,
            point.evidence_breach,
            point.evidence_pass,
            release,
            epoch,
        )
        for epoch, release, history in epochs
        for point in history
    ]
    return GateSeries(gate, tuple(sorted(points, key=lambda point: point.window_end)))


def looks(gate: str, verdicts: Iterable[tuple[datetime, Verdict]]) -> GateSeries:
    """The values a gate without accumulating evidence had, one point for each (time of the run, verdict)."""
    return GateSeries(
        gate,
        tuple(
            EvidencePoint(at, verdict.units, verdict.estimate, None, None, None, None, verdict.release)
            for at, verdict in verdicts
        ),
    )


def drift_table(
    stream: str, reference: str, current: str, report: DriftReport, *, page: str | None = None, told: str = ""
) -> DriftTable:
    """The comparison of one stream; `page` is the path of the kept report relative to the page, `told` more of it."""
    return DriftTable(stream, reference, current, tuple(_drift_row(column) for column in report.columns), page, told)


def _drift_row(column: ColumnDrift) -> DriftRow:
    state: OneOf["drifted", "steady", "no_data"] = "no_data"
    if column.drifted is not None:
        state = "drifted" if column.drifted else "steady"
    return DriftRow(
        column.name,
        column.method,
        column.statistic,
        column.threshold,
        column.reference_rows,
        column.current_rows,
        state,
        column.reason,
    )
