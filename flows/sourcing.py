"""What the ledger says of the sources: whether they can be trusted now, and the worst of a fact over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from warehouse import ledger

if TYPE_CHECKING:
    from checks.policy import Metric, Policy
    from flows.stores import Stores
    from warehouse.records.ingest import SourceSpec, SourceState


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the ledger of ingest says while a run judges, when nothing comes in: read once for all gates.

    `restated` is, by stream, the newest batch that restated rows; streams without one are left out.
    """

    sources: tuple[SourceState, ...]
    newest_batch: int
    restated: Mapping[str, int]


def read(stores: Stores) -> Ledger:
    """What the ledger says now."""
    return Ledger(
        sources=tuple(ledger.source_states(stores.warehouse)),
        newest_batch=ledger.newest_batch(stores.warehouse),
        restated=ledger.newest_restatements(stores.warehouse),
    )


def trouble(known: Ledger, policy: Policy, stream: str | None) -> tuple[str, str] | None:
    """Why the sources of a stream cannot be trusted now, as (code, sentence); None when they can."""
    names = {s.name for s in _feeding(policy, stream)}
    for state in known.sources:
        if state.source in names and state.degraded:
            return "source_degraded", f"Source {state.source} could not be read in full: {state.degraded}"
    return None


def gone(known: Ledger, policy: Policy, stream: str | None, *, since: datetime) -> list[str]:
    """Names of the sources that brought rows of a stream, were read at `since` or later, and are configured no more."""
    names = {s.name for s in policy.source_specs()}
    return [
        state.source
        for state in known.sources
        if state.stream == stream and state.source not in names
        if state.newest_at is not None and state.polled_at is not None and state.polled_at >= since
    ]


def polled(known: Ledger, policy: Policy, stream: str | None) -> bool:
    """True when every source of the stream has been polled, and there is one."""
    states = {s.source: s for s in known.sources}
    feeding = _feeding(policy, stream)
    return bool(feeding) and all(s.name in states and states[s.name].polled_at is not None for s in feeding)


def fact(stores: Stores, policy: Policy, metric: Metric, *, now: datetime) -> tuple[float | None, str]:
    """The worst value of a source metric over the sources it is about, and the name of that source.

    None when no source can say: nothing was received, or nothing is expected.
    """
    since = now - metric.over
    states = {s.source: s for s in ledger.source_states(stores.warehouse, since=since, until=now)}
    values = []
    for spec in _feeding(policy, metric.stream):
        value = _of(stores, policy, metric, spec, states.get(spec.name), since, now)
        if value is not None:
            values.append((value, spec.name))
        elif metric.of == "freshness_hours" or (metric.of == "received_share" and spec.expected_per_window):
            # A source that ought to say and cannot is not passed over.
            return None, spec.name
    if not values:
        return None, ""
    return min(values) if metric.of == "received_share" else max(values)


def _feeding(policy: Policy, stream: str | None) -> list[SourceSpec]:
    return [s for s in policy.source_specs() if stream in (None, s.stream)]


def _of(
    stores: Stores,
    policy: Policy,
    metric: Metric,
    spec: SourceSpec,
    state: SourceState | None,
    since: datetime,
    now: datetime,
) -> float | None:
    if state is None:
        return None
    match metric.of:
        case "freshness_hours":
            return (now - state.newest_at).total_seconds() / 3600 if state.newest_at else None
        case "received_share":
            return _received_share(stores, policy, spec, state, metric.over)
        case "duplicate_share":
            return _share(state.duplicate, state.received)
        case "quarantine_share":
            return _share(state.quarantined, state.received)
        case "late_share":
            return _share(state.late, state.accepted)
    return None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _received_share(
    stores: Stores, policy: Policy, spec: SourceSpec, state: SourceState, over: timedelta
) -> float | None:
    """Rows of the windows that ended in the last `over` before the watermark, against what was expected in them."""
    if not spec.expected_per_window or state.watermark is None:
        return None
    seconds = int(policy.window.total_seconds())
    end = datetime.fromtimestamp(int(state.watermark.timestamp()) // seconds * seconds, state.watermark.tzinfo)
    windows = max(1, int(over.total_seconds()) // seconds)
    start = end - windows * policy.window
    counts = ledger.window_counts(stores.warehouse, start=start, end=end, source=spec.name)
    return min(1.0, sum(c.accepted for c in counts) / (windows * spec.expected_per_window))
