"""Maintenance: when a channel is not told, and the one summary of what it missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from checks.alerts.records import Notice, Told
from warehouse.records.headlines import Headline

if TYPE_CHECKING:
    from checks.policy import Policy
    from checks.policy.alerts import Channel, Maintenance

REMEMBERED = timedelta(days=7)
"""How long after its end the summary of a maintenance is still written; later nobody waits for it."""
MOST_LINES = 10
_MATTERS = frozenset({"go", "hold", "pause", "start", "expand", "resume", "retire", "waive", "restate"})


def spans(policy: Policy, channel: Channel) -> tuple[Maintenance, ...]:
    """The spans in which the channel is not told: those of all channels, and its own."""
    return (*policy.maintenance, *channel.maintenance)


def quiet(policy: Policy, channel: Channel, at: datetime) -> bool:
    """Whether alerts to the channel are held back at that moment."""
    return any(span.covers(at) for span in spans(policy, channel))


def recent(policy: Policy, now: datetime) -> datetime | None:
    """The earliest beginning of a span whose end calls for a summary at `now`; None when there is none."""
    ended = [span for channel in policy.alerts for span in _joined(policy, channel) if span.ended(now)]
    return min((span.start for span in ended), default=None)


def summaries(policy: Policy, headlines: Sequence[Headline], told: Told, now: datetime) -> Iterator[Notice]:
    """One alert for each channel and span that ended not long ago and in which it missed something.

    Spans that touch or overlap are one. What the channel was told all the same is left out.
    """
    for channel in policy.alerts:
        for span in _joined(policy, channel):
            if not span.ended(now) or quiet(policy, channel, now):
                continue
            missed = [h for h in headlines if span.start <= h.at < span.end and h.kind in _MATTERS]
            missed = [h for h in missed if (h.id, channel.name) not in told]
            if missed:
                yield _summary(channel, span, missed)


@dataclass(frozen=True, slots=True)
class _Span:
    start: datetime
    end: datetime
    reasons: tuple[str, ...]

    def ended(self, now: datetime) -> bool:
        return self.end <= now < self.end + REMEMBERED


def _joined(policy: Policy, channel: Channel) -> list[_Span]:
    found: list[_Span] = []
    for each in sorted(spans(policy, channel), key=lambda span: (span.from_, span.until)):
        if found and each.from_ <= found[-1].end:
            last = found.pop()
            found.append(_Span(last.start, max(last.end, each.until), (*last.reasons, each.reason)))
        else:
            found.append(_Span(each.from_, each.until, (each.reason,)))
    return found


def _summary(channel: Channel, span: _Span, missed: Sequence[Headline]) -> Notice:
    count = f"{len(missed)} {'decision' if len(missed) == 1 else 'decisions'}"
    shown = missed[-MOST_LINES:]
    facts = [(f"{h.at:%Y-%m-%d %H:%M} UTC, {h.seq}", f"{h.rollout}: {h.kind}, {h.summary}") for h in shown]
    if len(missed) > len(shown):
        facts.insert(0, ("earlier", f"{len(missed) - len(shown)} more; see the log"))
    return Notice(
        channel=channel.name,
        event="maintenance",
        summary=f"The maintenance ({'; '.join(dict.fromkeys(span.reasons))}) is over. {count} fell into it.",
        facts=tuple(facts),
        about=f"maintenance/{span.start.isoformat()}/{span.end.isoformat()}",
        step="summary",
        at=span.end,
        under=missed[-1],
    )
