"""Run it: `python -m benchmarks.ingest [--rows N] [--json]`."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.ingest import history, reading, rows
from benchmarks.timing import ROUNDS, child, machine, rounded, scratch, told


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was measured; 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000, help="rows of the file that is read")
    parser.add_argument("--batch", type=int, default=50_000, help="rows of the batch behind a history")
    parser.add_argument("--short", type=int, default=1_000_000, help="rows of the short history")
    parser.add_argument("--long", type=int, default=100_000_000, help="rows of the long history; 0 leaves it out")
    parser.add_argument(
        "--limited-rows",
        type=int,
        default=1_500_000,
        help="rows read under a memory limit, and three times as many; 0: none",
    )
    parser.add_argument("--limit", default="200MB", help="that memory limit")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    given = parser.parse_args(arguments)
    if min(given.rows, given.batch, given.short) < 1 or given.rounds < 1:
        parser.error("--rows, --batch, --short and --rounds must be at least 1.")
    results: dict[str, Any] = {"rows": given.rows, "rounds": given.rounds, **machine()}
    with scratch() as folder:
        results |= _reading(folder, given)
        if given.limited_rows:
            results |= _memory(folder, given)
        if given.long:
            results |= _growth(folder, given)
    print(told(results, as_json=given.json))
    return 0


def _reading(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for ending, key in (("jsonl", ""), ("jsonl.gz", "_gz"), ("jsonl.zst", "_zst")):
        name = f"in.{ending}"
        size = rows.write(folder / name, 0, given.rows)
        timed = reading.compare(folder, name, given.rounds if not key else min(given.rounds, 3))
        found |= {
            f"bytes{key}": size,
            f"ratio_to_read_json{key}": round(timed.ratio("ours", "bare"), 3),
            f"ratio_of_best{key}": round(timed.ratio_of_best("ours", "bare"), 3),
            f"seconds{key}": rounded(timed.seconds["ours"]),
            f"read_json_seconds{key}": rounded(timed.seconds["bare"]),
            f"rows_per_second{key}": round(given.rows / timed.median("ours")),
        }
        (folder / name).unlink()
    return found


def _memory(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {"limited_rows": given.limited_rows, "memory_limit": given.limit}
    for key, limit, times in (("", "none", 1), ("limited_", given.limit, 1), ("tripled_", given.limit, 3)):
        rows_of_it = times * given.limited_rows
        found[f"{key or 'unlimited_'}bytes"] = rows.write(folder / "big.jsonl", 0, rows_of_it)
        done = child("benchmarks.ingest.memory", str(folder), "big.jsonl", limit)
        peak = done.result.pop("peak_mb")
        assert done.result == {"accepted": rows_of_it, "degraded": None}, done.result
        found[f"{key}peak_memory_mb"] = round(peak)
        found[f"{key}seconds_of_process"] = round(done.seconds, 1)
        shutil.rmtree(folder / "limited")
        (folder / "big.jsonl").unlink()
    return found


def _growth(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    timed = history.compare(folder, given.short, given.long, given.batch, given.rounds)
    return {
        "batch": given.batch,
        "short_history": given.short,
        "long_history": given.long,
        "growth": round(timed.ratio("long", "short"), 3),
        "growth_of_best": round(timed.ratio_of_best("long", "short"), 3),
        "short_seconds": rounded(timed.seconds["short"]),
        "long_seconds": rounded(timed.seconds["long"]),
    }


if __name__ == "__main__":
    sys.exit(main())
