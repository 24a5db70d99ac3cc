"""Compare the newest windows of a stream with its pinned reference, from profiles; nothing is read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flows import drift_page, drift_reference, drift_texts
from flows.project import Project
from flows.stores import Stores
from warehouse import facts
from warehouse.profiles import reading, sampling, summing
from warehouse.records.errors import CheckError, LedgerError
from warehouse.records.evidence import Finding
from warehouse.records.metrics import Slice

if TYPE_CHECKING:
    from checks.drift.records import DriftReport
    from checks.policy.drift import Drift


@dataclass(frozen=True, slots=True)
class Drifted:
    """One comparison: its report, or in one sentence why there is none (`trouble`: it failed; else: too early).

    `current_start` and `current_end` are the span compared, whole windows. `page` is Evidently's page, if there is one;
    where it could not be drawn anew, `undrawn` says why, and `page` is the one that was drawn before. That is no
    trouble of the comparison, which needs no page.
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
    undrawn: str = ""


def compare_all(project: Project, stores: Stores, *, now: datetime) -> dict[str, Drifted]:
    """Every drift section that names columns, by its name."""
    sections = [section for section in project.policy.drift if section.reference is not None]
    return {section.name: _compare(project, stores, section, now=now) for section in sections}


def _compare(project: Project, stores: Stores, section: Drift, *, now: datetime) -> Drifted:
    def without(trouble: str | None = None, early: str | None = None) -> Drifted:
        return Drifted(section.name, section.stream, section.rollout, None, trouble, early, None, None, None)

    found = _span(project, stores, section, now=now)
    if isinstance(found, str):
        return without(early=found)
    start, end = found
    try:
        report = _report(project, stores, section, start, end, now=now)
    except (CheckError, LedgerError) as error:
        return without(trouble=str(error))
    page = drift_page.path(project, section)
    compared = Drifted(
        section.name,
        section.stream,
        section.rollout,
        report,
        None,
        None,
        start,
        end,
        str(page) if page.exists() else None,
        tuple(_findings(section, report, end)),
    )
    if section.page != "always":
        return compared
    shown = drift_page.with_page(project, stores, compared, now=now)
    return replace(shown, findings=(*shown.findings, _undrawn(section, shown, end))) if shown.undrawn else shown


def _span(project: Project, stores: Stores, section: Drift, *, now: datetime) -> tuple[datetime, datetime] | str:
    """The newest whole windows that are compared, which never reach into the reference; or why there are none yet."""
    assert section.reference is not None
    stream, window = project.policy.stream(section.stream), project.policy.window
    newest = facts.newest_row(stores.warehouse, stream, None, Slice(rollout=section.rollout), now=now)
    first = drift_reference.after(section.reference.end, window)
    if newest is None or newest < first:
        return f"There are no rows after the reference, which ends at {section.reference.end:%Y-%m-%d %H:%M} UTC."
    if not drift_reference.complete(stores, project.policy, section):
        return f"The reference ends at {section.reference.end:%Y-%m-%d %H:%M} UTC and is not complete yet."
    end = drift_reference.after(newest + timedelta(microseconds=1), window)
    length = max(1, section.window // window) * window
    return max(end - length, first), end


def _report(
    project: Project, stores: Stores, section: Drift, start: datetime, end: datetime, *, now: datetime
) -> DriftReport:
    from checks.drift import comparing

    policy, stream = project.policy, project.policy.stream(section.stream)
    columns = sampling.present(stores.warehouse, stream, section.columns)
    reference = drift_reference.pinned(stores, policy, section, columns, now=now)
    summing.summarise(stores.warehouse, reference.schemes, stream)
    current = reading.read(stores.warehouse, reference.schemes, Slice(rollout=section.rollout), start, end)
    sides = zip(reference.schemes, reference.profiles, current, strict=True)
    return comparing.compare(
        [comparing.Pair(*side) for side in sides],
        comparing.Rule(section.tolerance, section.min_rows, section.false_share),
        absent=[name for name in section.columns if name not in columns],
        further=drift_texts.compare(stores, policy, section, reference.schemes, start, end),
        digest=reference.digest,
    )


def _undrawn(section: Drift, shown: Drifted, seen_at: datetime) -> Finding:
    older = "; the page of before stays" if shown.page else ""
    return Finding(
        kind="drift",
        state="notice",
        severity="info",
        stream=section.stream,
        subject=section.name,
        name=f"{section.name}: Evidently's page",
        detail=f"Evidently's page of {section.name} could not be drawn{older}: {shown.undrawn}",
        seen_at=seen_at,
    )


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
