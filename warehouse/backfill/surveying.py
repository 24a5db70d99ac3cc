"""Survey: which windows of each metric are missing, dirty or restated, and which batches have to be read for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.records.errors import UsageError
from warehouse.records.intervals import Interval, Intervals, coalesce
from warehouse.records.metrics import CellMetric
from warehouse.retention import incomplete_batches
from warehouse.scope import events_table, statement, utc
from warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked for: a half-open span of occurrence, sources by name (None: all), and the newest batch known."""

    start: datetime
    end: datetime
    sources: tuple[str, ...] | None = None
    through_batch: int | None = None

    def __post_init__(self) -> None:
        """Refuse a span that holds no time, or an end without a time zone."""
        Interval(utc(self.start), utc(self.end))


@dataclass(frozen=True, slots=True)
class Need:
    """What a span holds for one metric.

    Of the windows that have rows: `missing` were never summarised under this definition, `dirty` were, but late or
    restated rows have come since that were not, `restated` are summarised and had a row restated, `complete` need
    nothing. `touching` are the batches that brought or restated rows of the span, `lacking` those of them that were
    not summarised, `kept` those that were and have lost rows since (erased, or removed by age), so that they cannot be
    computed again; all in order of arrival.
    """

    metric: CellMetric
    missing: Intervals
    dirty: Intervals
    restated: Intervals
    complete: Intervals
    touching: tuple[int, ...]
    lacking: tuple[int, ...]
    kept: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """What a span holds, metric by metric; `rows` are the event rows by batch, of every batch that touches the span."""

    span: Span
    needs: tuple[Need, ...]
    rows: Mapping[int, int]

    def rows_of(self, batches: Sequence[int]) -> int:
        """Event rows that reading these batches brings."""
        return sum(self.rows[batch] for batch in batches)


def known_at(warehouse: Warehouse, moment: datetime, *, batches: str = "batches") -> int:
    """The newest batch that had arrived at a moment, together with all before it; 0 when none had.

    `batches` names the table of batches: that of the warehouse, or of one that is attached to it.
    """
    text = statement("backfill_through", batches=batches)
    found = warehouse.connection.execute(text, {"at": utc(moment)}).fetchone()
    return int(found[0]) if found else 0


def survey(warehouse: Warehouse, metrics: Sequence[CellMetric], span: Span) -> Survey:
    """What the span holds for each of the metrics, in their order; a metric whose stream never came needs nothing.

    Raises:
        UsageError: a source is not in the ledger.
    """
    _check_sources(warehouse, span)
    touched: dict[tuple[str, int], dict[int, dict[datetime, int]]] = {}
    for metric in metrics:
        key = (metric.stream, metric.window_seconds)
        if key not in touched:
            touched[key] = _touched(warehouse, metric, span)
    batches = sorted({batch for found in touched.values() for batch in found})
    sizes = warehouse.connection.execute(statement("backfill_sizes"), {"batches": batches}).fetchall()
    needs = tuple(_need(warehouse, m, touched[m.stream, m.window_seconds]) for m in metrics)
    return Survey(span, needs, {int(batch): int(rows) for batch, rows in sizes})


def _check_sources(warehouse: Warehouse, span: Span) -> None:
    known = {row[0] for row in warehouse.connection.execute("SELECT DISTINCT source FROM batches").fetchall()}
    if unknown := sorted(set(span.sources or ()) - known):
        raise UsageError(
            f"Source {unknown[0]!r} has brought nothing yet. Sources that have: {', '.join(sorted(known)) or 'none'}."
        )


def _touched(warehouse: Warehouse, metric: CellMetric, span: Span) -> dict[int, dict[datetime, int]]:
    """By batch, the windows of the span that it changed, with how many rows of each it restated."""
    events = events_table(warehouse, metric.stream)
    if events is None:
        return {}
    values = {
        "start": utc(span.start),
        "end": utc(span.end),
        "width": metric.window_seconds * 1_000_000,
        "sources": list(span.sources) if span.sources is not None else None,
        "through": span.through_batch,
    }
    found: dict[int, dict[datetime, int]] = {}
    for batch, at, _, restated in warehouse.connection.execute(
        statement("backfill_touched", events=events), values
    ).fetchall():
        found.setdefault(int(batch), {})[utc(at)] = int(restated)
    return found


def _need(warehouse: Warehouse, metric: CellMetric, touched: Mapping[int, Mapping[datetime, int]]) -> Need:
    marks = warehouse.connection.execute(statement("backfill_done"), {"digest": metric.digest}).fetchall()
    done = {int(row[0]) for row in marks}
    by_window: dict[datetime, list[int]] = {}
    for batch, windows in touched.items():
        for at in windows:
            by_window.setdefault(at, []).append(batch)
    found: dict[str, list[Interval]] = {"missing": [], "dirty": [], "restated": [], "complete": []}
    length = timedelta(seconds=metric.window_seconds)
    for at, batches in by_window.items():
        restated = any(touched[batch][at] for batch in batches)
        found[_state(batches, done, restated)].append(Interval(at, at + length))
    order = tuple(sorted(touched))
    lacking = tuple(batch for batch in order if batch not in done)
    spans = {state: coalesce(windows) for state, windows in found.items()}
    gone = incomplete_batches(warehouse, metric.stream)
    kept = tuple(batch for batch in order if batch in done and batch in gone)
    return Need(metric=metric, touching=order, lacking=lacking, kept=kept, **spans)


def _state(batches: Sequence[int], done: set[int], restated: bool) -> str:
    lacking = sum(batch not in done for batch in batches)
    if lacking == len(batches):
        return "missing"
    return "dirty" if lacking else "restated" if restated else "complete"
