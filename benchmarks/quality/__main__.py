"""Run it: `python -m benchmarks.quality --rows N [--json]`: one suite over N rows, by three ways."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import timing
from benchmarks.quality import fused, on_pandas, on_polars
from benchmarks.quality.rows import BATCH, STREAM, fill
from checks.quality import gx
from checks.quality.expectations import suite
from checks.quality.records import Expectation
from warehouse.new_rows import NewRows, new_rows
from warehouse.store import Warehouse


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0; an exception where two of the ways differ, so that no time counts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the batch that is checked")
    parser.add_argument("--rounds", type=int, default=timing.ROUNDS, help="interleaved rounds; medians are of them")
    parser.add_argument("--json", action="store_true", help="figures as JSON in one line")
    asked = parser.parse_args(arguments)
    with timing.scratch() as folder:
        found = figures(folder, asked.rows, rounds=asked.rounds)
    print(timing.told(found, as_json=asked.json))
    return 0


def figures(folder: Path, rows: int, *, rounds: int) -> dict[str, Any]:
    """All figures, by the names that the document uses."""
    checks = suite(STREAM)
    with Warehouse.open(folder / "warehouse") as warehouse:
        fill(warehouse, rows)
        ways, broken = _ways(new_rows(warehouse, STREAM.name, BATCH), checks)
        timed = timing.in_turn({name: _timed(way) for name, way in ways.items()}, rounds)
    polars = "pandera" in ways
    return {
        "rows": rows,
        "rounds": rounds,
        "rules": len(checks),
        "broken_rows": broken,
        "gx_duckdb_over_fused": round(timed.ratio("gx_duckdb", "fused"), 1),
        "gx_pandas_over_fused": round(timed.ratio("gx_pandas", "fused"), 1),
        "pandera_over_fused": round(timed.ratio("pandera", "fused"), 1) if polars else None,
        "pandera_missing": on_polars.missing(),
        "gx_duckdb_over_gx_pandas": round(timed.ratio("gx_duckdb", "gx_pandas"), 2),
        **{f"{name}_ms": round(timed.median(name) * 1e3, 1) for name in ways},
        **timing.machine(),
    }


def _ways(seen: NewRows, checks: Sequence[Expectation]) -> tuple[dict[str, Callable[[], object]], int]:
    """Every way to check, once they are seen to count the same, and how many rows break a rule.

    The frames are in memory before anything is timed; what it takes to fill the one of pandas is a figure of its own.
    """
    query = fused.fused(checks, seen.view)
    counts, data = fused.ask(seen, query), on_pandas.frame(seen, checks)
    assert sum(counts) > 0
    inside = gx.run(seen.connect, seen.view, checks, stream=STREAM.name)
    assert [result.unexpected for result in inside] == counts, (inside, counts)
    assert on_pandas.run(data, checks) == counts
    ways: dict[str, Callable[[], object]] = {
        "fused": lambda: fused.ask(seen, query),
        "gx_duckdb": lambda: gx.run(seen.connect, seen.view, checks, stream=STREAM.name),
        "gx_pandas": lambda: on_pandas.run(data, checks),
        "pandas_frame": lambda: on_pandas.frame(seen, checks),
    }
    if not on_polars.missing():
        rules, held = on_polars.schema(checks), on_polars.frame(seen, checks)
        by_column: dict[str, int] = {}
        for check, count in zip(checks, counts, strict=True):
            if count:
                by_column[str(check.column)] = by_column.get(str(check.column), 0) + count
        assert on_polars.run(rules, held) == by_column
        ways["pandera"] = lambda: on_polars.run(rules, held)
    return ways, sum(counts)


def _timed(way: Callable[[], object]) -> Callable[[], float]:
    return lambda: timing.stopwatch(way)


if __name__ == "__main__":
    sys.exit(main())
