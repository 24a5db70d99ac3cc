"""Run it: `python -m benchmarks.drift --rows N [--json]`: N rows a day, a reference day against a current one."""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.drift import exact, generating, measuring, peers
from warehouse.profiles import reading
from warehouse.store import Warehouse

EXACT_ROWS = 1_000_000
"""Above this many rows a day neither scipy nor Evidently is asked: Evidently would need some 20 GB."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; 1 where a result is wrong, so that no time counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drift", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of each of the two days")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of which medians are taken")
    parser.add_argument("--peer-rounds", type=int, default=1, help="runs of Evidently and others (0: none)")
    parser.add_argument("--memory-limit", help='what DuckDB may use, such as "2GB"')
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    asked = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        found = figures(
            Path(folder), asked.rows, rounds=asked.rounds, peer_rounds=asked.peer_rounds, limit=asked.memory_limit
        )
    print(json.dumps(found, indent=2) if asked.json else "\n".join(f"{key}: {value}" for key, value in found.items()))
    return 0 if found["counted_right"] and found["decisions_equal"] is not False else 1


def figures(folder: Path, rows: int, *, rounds: int, peer_rounds: int, limit: str | None = None) -> dict[str, Any]:
    """All figures, by the names that the document uses."""
    with Warehouse.open(folder / "plain", memory_limit=limit) as warehouse:
        generating.fill(warehouse, rows)
        began = time.perf_counter()
        pinned = measuring.pin(warehouse)
        pinning = time.perf_counter() - began
        found = _ours(warehouse, pinned, rounds) | {"pin_s": round(pinning, 3)}
        found |= _exact(warehouse, pinned, rows) | _peers(warehouse, rows, peer_rounds, found)
    with Warehouse.open(folder / "sliced", memory_limit=limit) as warehouse:
        found |= _sliced(warehouse, min(rows, EXACT_ROWS), max(1, rounds // 2))
    return {"rows": rows, "columns": len(generating.COLUMNS), "rounds": rounds, **found}


def _ours(warehouse: Warehouse, pinned: measuring.Pinned, rounds: int) -> dict[str, Any]:
    def from_rows() -> None:
        measuring.drift(warehouse, pinned)

    times = measuring.interleaved(
        {
            "scan": lambda: measuring.scan(warehouse),
            "forget": lambda: measuring.forget(warehouse),
            "drift": from_rows,
            "forget current": lambda: measuring.forget_current(warehouse),
            "look": from_rows,
            "again": lambda: measuring.drift(warehouse, pinned),
        },
        rounds,
    )
    right = measuring.counted_right(warehouse, pinned)
    return {
        "counted_right": right,
        "scan_s": round(statistics.median(times["scan"].wall), 4),
        "drift_s": round(statistics.median(times["drift"].wall), 4),
        "drift_cpu_s": round(statistics.median(times["drift"].cpu), 4),
        "look_s": round(statistics.median(times["look"].wall), 4),
        "nothing_new_s": round(statistics.median(times["again"].wall), 4),
        "ratio_to_scan": round(measuring.ratio(times, "drift", "scan"), 2),
        "ratio_to_scan_best": round(min(times["drift"].wall) / min(times["scan"].wall), 2),
        "cpu_ratio_to_scan": round(measuring.cpu_ratio(times, "drift", "scan"), 2),
        "ratio_by_kind": _by_kind(warehouse, pinned, rounds),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _by_kind(warehouse: Warehouse, pinned: measuring.Pinned, rounds: int) -> dict[str, float]:
    ratios = {}
    for kind, (columns, some) in measuring.by_kind(pinned).items():
        work: dict[str, Callable[[], object]] = {
            "forget": lambda: measuring.forget(warehouse),
            "scan": lambda columns=columns: measuring.scan(warehouse, columns),  # type: ignore[misc]  # bound now
            "drift": lambda some=some: measuring.drift(warehouse, some),  # type: ignore[misc]  # bound now
        }
        ratios[kind] = round(measuring.ratio(measuring.interleaved(work, rounds), "drift", "scan"), 2)
    measuring.drift(warehouse, pinned)
    return ratios


def _exact(warehouse: Warehouse, pinned: measuring.Pinned, rows: int) -> dict[str, Any]:
    report = measuring.compared(warehouse, pinned)
    told = {column.name: column.state for column in report.columns}
    if rows > EXACT_ROWS:
        return {"decisions": told, "decisions_equal": None, "largest_error": None}
    current = reading.read(warehouse, pinned.schemes, measuring.WHERE, generating.CURRENT, generating.END)
    theirs = exact.evidently_decisions(warehouse, pinned)
    words = {True: "drifted", False: "steady"}
    judged = {column.name: column.drifted for column in report.columns if column.drifted is not None}
    differ = {name: words[theirs[name]] for name, drifted in judged.items() if theirs[name] != drifted}
    errors = exact.errors(warehouse, pinned, report, current)
    return {
        "decisions": told,
        "decisions_equal": not differ,
        "decisions_compared": len(judged),
        "decisions_that_differ": differ,
        "decisions_not_made": {c.name: c.reason for c in report.columns if c.drifted is None},
        "largest_error": {name: float(f"{error:.3g}") for name, error in errors.items()},
    }


def _peers(warehouse: Warehouse, rows: int, rounds: int, ours: dict[str, Any]) -> dict[str, Any]:
    if rows > EXACT_ROWS or rounds < 1:
        return {"evidently_s": None, "evidently_over_ours": None, "evidently_rounds": 0, "peers_s": {}}
    sides = exact.frames(warehouse)
    times = [exact.evidently_seconds(sides) for _ in range(rounds)]
    seconds, cpu = (statistics.median(one) for one in zip(*times, strict=True))
    return {
        "evidently_s": round(seconds, 2),
        "evidently_columns": len(sides[0].columns),
        "evidently_rounds": rounds,
        "evidently_over_ours": round(seconds / ours["drift_s"], 1),
        "evidently_over_a_look": round(seconds / ours["look_s"], 1),
        "evidently_cpu_over_ours": round(cpu / ours["drift_cpu_s"], 1),
        "peers_s": peers.measured(sides),
    }


def _sliced(warehouse: Warehouse, rows: int, rounds: int) -> dict[str, Any]:
    """The same columns by hour and four segments: 192 cells in place of two."""
    generating.fill(warehouse, rows, segments=4)
    pinned = measuring.pin(warehouse, window_seconds=3_600)
    times = measuring.interleaved(
        {
            "scan": lambda: measuring.scan(warehouse),
            "forget": lambda: measuring.forget(warehouse),
            "drift": lambda: measuring.drift(warehouse, pinned),
        },
        rounds,
    )
    assert measuring.counted_right(warehouse, pinned), "the cells do not sum to the reference"
    return {"sliced_rows": rows, "sliced_ratio_to_scan": round(measuring.ratio(times, "drift", "scan"), 2)}


if __name__ == "__main__":
    sys.exit(main())
