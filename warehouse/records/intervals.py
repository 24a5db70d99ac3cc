"""Algebra of half-open spans of time: a set of them is written as a tuple, in order, none touching another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from warehouse.records.errors import UsageError


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A span [start, end); it holds at least one moment."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse a span that holds nothing."""
        if not self.start < self.end:
            raise UsageError(
                f"A span from {self.start.isoformat()} to {self.end.isoformat()} holds no time. Begin before the end."
            )


Intervals = tuple[Interval, ...]


def coalesce(spans: Iterable[Interval]) -> Intervals:
    """The same moments in as few spans as possible, in order: those that overlap or touch become one."""
    found: list[Interval] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def merge(one: Iterable[Interval], other: Iterable[Interval]) -> Intervals:
    """The moments in either."""
    return coalesce([*one, *other])


def subtract(one: Iterable[Interval], other: Iterable[Interval]) -> Intervals:
    """The moments in `one` that are not in `other`."""
    left = list(coalesce(one))
    for taken in coalesce(other):
        left = [piece for span in left for piece in _without(span, taken)]
    return tuple(left)


def intersect(one: Iterable[Interval], other: Iterable[Interval]) -> Intervals:
    """The moments in both."""
    kept = coalesce(one)
    return subtract(kept, subtract(kept, other))


def _without(span: Interval, taken: Interval) -> list[Interval]:
    if taken.end <= span.start or span.end <= taken.start:
        return [span]
    ends = ((span.start, taken.start), (taken.end, span.end))
    return [Interval(start, end) for start, end in ends if start < end]
