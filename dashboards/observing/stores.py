"""What Prometheus is told of sources, the decision log, the outbox and what can be read at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from prometheus_client.metrics_core import Metric

from dashboards.observing.facts import Expected, Facts, Published
from dashboards.observing.forms import counter, gauge, info, states
from warehouse.people.glance import Tally
from warehouse.records.decisions import DecisionKind

SOURCE_STATES = ("complete", "degraded", "never_polled")
MESSAGE_STATES = ("waiting", "delivered", "superseded", "dead")
_COUNTS = (
    ("received", "received_rows", "Rows that a source brought."),
    ("accepted", "accepted_rows", "Rows that were let in."),
    ("duplicate", "duplicate_rows", "Rows that were there already, with the same values."),
    ("restated", "restated_rows", "Rows that corrected one that was there."),
    ("quarantined", "quarantined_rows", "Rows that were not let in."),
    ("late", "late_rows", "Accepted rows that came behind the watermark."),
)


def families(facts: Facts) -> Iterator[Metric]:
    """The families of everything but rollouts; what could not be read has none, and `records_readable` says so."""
    build = info("build", "Version of Gatehold.", ("version",))
    build.add_metric((facts.version,), {})
    readable = gauge("records_readable", "1 when a part of the records can be read.", ("part",))
    for part, can in facts.readable.items():
        readable.add_metric((part,), can)
    yield from (build, readable)
    if facts.tally is not None:
        yield from _log(facts.tally, facts.expected)
        yield from _outbox(facts.tally)
    if facts.published is not None:
        yield from _snapshot(facts.published)
        yield from _sources(facts.published, facts.expected)


def _log(tally: Tally, expected: Expected | None) -> Iterator[Metric]:
    made = counter("decisions", "Entries of the decision log.", ("rollout", "kind"))
    kinds = get_args(DecisionKind)
    rollouts = sorted({rollout for rollout, _ in tally.decisions}) if expected is None else ("", *expected.rollouts)
    for rollout in rollouts:
        for kind in kinds:
            count = tally.decisions.get((rollout, kind), 0)
            # Entries without a rollout are of a few kinds only; those of a rollout are counted from the first on.
            if rollout or count:
                made.add_metric((rollout, kind), count)
    yield made


def _outbox(tally: Tally) -> Iterator[Metric]:
    messages = gauge("outbox_messages", "Messages to switches and channels.", ("state",))
    for state in MESSAGE_STATES:
        messages.add_metric((state,), tally.messages.get(state, 0))
    oldest = gauge("outbox_oldest_waiting_timestamp_seconds", "When the oldest message was written that still waits.")
    if tally.waiting_since is not None:
        oldest.add_metric((), tally.waiting_since.timestamp())
    yield from (messages, oldest)


def _snapshot(published: Published) -> Iterator[Metric]:
    as_of = gauge("snapshot_timestamp_seconds", "When the run ran that published the newest snapshot.")
    as_of.add_metric((), published.as_of.timestamp())
    yield as_of


def _sources(published: Published, expected: Expected | None) -> Iterator[Metric]:
    found = {one.source: one for one in published.sources if expected is None or one.source in expected.sources}
    state = states("source_state", "Whether a source was read as a whole by the last poll.", ("source",), "state")
    watermark = gauge("source_watermark_timestamp_seconds", "Time up to which a source is complete.", ("source",))
    polled = gauge("source_polled_timestamp_seconds", "When a source was polled last.", ("source",))
    newest = gauge("source_newest_timestamp_seconds", "Newest event of a source.", ("source",))
    counts = [(key, counter(name, text, ("source",))) for key, name, text in _COUNTS]
    for name in sorted(found) if expected is None else expected.sources:
        one = found.get(name)
        if one is None:
            state.add((name,), "never_polled", SOURCE_STATES)
            continue
        state.add((name,), "complete" if one.degraded is None else "degraded", SOURCE_STATES)
        for family, at in ((watermark, one.watermark), (polled, one.polled_at), (newest, one.newest_at)):
            if at is not None:
                family.add_metric((name,), at.timestamp())
        for key, count in counts:
            count.add_metric((name,), getattr(one, key))
    yield from (state.family, watermark, polled, newest, *(family for _, family in counts))
