"""The drift history in Evidently's workspace: every whole window after the reference, one snapshot each.

What is due is told from the counts in the published snapshot, so that nothing waits for a run. The warehouse is open
only while the rows of one window are read: drawing, which takes most of the time, holds nobody up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from typing import Literal as OneOf

from checks.drift import keeping
from checks.drift.keeping import MOST, Due, Kept, Step
from flows import drift_page, drift_reference
from warehouse.records.errors import CheckError, LedgerError, UsageError
from warehouse.records.metrics import Slice

if TYPE_CHECKING:
    import uuid

    from checks.drift.records import DriftReport
    from checks.drift.workspace import Workspace
    from checks.policy.drift import Drift
    from flows.project import Project
    from warehouse.snapshot import Snapshot

FOLDER = "evidently"
"""Where the workspace lies in the data folder, when nobody says."""

State = OneOf["written", "replaced", "kept", "left_out", "failed", "removed", "no_data"]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one window, and why where that is no matter of course; `no_data` has no window."""

    comparison: str
    workspace: str
    state: State
    start: datetime | None = None
    end: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Section:
    """One comparison as it is counted now; `why` says why nothing of it can be written yet."""

    section: Drift
    due: tuple[Due, ...]
    reports: tuple[DriftReport | None, ...]
    why: str = ""


def folder(project: Project, section: Drift, asked: Path | None = None) -> Path:
    """The workspace of a comparison: the one asked for, that of the configuration, or one in the data folder."""
    if asked is not None:
        return asked
    return project.data / FOLDER if section.workspace is None else project.base / section.workspace


def existing(project: Project, section: Drift) -> Path | None:
    """The workspace that holds the history of a comparison; None while nothing was written."""
    from checks.drift.workspace import Workspace

    where = folder(project, section)
    own = keeping.project_id(section.rollout, section.stream, section.name)
    return where if Workspace(where).described(own) else None


def write(
    project: Project,
    *,
    workspace: Path | None = None,
    stream: str | None = None,
    since: datetime | None = None,
    configured: bool = False,
    most: int = MOST,
    say: Say = lambda _: None,
) -> list[Line]:
    """What became of every window of the comparisons; with `configured` only of those that name a workspace.

    Windows that begin before `since` are not looked at. Of each comparison the newest `most` are kept.

    Raises:
        UsageError: no comparison with a reference looks at that stream.
        StoreError: there is no published snapshot, or another run is writing and does not end.
    """
    sections = [s for s in project.policy.drift if s.reference is not None and (s.workspace or not configured)]
    if stream is not None:
        known = sorted({section.stream for section in sections})
        if stream not in known:
            raise UsageError(
                f"No drift comparison looks at stream {stream[:60]!r}. Known: {', '.join(known) or 'none'}."
            )
    chosen = [section for section in sections if stream in (None, section.stream)]
    lines: list[Line] = []
    for section in chosen:
        lines += _write(project, section, folder(project, section, workspace), since, most, say)
    return lines


def _write(
    project: Project, section: Drift, where: Path, since: datetime | None, most: int, say: Say
) -> Iterator[Line]:
    from checks.drift.workspace import Workspace

    say(f"Comparing the windows of {section.name}")
    found = _counted(project, section, since, most)
    if found.why:
        yield Line(section.name, str(where), "no_data", why=found.why)
        return
    space, own = Workspace(where), keeping.project_id(section.rollout, section.stream, section.name)
    kept = space.kept(own)
    steps = keeping.plan(own, found.due, kept)
    writer = _Writer(project, section, space, own, where, kept)
    number = sum(step.deed in ("write", "replace") for step in steps)
    done = 0
    for step, report in zip(steps, found.reports, strict=True):
        if step.deed in ("write", "replace"):
            done += 1
            say(f"Writing window {done} of {number} of {section.name}")
        yield writer.carry_out(step, report)
    yield from writer.finish(most)


