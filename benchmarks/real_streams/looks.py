"""The windows that every method looks at: by the clock, or so many rows at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from benchmarks.real_streams.streams import Times, moment


@dataclass(frozen=True, slots=True)
class Look:
    """One window [start, end) with rows; `number` counts the windows from 1, those without rows too."""

    number: int
    start: datetime
    end: datetime
    rows: slice


def by_clock(times: Times, length: timedelta) -> list[Look]:
    """Windows of one length, aligned to multiples of it; those without rows are left out but counted."""
    step = np.timedelta64(length)
    place = (times - np.datetime64(0, "us")) // step
    begins = np.flatnonzero(np.diff(place, prepend=place[0] - 1))
    ends = np.append(begins[1:], len(times))
    first = place[begins[0]]
    return [
        Look(
            int(place[a] - first) + 1,
            moment(np.datetime64(0, "us") + place[a] * step),
            moment(np.datetime64(0, "us") + (place[a] + 1) * step),
            slice(int(a), int(b)),
        )
        for a, b in zip(begins, ends, strict=True)
    ]


def by_rows(times: Times, number: int) -> list[Look]:
    """Windows of `number` rows each; a shorter rest at the end is left out."""
    return [
        Look(i + 1, moment(times[a]), moment(times[min(a + number, len(times) - 1)]), slice(a, a + number))
        for i, a in enumerate(range(0, len(times) - number + 1, number))
    ]
