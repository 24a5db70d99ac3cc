"""Sources, quarantine, restatements, rows and segments for the board, read from the published snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dashboards.board import data_records as records
from dashboards.board.data_records import PAGE, SourceLine
from dashboards.board.metric_records import SPANS, USUAL
from flows.boarding import rows, segments
from flows.boarding.kept import Kept
from flows.boarding.metrics import end_of, width
from warehouse import ledger, ledger_views
from warehouse.records.errors import StoreError
from warehouse.records.ingest import SourceState

if TYPE_CHECKING:
    from checks.policy import Policy
    from warehouse.snapshot import Snapshot

POINTS = 170
"""Stretches that a plot shows, about."""
WINDOWS = 12
"""Windows of a restatement that are listed."""
_HOUR = timedelta(hours=1)


class Sources:
    """The board's port to the data over one project."""

    def __init__(self, data: Path) -> None:
        """Keep where the snapshot is; nothing is opened."""
        self._data, self._kept = data, Kept(data)

    def overview(self, policy: Policy | None, span: str) -> records.Overview:
        """Every source and stream."""
        try:
            return self._kept.get(_digest(policy), ("data", span), lambda: self._overview(policy, span))
        except StoreError as error:
            return records.Overview(None, tuple(_lines(policy, [], None)), trouble=str(error))

    def source(self, policy: Policy | None, name: str, span: str) -> records.OneSource | None:
        """One source; None if neither the configuration nor the ledger knows it."""
        return self._kept.get(_digest(policy), ("source", name, span), lambda: self._source(policy, name, span))

    def quarantine(self, policy: Policy | None, source: str | None, reason: str | None, page: int) -> records.Held:
        """One page of the rows that were not let in."""
        try:
            with self._opened() as found:
                return _held(found, policy, source, reason, page)
        except StoreError as error:
            return records.Held(None, trouble=str(error))

    def corrections(self, page: int) -> records.Corrections:
        """One page of the batches that restated rows."""
        try:
            with self._opened() as found:
                return _corrections(found, page)
        except StoreError as error:
            return records.Corrections(None, trouble=str(error))

    def rows(self, policy: Policy, point: records.Point) -> records.RowsBehind:
        """The rows behind a point."""
        policy.stream(point.stream)
        try:
            with self._opened() as found:
                return rows.read(found, policy, point)
        except StoreError as error:
            return records.RowsBehind(None, trouble=str(error))

    def segments(self, policy: Policy, rollout: str, stage: str) -> tuple[records.GateSegments, ...]:
        """Evidence by segment of every gate of a rollout that has several."""
        try:
            return self._kept.get(
                policy.digest, ("segments", rollout, stage), lambda: self._segments(policy, rollout, stage)
            )
        except StoreError:
            return ()

    def _segments(self, policy: Policy, rollout: str, stage: str) -> tuple[records.GateSegments, ...]:
        with self._opened() as found:
            return segments.read(found.view, policy, rollout, stage)

    def _overview(self, policy: Policy | None, span: str) -> records.Overview:
        with self._opened() as found:
            return records.Overview(
                found.as_of,
                tuple(_lines(policy, ledger.source_states(found.view), found)),
                tuple(ledger_views.streams(found.view)),
                _ledger(found, span, None),
                tuple(ledger_views.newest(found.view, limit=PAGE // 2)),
            )

    def _source(self, policy: Policy | None, name: str, span: str) -> records.OneSource | None:
        with self._opened() as found:
            lines = _lines(policy, ledger.source_states(found.view), found)
            line = next((one for one in lines if one.name == name), None)
            if line is None:
                return None
            return records.OneSource(
                found.as_of,
                line,
                _ledger(found, span, name),
                tuple(ledger_views.polls(found.view, name, limit=POINTS)),
                tuple(ledger_views.faults(found.view, name, limit=PAGE)),
                tuple((reason, count) for _, reason, count in ledger_views.reasons(found.view, source=name)),
                tuple(ledger_views.newest(found.view, source=name, limit=PAGE)),
            )

    def _opened(self) -> Snapshot:
        from warehouse.snapshot import Snapshot

        return Snapshot.open(self._data)


def _digest(policy: Policy | None) -> str:
    return policy.digest if policy else ""


def _lines(policy: Policy | None, states: Sequence[SourceState], found: Snapshot | None) -> list[SourceLine]:
    known = {state.source: state for state in states}
    as_of = found.as_of if found else None
    specs = policy.source_specs() if policy else []
    lines = [SourceLine(spec.name, spec.stream, known.get(spec.name), True, as_of) for spec in specs]
    named = {line.name for line in lines}
    # Where the configuration cannot be read, nothing is said to be gone from it.
    gone = [SourceLine(s.source, s.stream, s, policy is None, as_of) for s in states if s.source not in named]
    return lines + gone


def _ledger(found: Snapshot, span: str, source: str | None) -> records.Ledger:
    length = SPANS.get(span, SPANS[USUAL])
    step = width(length, POINTS, _HOUR)
    end = end_of(found.as_of + timedelta(microseconds=1), step)
    windows = ledger_views.by_window(found.view, end - length, end, step, source=source)
    arrivals = ledger_views.by_arrival(found.view, end - length, end, step, source=source)
    return records.Ledger(end - length, end, step, tuple(windows), tuple(arrivals))


def _held(found: Snapshot, policy: Policy | None, source: str | None, reason: str | None, page: int) -> records.Held:
    kept = ledger_views.quarantine_kept(found.view)
    ever = {(name, why): count for name, why, count in ledger_views.reasons(found.view)}
    every = sorted(set(ever) | set(kept), key=lambda key: (-ever.get(key, 0), key))
    matching = sum(n for (name, why), n in kept.items() if source in (None, name) and reason in (None, why))
    listed = ledger_views.quarantine_page(
        found.view, source=source, reason=reason, limit=PAGE, offset=(page - 1) * PAGE
    )
    rules = rows.published(policy) if policy else None
    return records.Held(
        found.as_of,
        tuple((*key, ever.get(key, 0), kept.get(key, 0)) for key in every),
        tuple(listed),
        matching,
        rules is not None and rules.text,
        found.as_of - rules.quarantine if rules else None,
    )


def _corrections(found: Snapshot, page: int) -> records.Corrections:
    listed = ledger_views.newest(found.view, restating=True, limit=PAGE + 1, offset=(page - 1) * PAGE)
    batches, more = listed[:PAGE], len(listed) > PAGE
    windows = ledger_views.restated(found.view, [b.batch for b in batches], most=WINDOWS)
    made = []
    for batch in batches:
        count, shown = windows.get(batch.batch, (0, []))
        made.append(records.Correction(batch, count, tuple(shown)))
    return records.Corrections(found.as_of, tuple(made), more)
