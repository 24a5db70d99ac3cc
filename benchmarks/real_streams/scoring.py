"""One way of scoring for every method: which labelled windows were found, how late, and how often it cried wolf.

A method watches from its first look on. When it alarms at a look that overlaps a labelled window, that window is found,
and the method is started afresh at the first look after the window. Any other alarm is false; the method is started
afresh after the dead time, or where a labelled window begins if that is sooner. Started afresh means a new epoch for
methods with a memory, and nothing for those that judge each look by itself.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.real_streams.looks import Look
from benchmarks.real_streams.streams import Span

Detector = Callable[[int], int | None]
"""Place of the first look with an alarm, of a method started at the given place; None if there is none."""


@dataclass(frozen=True, slots=True)
class Score:
    """What one method did on one stream: delays of the windows it found, by label, and places of all alarms."""

    labels: int
    looks: int
    delays: dict[int, timedelta]
    false: tuple[int, ...]
    alarms: tuple[int, ...]


def silent(_: int) -> None:
    """The detector of a gate that cannot be built: it never alarms."""


def score(detector: Detector, looks: Sequence[Look], labels: Sequence[Span], dead: timedelta) -> Score:
    """The score of the detector; the delay is from the label's start to the end of the look that alarmed."""
    delays: dict[int, timedelta] = {}
    false: list[int] = []
    alarms: list[int] = []
    place = 0
    while place < len(looks) and (alarm := detector(place)) is not None:
        alarms.append(alarm)
        if (label := _label(looks[alarm], labels)) is None:
            false.append(alarm)
            place = _after_false(looks, labels, alarm, dead)
        else:
            delays[label] = looks[alarm].end - labels[label][0]
            place = _after_find(looks, labels[label][1], alarm)
    return Score(len(labels), len(looks), delays, tuple(false), tuple(alarms))


def each_look(flags: Sequence[bool]) -> Detector:
    """The detector of a method that judges each look by itself."""

    def first(place: int) -> int | None:
        return next((i for i in range(place, len(flags)) if flags[i]), None)

    return first


def overlapping(looks: Sequence[Look], label: Span) -> list[Look]:
    """The looks that overlap a labelled window."""
    return [look for look in looks if look.start <= label[1] and look.end > label[0]]


def median_delay(scores: Sequence[Score]) -> timedelta | None:
    """The median delay of all windows found, None if none was."""
    delays = [delay for one in scores for delay in one.delays.values()]
    return statistics.median_high(delays) if delays else None


def _label(look: Look, labels: Sequence[Span]) -> int | None:
    return next((i for i, label in enumerate(labels) if overlapping([look], label)), None)


def _after_find(looks: Sequence[Look], end: datetime, alarm: int) -> int:
    return _first(looks, alarm + 1, lambda look: look.start > end)


def _after_false(looks: Sequence[Look], labels: Sequence[Span], alarm: int, dead: timedelta) -> int:
    until = looks[alarm].end + dead
    return _first(looks, alarm + 1, lambda look: look.start >= until or _label(look, labels) is not None)


def _first(looks: Sequence[Look], place: int, wanted: Callable[[Look], bool]) -> int:
    return next((i for i in range(place, len(looks)) if wanted(looks[i])), len(looks))
