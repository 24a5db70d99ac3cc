"""Times of interleaved rounds, and what is timed: one sum of every column, and drift from profiles."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.drift.generating import CATEGORIES, COLUMNS, CURRENT, END, NUMBERS, REFERENCE, ROLLOUT, STREAM, TEXTS
from checks.drift import choosing, comparing
from checks.drift.records import DriftReport
from warehouse.profiles import reading, sampling, summing
from warehouse.records.metrics import Slice
from warehouse.records.profiles import Profile, Scheme
from warehouse.store import Warehouse

WHERE = Slice(rollout=ROLLOUT)


@dataclass(frozen=True)
class Pinned:
    """What is pinned of the reference day."""

    schemes: tuple[Scheme, ...]
    profiles: tuple[Profile, ...]


def pin(warehouse: Warehouse, *, window_seconds: int = 86_400) -> Pinned:
    """The reference day pinned, as the monitor does it at its first look; rows of both days will be counted."""
    held = sampling.held(warehouse, STREAM, COLUMNS, WHERE, REFERENCE, CURRENT)
    version = sampling.hash_version(warehouse)
    setting = choosing.Setting(STREAM, "length", 50, REFERENCE, window_seconds, version)
    schemes = choosing.schemes(held, setting)
    return Pinned(schemes, tuple(reading.count_span(warehouse, schemes, STREAM, WHERE, REFERENCE, CURRENT)))


def scan(warehouse: Warehouse, columns: Sequence[str] = COLUMNS) -> None:
    """One sum of every column, over both days."""
    sums = [f"sum({name})" if name in NUMBERS else f"sum(strlen({name}))" for name in columns]
    warehouse.connection.execute(f"SELECT {', '.join(sums)} FROM events_answers").fetchall()


def forget(warehouse: Warehouse) -> None:
    """Take all profiles away again."""
    for table in ("profiled", "profile_bins"):
        warehouse.connection.execute(f"DELETE FROM {table}")


def forget_current(warehouse: Warehouse) -> None:
    """Take the profiles of the current day away: what a run finds whose reference was pinned before."""
    for table in ("profiled", "profile_bins"):
        warehouse.connection.execute(f"DELETE FROM {table} WHERE batch = (SELECT max(batch) FROM batches)")


def drift(warehouse: Warehouse, pinned: Pinned) -> DriftReport:
    """Profiles of both days from their rows, stored, and the current day compared with the reference."""
    summing.summarise(warehouse, pinned.schemes, STREAM)
    return compared(warehouse, pinned)


def compared(warehouse: Warehouse, pinned: Pinned) -> DriftReport:
    """The comparison from stored profiles: what a run pays that brought nothing new."""
    current = reading.read(warehouse, pinned.schemes, WHERE, CURRENT, END)
    sides = zip(pinned.schemes, pinned.profiles, current, strict=True)
    return comparing.compare([comparing.Pair(*side) for side in sides], comparing.Rule())


def counted_right(warehouse: Warehouse, pinned: Pinned) -> bool:
    """Whether the stored deltas of the reference day are what counting it afresh gave."""
    stored = reading.read(warehouse, pinned.schemes, WHERE, REFERENCE, CURRENT)
    return tuple(stored) == pinned.profiles


def by_kind(pinned: Pinned) -> dict[str, tuple[tuple[str, ...], Pinned]]:
    """Columns and schemes by kind, to see what costs what."""
    kinds = {"numbers": tuple(NUMBERS), "categories": tuple(CATEGORIES), "text_lengths": tuple(TEXTS)}
    found = {}
    for kind, columns in kinds.items():
        some = [(s, p) for s, p in zip(pinned.schemes, pinned.profiles, strict=True) if s.column in columns]
        found[kind] = columns, Pinned(tuple(s for s, _ in some), tuple(p for _, p in some))
    return found


@dataclass(frozen=True)
class Times:
    """Seconds of one piece of work in each round: by the clock, and of all processors together."""

    wall: list[float]
    cpu: list[float]


def interleaved(work: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """The times of each piece of work in each round; a first round that only warms up is not counted."""
    times = {name: Times([], []) for name in work}
    for number in range(rounds + 1):
        for name, run in work.items():
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            if number:
                times[name].wall.append(time.perf_counter() - wall)
                times[name].cpu.append(time.process_time() - cpu)
    return times


def ratio(times: Mapping[str, Times], over: str, under: str) -> float:
    """The median of the ratios of each round, by the clock."""
    return statistics.median(a / b for a, b in zip(times[over].wall, times[under].wall, strict=True))


def cpu_ratio(times: Mapping[str, Times], over: str, under: str) -> float:
    """The same of processor time, which other work on the machine disturbs less."""
    return statistics.median(a / b for a, b in zip(times[over].cpu, times[under].cpu, strict=True))
