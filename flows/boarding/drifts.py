"""Drift comparisons made again from the profiles in the published snapshot: the same counts give the same judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dashboards.board.drift_records import Compared, Past, Share
from flows import drift_reference
from flows.boarding.kept import Kept
from warehouse import profiled
from warehouse.profiles import reading
from warehouse.records.errors import LedgerError, StoreError
from warehouse.records.metrics import Slice
from warehouse.records.profiles import Profile

if TYPE_CHECKING:
    from checks.drift.records import DriftReport
    from checks.policy import Policy
    from checks.policy.drift import Drift
    from flows.drift_reference import Reference
    from warehouse.snapshot import Snapshot

SHOWN = 30
"""Spans of the past that are judged again for one page."""


class Drifts:
    """What was compared of one project's snapshots, kept until another one is published."""

    def __init__(self, data: Path) -> None:
        """Keep where the snapshot is; nothing is opened."""
        self._data, self._kept = data, Kept(data)

    def all(self, policy: Policy) -> tuple[Compared, ...]:
        """Every comparison of the policy, in its order."""
        sections = [section for section in policy.drift if section.reference is not None]
        return tuple(self._one(policy, section) for section in sections)

    def one(self, policy: Policy, name: str) -> Compared | None:
        """The comparison of that name; None if there is none."""
        section = next((s for s in policy.drift if s.name == name and s.reference is not None), None)
        return self._one(policy, section) if section else None

    def past(self, policy: Policy, name: str, page: int) -> Past | None:
        """The spans of the comparison of that name on one page, from 1 on; None if there is none."""
        section = next((s for s in policy.drift if s.name == name and s.reference is not None), None)
        if section is None:
            return None
        try:
            return self._kept.get(policy.digest, (section.name, page), lambda: self._look(policy, section, page))
        except (LedgerError, StoreError) as error:
            return Past((), older=False, why=str(error))

    def _one(self, policy: Policy, section: Drift) -> Compared:
        try:
            return self._kept.get(policy.digest, section.name, lambda: self._read(policy, section))
        except StoreError as error:
            return _empty(section, None, str(error))

    def _read(self, policy: Policy, section: Drift) -> Compared:
        from warehouse.snapshot import Snapshot

        with Snapshot.open(self._data) as found:
            try:
                return compared(found, policy, section)
            except LedgerError as error:
                return _empty(section, found.as_of, str(error))

    def _look(self, policy: Policy, section: Drift, page: int) -> Past:
        from warehouse.snapshot import Snapshot

        with Snapshot.open(self._data) as found:
            course = _course(found, policy, section)
            if isinstance(course, str):
                return Past((), older=False, why=course)
            spans, _, reports = course.looked_at(found, section, page)
            return _past(course, spans, reports, page)


@dataclass(frozen=True, slots=True)
class _Course:
    """The spans of a comparison: those of one `length` before `end`, none before `first`."""

    reference: Reference
    first: datetime
    end: datetime
    length: timedelta

    @property
    def number(self) -> int:
        """How many spans there are: the newest, which may be shorter, and whole ones before it."""
        return max(1, (self.end - self.first) // self.length)

    def looked_at(
        self, found: Snapshot, section: Drift, page: int
    ) -> tuple[list[tuple[datetime, datetime]], list[list[Profile]], list[DriftReport]]:
        """The spans of one page, the newest first, with what was counted in each and how that is judged."""
        skipped = min((page - 1) * SHOWN, self.number)
        number, end = min(SHOWN, self.number - skipped), self.end - skipped * self.length
        if not number:
            return [], [], []
        ends = [end - nth * self.length for nth in range(number)]
        scope = Slice(rollout=section.rollout)
        sides = reading.read_spans(found.view, self.reference.schemes, scope, self.first, end, self.length, number)
        spans = [(max(one - self.length, self.first), one) for one in ends]
        return spans, sides, [judged(section, self.reference, side) for side in sides]


def compared(found: Snapshot, policy: Policy, section: Drift) -> Compared:
    """One comparison over the newest whole windows that were counted, and over the spans before.

    Raises:
        LedgerError: what was counted is damaged.
    """
    course = _course(found, policy, section)
    if isinstance(course, str):
        return _empty(section, found.as_of, course)
    reference = course.reference
    spans, sides, reports = course.looked_at(found, section, 1)
    columns = zip(reference.schemes, reference.profiles, sides[0], strict=True)
    return replace(
        _empty(section, found.as_of, ""),
        report=reports[0],
        start=spans[0][0],
        end=course.end,
        by_column=tuple((scheme.name, scheme, before, now) for scheme, before, now in columns),
        past=_past(course, spans, reports, 1),
        left_out=_only_in_runs(section, reference),
    )


def _course(found: Snapshot, policy: Policy, section: Drift) -> _Course | str:
    """The spans of a comparison, or why there are none."""
    assert section.reference is not None
    reference = drift_reference.found(found.view, policy, section)
    if reference is None:
        return _not_pinned(section)
    first = drift_reference.after(section.reference.end, policy.window)
    newest = profiled.newest(found.view, reference.schemes, Slice(rollout=section.rollout))
    if newest is None or newest < first:
        return _nothing_after(section)
    length = max(1, section.window // policy.window) * policy.window
    return _Course(reference, first, newest + policy.window, length)


def _past(
    course: _Course, spans: Sequence[tuple[datetime, datetime]], reports: Sequence[DriftReport], page: int
) -> Past:
    shares = tuple(_share(*span, report) for span, report in zip(spans, reports, strict=True))[::-1]
    return Past(shares, older=course.number > page * SHOWN)


def counted(found: Snapshot, reference: Reference, section: Drift, start: datetime, end: datetime) -> Sequence[Profile]:
    """What the columns held within [start, end)."""
    return reading.read(found.view, reference.schemes, Slice(rollout=section.rollout), start, end)


def judged(section: Drift, reference: Reference, side: Sequence[Profile]) -> DriftReport:
    """What was counted, judged against the reference by the limits of the section."""
    from checks.drift import comparing

    known = {scheme.column for scheme in reference.schemes}
    return comparing.compare(
        [comparing.Pair(*three) for three in zip(reference.schemes, reference.profiles, side, strict=True)],
        comparing.Rule(section.tolerance, section.min_rows, section.false_share),
        absent=[name for name in section.columns if name not in known],
        digest=reference.digest,
    )


def _share(start: datetime, end: datetime, report: DriftReport) -> Share:
    return Share(start, end, report.share_drifted, report.share_at_least, report.share_at_most)


def _only_in_runs(section: Drift, reference: Reference) -> tuple[str, ...]:
    if section.embedding is None:
        return ()
    prose = dict.fromkeys(scheme.column for scheme in reference.schemes if scheme.part == "length")
    return tuple(f"{column}.embedding" for column in prose)


def _empty(section: Drift, as_of: datetime | None, why: str) -> Compared:
    assert section.reference is not None
    span = (section.reference.start, section.reference.end)
    return Compared(section.name, section.stream, section.rollout, as_of, span, section.tolerance, None, why)


def _not_pinned(section: Drift) -> str:
    assert section.reference is not None
    until = f"{section.reference.end:%Y-%m-%d %H:%M} UTC"
    return f"No run has pinned the reference yet: it ends at {until}, and every source has to be complete up to there."


def _nothing_after(section: Drift) -> str:
    assert section.reference is not None
    return f"No row has been counted after the reference, which ends at {section.reference.end:%Y-%m-%d %H:%M} UTC."
