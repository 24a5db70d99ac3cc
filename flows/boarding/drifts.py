"""Drift comparisons made again from the profiles in the published snapshot: the same counts give the same judgement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dashboards.board.drift_records import Compared, Share
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
"""Spans of the past that are judged again."""


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


def compared(found: Snapshot, policy: Policy, section: Drift) -> Compared:
    """One comparison over the newest whole windows that were counted, and over the spans before.

    Raises:
        LedgerError: what was counted is damaged.
    """
    assert section.reference is not None
    reference = drift_reference.found(found.view, policy, section)
    if reference is None:
        return _empty(section, found.as_of, _not_pinned(section))
    first = drift_reference.after(section.reference.end, policy.window)
    newest = profiled.newest(found.view, reference.schemes, Slice(rollout=section.rollout))
    if newest is None or newest < first:
        return _empty(section, found.as_of, _nothing_after(section))
    end, length = newest + policy.window, max(1, section.window // policy.window) * policy.window
    spans = list(_spans(first, end, length))
    sides = [_counted(found, reference, section, *span) for span in spans]
    reports = [_judged(section, reference, side) for side in sides]
    columns = zip(reference.schemes, reference.profiles, sides[0], strict=True)
    return replace(
        _empty(section, found.as_of, ""),
        report=reports[0],
        start=spans[0][0],
        end=end,
        by_column=tuple((scheme.name, scheme, before, now) for scheme, before, now in columns),
        history=tuple(_share(*span, report) for span, report in zip(spans, reports, strict=True))[::-1],
        left_out=_only_in_runs(section, reference),
    )


def _spans(first: datetime, end: datetime, length: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """The newest span, which may be shorter, and whole ones before it; none reaches into the reference."""
    yield max(end - length, first), end
    for number in range(1, SHOWN):
        if end - (number + 1) * length < first:
            return
        yield end - (number + 1) * length, end - number * length


def _counted(
    found: Snapshot, reference: Reference, section: Drift, start: datetime, end: datetime
) -> Sequence[Profile]:
    return reading.read(found.view, reference.schemes, Slice(rollout=section.rollout), start, end)


def _judged(section: Drift, reference: Reference, side: Sequence[Profile]) -> DriftReport:
    from checks.drift import comparing

    counted = {scheme.column for scheme in reference.schemes}
    return comparing.compare(
        [comparing.Pair(*three) for three in zip(reference.schemes, reference.profiles, side, strict=True)],
        comparing.Rule(section.tolerance, section.min_rows, section.false_share),
        absent=[name for name in section.columns if name not in counted],
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
