"""Run it: `python -m benchmarks.windows [--rows N] [--json]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import ROUNDS, in_turn, machine, rounded, scratch, stopwatch, told
from benchmarks.windows import frames, ours, rows
from benchmarks.windows.measured import metrics
from benchmarks.windows.rows import DAY, START
from warehouse.store import Warehouse

LENGTHS = (timedelta(days=1), timedelta(days=7), timedelta(days=28))
MORE = timedelta(days=14)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was measured; 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.windows", description=__doc__)
    parser.add_argument("--rows", type=int, default=30_000_000, help="rows of the year")
    parser.add_argument("--days", type=int, default=365, help="days of the year; at least 28")
    parser.add_argument("--rounds", type=int, help=f"how often each is measured ({ROUNDS}; 3 above 10 million rows)")
    parser.add_argument("--sample", type=int, default=2, help="days that pandas is timed on; 0 leaves it out")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    given = parser.parse_args(arguments)
    if given.days < 28 or given.rows < given.days:
        parser.error("--days must be at least 28, and --rows at least as many.")
    rounds = given.rounds or (3 if given.rows > 10_000_000 else ROUNDS)
    with scratch() as folder, Warehouse.open(folder / "data") as warehouse:
        daily = rows.fill(warehouse, given.rows, given.days)
        warehouse.connection.execute("CHECKPOINT")
        results = {"rows": daily * given.days, "days": given.days, "rounds": rounds, **machine()}
        results |= _measured(warehouse, given.days, rounds, given.sample)
        results["bytes"] = _size(folder)
    print(told(results, as_json=given.json))
    return 0


def _measured(warehouse: Warehouse, days: int, rounds: int, sample: int) -> dict[str, Any]:
    measured = metrics()
    seconds: dict[str, list[float]] = {"cells": [], "rollups": [], "extra": []}
    found: dict[Any, Any] = {}

    def everything() -> float:
        ours.forget(warehouse)
        seconds["cells"].append(stopwatch(lambda: ours.cells(warehouse, measured)))
        summed: list[Any] = []

        def roll() -> None:
            summed.extend(ours.roll_up(warehouse, measured, days))
            found.update(ours.told(summed, LENGTHS))

        seconds["rollups"].append(stopwatch(roll))
        seconds["extra"].append(stopwatch(lambda: ours.told(summed, [MORE])))
        return seconds["cells"][-1] + seconds["rollups"][-1]

    bare = rows.scan()
    everything()
    _right(warehouse, found, days)
    for taken in seconds.values():
        taken.clear()
    timed = in_turn(
        {"ours": everything, "scan": lambda: stopwatch(lambda: warehouse.connection.execute(bare).fetchall())}, rounds
    )
    extra = sorted(b / (a + c) for a, b, c in zip(*(seconds[n] for n in ("cells", "extra", "rollups")), strict=True))
    results: dict[str, Any] = {
        "metrics": len(measured),
        "slices": len(ours.SLICES),
        "windows": sum(len(found[measured[0].name, length.days][0].starts) for length in LENGTHS),
        "ratio_to_scan": round(timed.ratio("ours", "scan"), 2),
        "ratio_of_best": round(timed.ratio_of_best("ours", "scan"), 2),
        "extra_window_cost": round(extra[len(extra) // 2], 4),
        "seconds": rounded(timed.seconds["ours"]),
        "scan_seconds": rounded(timed.seconds["scan"]),
        "cells_seconds": rounded(seconds["cells"][-rounds:]),
        "rollup_seconds": rounded(seconds["rollups"][-rounds:]),
    }
    if sample:
        results |= _pandas(warehouse, found, days, sample, timed.median("ours"))
    return results


def _right(warehouse: Warehouse, found: dict[Any, Any], days: int) -> None:
    """Hold counts, sums and quantiles of a few windows against the raw rows; they have to be equal."""
    for length in LENGTHS:
        for day in (length.days, days):
            end = START + day * DAY
            raw = ours.from_raw(warehouse, end - length, end)
            assert ours.from_windows(found, length, end, keys=raw.keys()) == raw, (length, day)


def _pandas(warehouse: Warehouse, found: dict[Any, Any], days: int, sample: int, seconds: float) -> dict[str, Any]:
    """Both ways of writing it, over all days, from the seconds of a few; what they find has to be what ours does."""
    ways = {"pandas": frames.loop, "pandas_grouping": frames.grouping}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(sample):
        day = START + (days - number * (days - 28) // max(1, sample)) * DAY
        raw = frames.frame(warehouse, day - LENGTHS[-1], day)
        for name, way in ways.items():
            results, spent = frames.timed(way, raw, day, LENGTHS)
            taken[name].append(spent)
            for length in LENGTHS:
                _agree(results[length.days], found, length.days, day)
    results = {"pandas_sample_days": sample}
    for name, spent in taken.items():
        whole = sum(spent) / len(spent) * days
        results |= {
            f"{name}_over_ours": round(whole / seconds),
            f"{name}_sample_seconds": rounded(spent),
            f"{name}_seconds_extrapolated": round(whole),
        }
    return results


def _agree(results: frames.Results, found: dict[Any, Any], length: int, day: datetime) -> None:
    """Means are of values that were rounded to millionths; counts are equal."""
    for name in (*frames.rates(), *frames.means(), "calls"):
        windows, means, _ = found[name, length]
        place = ours.end_of(windows, day)
        mine = windows.items if name == "calls" else means
        theirs = [results.get((name, s.rollout or "", s.segment or ""), np.nan) for s in ours.SLICES]
        known = ~np.isnan(theirs)
        assert np.allclose(mine[place][known], np.asarray(theirs)[known], rtol=1e-6, atol=1e-6), (name, length)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.exit(main())
