"""Compare the newest rows of a stream with its pinned reference, and keep the report for people to open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flows import drift_page
from flows.project import Project
from flows.stores import Stores
from warehouse import facts
from warehouse.columns import columns_as_arrow
from warehouse.records.errors import CheckError
from warehouse.records.evidence import Finding
from warehouse.records.metrics import Slice

if TYPE_CHECKING:
    from checks.drift.records import DriftReport
    from checks.policy.drift import Drift


@dataclass(frozen=True, slots=True)
class Drifted:
    """One comparison: its report, or in one sentence why there is none (`trouble`: it failed; else: too early).

    `current_start` and `current_end` are the span compared, `page` the kept report.
    """

    name: str
    stream: str
    rollout: str
    report: DriftReport | None
    trouble: str | None
    early: str | None
    current_start: datetime | None
    current_end: datetime | None
    page: str | None
    findings: tuple[Finding, ...] = ()


def compare_all(project: Project, stores: Stores, *, now: datetime) -> dict[str, Drifted]:
    """Every drift section that names columns, by its name."""
    sections = [section for section in project.policy.drift if section.reference is not None]
    return {section.name: _compare(project, stores, section, now=now) for section in sections}


def _compare(project: Project, stores: Stores, section: Drift, *, now: datetime) -> Drifted:
    stream, scope = project.policy.stream(section.stream), Slice(rollout=section.rollout)
    newest = facts.newest_row(stores.warehouse, stream, None, scope, now=now)
    assert section.reference is not None
    if newest is None or newest < section.reference.end:
        why = f"There are no rows after the reference, which ends at {section.reference.end:%Y-%m-%d %H:%M} UTC."
        return Drifted(section.name, section.stream, section.rollout, None, None, why, None, None, None)
    # The window under test never reaches into the reference.
    start = max(newest - section.window, section.reference.end)
    page = project.reports / f"drift-{section.name}.html"
    try:
        report = _report(project, stores, section, page, start, newest, now=now)
    except CheckError as error:
        return Drifted(section.name, section.stream, section.rollout, None, str(error), None, start, newest, None)
    found = tuple(_findings(section, report, newest))
    return Drifted(section.name, section.stream, section.rollout, report, None, None, start, newest, str(page), found)


def _report(
    project: Project, stores: Stores, section: Drift, page: Path, start: datetime, end: datetime, *, now: datetime
) -> DriftReport:
    from checks.drift import evidently_adapter, preparing
    from checks.drift.records import DriftColumn

    assert section.reference is not None
    stream, scope = project.policy.stream(section.stream), Slice(rollout=section.rollout)
    before, after = (
        columns_as_arrow(stores.warehouse, stream, section.columns, scope, since, until).to_pandas()
        for since, until in ((section.reference.start, section.reference.end), (start, _just_after(end)))
    )
    columns = []
    for name in section.columns:
        column = stream.column(name)
        assert column is not None
        columns.append(DriftColumn(name, preparing.kind_of(column, before), section.tolerance))

    def kept(report: DriftReport) -> bool:
        if drift_page.is_current(page, report, now=now):
            return True
        drift_page.forget(page)
        return False

    report = evidently_adapter.compare(
        before,
        after,
        columns,
        html=page,
        kept=kept,
        title=f"{section.rollout}: {section.stream} from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC "
        "against the pinned reference",
        min_rows=section.min_rows,
    )
    if not drift_page.is_current(page, report, now=now):
        drift_page.note(page, report, now=now)
    return report


def _just_after(moment: datetime) -> datetime:
    """The end of a half-open span that still holds `moment`."""
    return moment + timedelta(microseconds=1)


def _findings(section: Drift, report: DriftReport, seen_at: datetime) -> Sequence[Finding]:
    return [
        Finding(
            kind="drift",
            state="failed",
            severity="warning",
            stream=section.stream,
            subject=column.name,
            name=f"{section.name}: {column.name} like the reference",
            detail=f"{column.name} is {column.statistic:.3f} from the reference by {column.method}; "
            f"allowed is {column.threshold:.3f}.",
            observed=f"{column.statistic:.3f}",
            expected=f"at most {column.threshold:.3f}",
            seen_at=seen_at,
        )
        for column in report.columns
        if column.drifted and column.statistic is not None
    ]