class _Writer:
    """Carries out the steps of one comparison; the rows of the reference are read once, when they are first needed."""

    def __init__(
        self, project: Project, section: Drift, space: Workspace, own: uuid.UUID, where: Path, kept: Sequence[Kept]
    ) -> None:
        self._project, self._section, self._space, self._own, self._where = project, section, space, own, where
        self._kept = {one.id: one for one in kept}
        self._before: Any = None
        self._wrote = False

    def carry_out(self, step: Step, report: DriftReport | None) -> Line:
        """What became of one window; a snapshot that was there stays whole where this fails."""
        due = step.due
        if step.deed == "keep" or step.deed == "leave_out" or report is None:
            return self._line("kept" if step.deed == "keep" else "left_out", due.start, due.end, step.why)
        try:
            why = self._put(step, report)
        except CheckError as error:
            return self._line("failed", due.start, due.end, str(error))
        if why:
            return self._line("left_out", due.start, due.end, why)
        return self._line("written" if step.deed == "write" else "replaced", due.start, due.end)

    def _put(self, step: Step, report: DriftReport) -> str:
        from checks.drift import workspace

        due, section = step.due, self._section
        before, rows = self._rows(due)
        if len(before) == 0:
            return "The rows of the reference are no longer stored."
        if len(rows) < min(due.rows, drift_page.ROWS):
            return f"Only {len(rows):,} of {due.rows:,} rows are still stored."
        columns = drift_page.compared_columns(self._project, section, before)
        made = workspace.snapshot(
            before,
            rows,
            columns,
            _about(self._project, section, due, report),
            tolerance=section.tolerance,
            min_rows=section.min_rows,
        )
        if made is None:
            return f"No column has {section.min_rows:,} rows with a value on both sides."
        self._space.put(self._own, step.id, made)
        self._wrote = True
        self._kept[step.id] = Kept(step.id, due.start, due.end, due.counted)
        for other in tuple(keeping.superseded(step.id, due.start, due.end, tuple(self._kept.values()))):
            self._remove(other)
        return ""

    def _remove(self, other: uuid.UUID) -> Kept:
        self._space.remove(self._own, other)
        return self._kept.pop(other)

    def _rows(self, due: Due) -> tuple[Any, Any]:
        return self._reference(), self._read(due.start, due.end)

    def _reference(self) -> Any:
        span = self._section.reference
        assert span is not None
        if self._before is None:
            self._before = self._read(span.start, span.end)
        return self._before

    def _read(self, start: datetime, end: datetime) -> Any:
        from flows.stores import open_stores

        with open_stores(self._project) as stores:
            return drift_page.rows_of(self._project, stores, self._section, start, end)

    def finish(self, most: int) -> Iterator[Line]:
        """Drop the oldest snapshots that are too many; write the dashboard where it is missing or may have changed."""
        for own in keeping.oldest(tuple(self._kept.values()), most):
            gone = self._remove(own)
            yield self._line("removed", gone.start, gone.end, f"Only the newest {most} are kept.")
        if self._kept and (self._wrote or not self._space.described(self._own)):
            try:
                self._describe()
            except CheckError as error:
                yield Line(self._section.name, str(self._where), "failed", why=str(error))

    def _describe(self) -> None:
        from checks.drift.preparing import parts

        section, before = self._section, self._reference()
        columns = drift_page.compared_columns(self._project, section, before)
        shown = [part.name for column in columns for part in parts(before, before, column, 1)]
        self._space.describe(self._own, f"{section.rollout}: {section.name}", _explained(section), shown)

    def _line(self, state: State, start: datetime, end: datetime, why: str = "") -> Line:
        return Line(self._section.name, str(self._where), state, start, end, why)


def _counted(project: Project, section: Drift, since: datetime | None, most: int) -> _Section:
    from warehouse.snapshot import Snapshot

    with Snapshot.open(project.data) as found:
        try:
            return _due(found, project, section, since, most)
        except LedgerError as error:
            return _Section(section, (), (), str(error))


def _due(found: Snapshot, project: Project, section: Drift, since: datetime | None, most: int) -> _Section:
    from flows.boarding import drifts
    from warehouse import profiled

    assert section.reference is not None
    policy = project.policy
    reference = drift_reference.found(found.view, policy, section)
    if reference is None:
        return _Section(section, (), (), "No run has pinned the reference yet.")
    first = drift_reference.after(section.reference.end, policy.window)
    newest = profiled.newest(found.view, reference.schemes, Slice(rollout=section.rollout))
    length = max(1, section.window // policy.window) * policy.window
    spans = [] if newest is None else keeping.windows(first, newest + policy.window, length, since=since)[-most:]
    if not spans:
        return _Section(section, (), (), "No whole window after the reference has been counted yet.")
    limits = [section.tolerance, section.min_rows, section.false_share, sorted(section.columns)]
    due, reports = [], []
    for start, end in spans:
        side = drifts.counted(found, reference, section, start, end)
        report = drifts.judged(section, reference, side)
        counted = keeping.digest(reference.digest, limits, [asdict(profile) for profile in side])
        silent = _silent(report)
        due.append(Due(start, end, reference.digest, counted, report.current_rows, silent))
        reports.append(None if silent else report)
    return _Section(section, tuple(due), tuple(reports))


def _silent(report: DriftReport) -> str:
    """Why there is nothing to show of a window; empty where there is."""
    if not report.current_rows:
        return "No rows."
    if all(column.statistic is None for column in report.columns):
        return f"No column could be compared: {report.columns[0].reason or report.columns[0].state}."
    return ""


def _about(project: Project, section: Drift, due: Due, report: DriftReport) -> Any:
    from checks.drift.workspace import About

    drifted = sum(bool(column.drifted) for column in report.columns)
    unjudged = sum(column.drifted is None for column in report.columns)
    more = f", {unjudged} not judged" if unjudged else ""
    span = f"{due.start:%Y-%m-%d %H:%M} to {due.end:%Y-%m-%d %H:%M} UTC"
    metadata = {
        "comparison": section.name,
        "stream": section.stream,
        "rollout": section.rollout,
        "start": due.start.isoformat(),
        "end": due.end.isoformat(),
        "reference": due.reference,
        "configuration": project.policy.digest,
        "counted": due.counted,
        "judged": f"{drifted} of {len(report.columns)} drifted{more}",
    }
    word = "drifted" if drifted else "not-all-judged" if unjudged else "steady"
    return About(f"{span}: {metadata['judged']}", due.end, metadata, (section.name, section.stream, word))


def _explained(section: Drift) -> str:
    from checks.policy.base import compact

    assert section.reference is not None
    span = f"{section.reference.start:%Y-%m-%d %H:%M} to {section.reference.end:%Y-%m-%d %H:%M} UTC"
    return (
        f"Stream {section.stream} of rollout {section.rollout}, windows of {compact(section.window)}, against {span}. "
        f"Evidently counts a column whose distance is over {section.tolerance:g}; Gatehold's own judgement, which "
        "weighs chance as well, is in the name and the metadata of each report."
    )


def outcome(lines: Sequence[Line]) -> dict[State, int]:
    """How many windows ended in each state, without those in which none did."""
    counts: dict[State, int] = {}
    for line in lines:
        counts[line.state] = counts.get(line.state, 0) + 1
    return counts
