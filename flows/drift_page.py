"""Evidently's page of a comparison: drawn when somebody asks for it, and left alone while it still tells the judgement.

Drawing takes far longer than comparing (five to eight seconds to load the library alone), so that a run does not do it
unless the section says so. A note beside the page says what was judged when it was drawn, and when.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.columns import columns_as_arrow
from warehouse.records.errors import CheckError
from warehouse.records.metrics import Slice

if TYPE_CHECKING:
    from checks.drift.records import DriftColumn, DriftReport
    from checks.policy.drift import Drift
    from flows.drifting import Drifted
    from flows.project import Project
    from flows.stores import Stores

Rows = tuple[Any, Any]
"""Data frames of the reference and of the span compared."""

ROWS = 20_000
"""Rows on either side that the page shows, chosen by a digest of their keys."""

OLD = timedelta(weeks=1)
"""A page is drawn again after this time even when it would judge the same; it names the span that it shows."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the note beside a page says: a digest of what it judges, when it was drawn, and the span that it shows."""

    judged: str
    at: datetime
    start: datetime | None
    end: datetime | None


def path(project: Project, section: Drift) -> Path:
    """Where the page of a section lies, whether it is there or not."""
    return project.reports / f"drift-{section.name}.html"


def draw_all(project: Project, stores: Stores, drifted: Iterable[Drifted], *, now: datetime) -> list[Path]:
    """The pages of these comparisons, drawn where they do not tell them yet; comparisons without a report have none.

    Raises:
        CheckError: Evidently failed; the reason is its own.
    """
    sections = {section.name: section for section in project.policy.drift}
    pages = []
    for one in drifted:
        if one.report is not None and one.current_start is not None and one.current_end is not None:
            section = sections[one.name]
            pages.append(draw(project, stores, section, one.report, one.current_start, one.current_end, now=now))
    return pages


def with_pages(project: Project, stores: Stores, drifted: Iterable[Drifted], *, now: datetime) -> list[Drifted]:
    """The same comparisons, all of them, each that has a report with its page, drawn where it does not tell it yet."""
    return [with_page(project, stores, one, now=now) for one in drifted]


def with_page(project: Project, stores: Stores, one: Drifted, *, now: datetime) -> Drifted:
    """The same comparison with its page, drawn where it does not tell it yet.

    Where Evidently fails, the page that was drawn before stays, and `undrawn` says why there is no newer one.
    """
    try:
        pages = draw_all(project, stores, [one], now=now)
    except CheckError as error:
        return replace(one, undrawn=str(error))
    return replace(one, page=str(pages[0]), undrawn="") if pages else one


def draw(
    project: Project,
    stores: Stores,
    section: Drift,
    report: DriftReport,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
) -> Path:
    """The page of one comparison of rows within [start, end), drawn unless it is current.

    Raises:
        CheckError: Evidently failed; the reason is its own.
    """
    page = path(project, section)
    if is_current(page, report, now=now):
        return page
    rows = taken(project, stores, section, start, end)
    return drawn(project, section, report, rows, start, end, now=now)


def taken(project: Project, stores: Stores, section: Drift, start: datetime, end: datetime) -> Rows:
    """Some rows of the reference and of [start, end), as data frames; nothing of the library is loaded for it."""
    assert section.reference is not None
    before = rows_of(project, stores, section, section.reference.start, section.reference.end)
    return before, rows_of(project, stores, section, start, end)


def rows_of(project: Project, stores: Stores, section: Drift, start: datetime, end: datetime) -> Any:
    """Some rows of [start, end), as a data frame."""
    stream, scope = project.policy.stream(section.stream), Slice(rollout=section.rollout)
    return columns_as_arrow(stores.warehouse, stream, section.columns, scope, start, end, limit=ROWS).to_pandas()


def drawn(
    project: Project, section: Drift, report: DriftReport, rows: Rows, start: datetime, end: datetime, *, now: datetime
) -> Path:
    """The page of a comparison over rows that were `taken`, drawn now.

    Raises:
        CheckError: Evidently failed; the reason is its own.
    """
    from checks.drift import evidently_adapter

    page = path(project, section)
    title = (
        f"{section.rollout}: {section.stream} from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC "
        "against the pinned reference"
    )
    # Aside first: where the library fails, the page that was drawn before stays, with what is noted of it.
    aside = page.with_name(f".{page.name}")
    try:
        evidently_adapter.draw(*rows, compared_columns(project, section, rows[0]), report, html=aside, title=title)
        forget(page)
        os.replace(aside, page)
    finally:
        aside.unlink(missing_ok=True)
    note(page, report, now=now, start=start, end=end)
    return page


def compared_columns(project: Project, section: Drift, before: Any) -> list[DriftColumn]:
    """The columns of a section as the library compares them, given the rows of the reference."""
    from checks.drift import preparing
    from checks.drift.records import DriftColumn

    stream = project.policy.stream(section.stream)
    declared = [column for name in section.columns if (column := stream.column(name)) is not None]
    return [DriftColumn(c.name, preparing.kind_of(c, before), section.tolerance) for c in declared]


def is_current(page: Path, report: DriftReport, *, now: datetime) -> bool:
    """True when the page is there, judges every column as `report` does, and was drawn within the last week."""
    found = told(page)
    return found is not None and found.judged == judged(report) and timedelta(0) <= now - found.at < OLD


def told(page: Path) -> Told | None:
    """What the note beside a page says; None where the page or a note that can be read is missing."""
    try:
        body = json.loads(_note(page).read_text(encoding="utf-8"))
        at, *span = (datetime.fromisoformat(t) if t else None for t in (body["at"], body.get("start"), body.get("end")))
        if at is None or not page.exists():
            return None
        return Told(str(body["judged"]), at, span[0], span[1])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def forget(page: Path) -> None:
    """Remove the note: the page is about to change."""
    _note(page).unlink(missing_ok=True)


def note(
    page: Path, report: DriftReport, *, now: datetime, start: datetime | None = None, end: datetime | None = None
) -> None:
    """Note beside the page what it judges, that it was drawn at `now`, and of which span it is."""
    span = {"start": start.isoformat() if start else None, "end": end.isoformat() if end else None}
    text = json.dumps({"judged": judged(report), "at": now.isoformat(), **span})
    _note(page).write_text(text + "\n", encoding="utf-8")


def judged(report: DriftReport) -> str:
    """A digest of the verdicts and limits of all columns, and of the reference."""
    columns = [(c.name, c.method, c.threshold, c.drifted) for c in report.columns]
    return hashlib.sha256(json.dumps([report.reference_digest, columns]).encode()).hexdigest()


def _note(page: Path) -> Path:
    return page.with_suffix(".json")
