"""The NAB series, hour by hour, against a pinned probationary period: the first 15 % of each, as NAB itself allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.real_streams import evidently_defaults, nannyml_rule, our_hours
from benchmarks.real_streams.looks import Look, by_clock
from benchmarks.real_streams.scoring import Detector, Score, each_look, overlapping, score, silent
from benchmarks.real_streams.streams import Series, nab
from checks.evidence.dispersion import Dispersion

PINNED = 0.15
HOUR = timedelta(hours=1)
DEAD_TIME = timedelta(days=1)
DISTRIBUTION, RANGE = "Gatehold, distribution of values", "Gatehold, rows outside the range"
EVIDENTLY, DEVIATIONS = "Evidently, defaults", "NannyML's rule, 3 deviations"
CONSTANT, ALWAYS = "NannyML's default, constant 0.1", "an alarm at every look"


@dataclass(frozen=True, slots=True)
class Watched:
    """One series: the pinned values with their hours, and the values that are watched with theirs."""

    series: Series
    reference: NDArray[np.float64]
    pinned: list[Look]
    current: NDArray[np.float64]
    looks: list[Look]


Method = Callable[[Watched], Detector]


@dataclass(frozen=True, slots=True)
class Hours:
    """Every series; in the same order the scores of each method and what the dispersion check says of single rows.

    `moved` is the distance between the pinned values and those watched outside labelled windows, at the deciles; None
    for a single value. `strange` counts, per labelled window, the hours with any value outside the range. `refused` is
    how many series give no limit for one of our gates. `widened` is NannyML's rule with the fewest deviations (in
    halves) at which it cries wolf no more often than the gate on the range: chosen after the fact, to compare at equal
    noise. With it the number of deviations.
    """

    streams: list[Watched]
    scores: dict[str, list[Score]]
    dispersion: list[Dispersion]
    moved: list[float | None]
    strange: list[int]
    refused: dict[str, int]
    widened: tuple[float, list[Score]]


def watched(series: Series) -> Watched:
    """The series cut into what is pinned and what is watched."""
    cut = int(PINNED * len(series.values))
    return Watched(
        series,
        series.values[:cut],
        by_clock(series.times[:cut], HOUR),
        series.values[cut:],
        by_clock(series.times[cut:], HOUR),
    )


def run(folder: Path) -> Hours:
    """All of it, from the folder with the series."""
    streams = [watched(series) for series in nab(folder)]
    scores = {name: _scores(streams, method) for name, method in METHODS.items()}
    return Hours(
        streams,
        scores,
        [our_hours.rows_as_units(stream.reference, stream.pinned) for stream in streams],
        [_moved(stream) for stream in streams],
        [hours for stream in streams for hours in _strange(stream)],
        {name: sum(METHODS[name](stream) is silent for stream in streams) for name in (DISTRIBUTION, RANGE)},
        _widened(streams, sum(len(one.false) for one in scores[RANGE])),
    )


def _scores(streams: list[Watched], method: Method) -> list[Score]:
    return [score(method(stream), stream.looks, stream.series.labels, DEAD_TIME) for stream in streams]


def _moved(stream: Watched) -> float | None:
    times = stream.series.times[len(stream.reference) :]
    labelled = np.zeros(len(times), dtype=bool)
    for start, end in stream.series.labels:
        labelled |= (times >= np.datetime64(start)) & (times <= np.datetime64(end))
    return our_hours.distance(stream.reference, stream.current[~labelled])


def _strange(stream: Watched) -> list[int]:
    return [
        our_hours.strange(stream.reference, stream.pinned, stream.current, overlapping(stream.looks, label))
        for label in stream.series.labels
    ]


def _widened(streams: list[Watched], allowed: int) -> tuple[float, list[Score]]:
    for deviations in np.arange(3.0, 100.0, 0.5):
        scores = _scores(streams, partial(_deviations, number=float(deviations)))
        if sum(len(one.false) for one in scores) <= allowed:
            return float(deviations), scores
    raise AssertionError("a hundred deviations should silence the rule")


def _our_distribution(stream: Watched) -> Detector:
    return our_hours.distribution_of_values(stream.reference, stream.pinned, stream.current, stream.looks)


def _our_range(stream: Watched) -> Detector:
    return our_hours.out_of_range(stream.reference, stream.pinned, stream.current, stream.looks)


def _evidently(stream: Watched) -> Detector:
    return each_look(evidently_defaults.drifted(stream.reference, stream.current, stream.looks, numeric=True))


def _deviations(stream: Watched, number: float = 3.0) -> Detector:
    statistic = nannyml_rule.jensen_shannon(stream.reference)
    sides = stream.reference, stream.pinned, stream.current, stream.looks
    return each_look(nannyml_rule.flags(statistic, *sides, number))


def _constant(stream: Watched) -> Detector:
    statistic = nannyml_rule.jensen_shannon(stream.reference)
    return each_look(nannyml_rule.constant_flags(statistic, stream.current, stream.looks))


def _always(stream: Watched) -> Detector:
    return each_look([True] * len(stream.looks))


METHODS: dict[str, Method] = {
    DISTRIBUTION: _our_distribution,
    RANGE: _our_range,
    EVIDENTLY: _evidently,
    DEVIATIONS: _deviations,
    CONSTANT: _constant,
    ALWAYS: _always,
}
