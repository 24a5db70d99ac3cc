"""Run it: `python -m benchmarks.hourly [--json]`.

A run is everything that `gatehold run` does up to the published snapshot, with the stores opened and closed, in a
process that has imported what it needs; writing the page is measured apart. The constant is a run to which very few
rows are new.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.hourly import setting
from benchmarks.ingest import rows as logs
from benchmarks.timing import ROUNDS, in_turn, machine, rounded, scratch, stopwatch, told
from flows import publishing
from flows.once import run_with
from flows.project import Project
from flows.stores import open_stores

FEW = 100
"""Rows of the run that is the constant: all checks and gates have something to do, and nothing takes long."""
HOURS = timedelta(hours=2)
"""After the newest row of a file, when the run reads it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was measured; 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hourly", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="new rows of a run")
    parser.add_argument("--history", type=int, default=1_000_000, help="rows of the year before")
    parser.add_argument("--times", type=int, default=10, help="how many times as many rows the longer history has")
    parser.add_argument("--batches", type=int, default=8760, help="batches in which the year came: one an hour")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    given = parser.parse_args(arguments)
    if given.rows < 1 or given.history < given.batches or given.batches < 1 or given.times < 1 or given.rounds < 1:
        parser.error("--rows, --batches, --times and --rounds must be at least 1, --history at least --batches.")
    with scratch() as folder:
        found = _measured(folder, given)
    print(told({"rows": given.rows, "history": given.history, "times": given.times, **found}, as_json=given.json))
    return 0


def _measured(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    sizes = {"short": given.history, "long": given.history * given.times}
    sites = {name: _Site(folder / name, count, given) for name, count in sizes.items()}

    def bare() -> float:
        return _bare(folder, sites["short"].newest)

    candidates = {"bare": bare}
    for name, site in sites.items():
        candidates |= {f"{name} new": site.run_new, f"{name} few": site.run_few}
    timed = in_turn(candidates, given.rounds)
    constant = timed.median("short few")
    pairs = zip(timed.seconds["short new"], timed.seconds["bare"], strict=True)
    ratios = sorted((new - constant) / read for new, read in pairs)
    return {
        "rounds": given.rounds,
        **machine(),
        "ratio": round(ratios[len(ratios) // 2], 2),
        "constant_seconds": round(constant, 3),
        "growth": round(timed.ratio("long new", "short new"), 3),
        "seconds": rounded(timed.seconds["short new"]),
        "long_seconds": rounded(timed.seconds["long new"]),
        "few_rows": FEW,
        "few_seconds": rounded(timed.seconds["short few"]),
        "long_few_seconds": rounded(timed.seconds["long few"]),
        "idle_seconds": round(sites["short"].run_idle(), 3),
        "page_seconds": round(sites["short"].page(), 3),
        "read_json_seconds": rounded(timed.seconds["bare"]),
        "bytes_of_new_rows": sites["short"].newest.stat().st_size,
    }


class _Site:
    """A project with its history, and the moment at which it is."""

    def __init__(self, folder: Path, history: int, given: argparse.Namespace) -> None:
        self.project: Project = setting.make(folder)
        self.rows = given.rows
        self.written = self.files = 0
        self.newest = Path()
        with open_stores(self.project) as stores:
            setting.fill(stores, history, given.batches)
        self.now = logs.BEGIN + HOURS
        self.run_idle()

    def run_new(self) -> float:
        """The seconds of a run to which one file is new."""
        self.newest = self._write(self.rows)
        return self._run(self.rows)

    def run_few(self) -> float:
        """The seconds of a run to which a file of few rows is new."""
        self._write(FEW)
        return self._run(FEW)

    def run_idle(self) -> float:
        """The seconds of a run to which nothing is new."""
        self.now += timedelta(minutes=1)
        return self._run(0)

    def page(self) -> float:
        """The seconds of writing the page."""
        with open_stores(self.project) as stores:
            return stopwatch(lambda: publishing.write_page(self.project, stores, now=self.now))

    def _write(self, count: int) -> Path:
        path = self.project.base / "logs" / f"{self.files:05}.jsonl"
        logs.write(path, self.written, count)
        self.files += 1
        self.written += count
        self.now = logs.BEGIN + timedelta(days=1) * (self.written / logs.PER_DAY) + HOURS
        return path

    def _run(self, expected: int) -> float:
        accepted: list[int] = []

        def work() -> None:
            with open_stores(self.project) as stores:
                done = run_with(self.project, stores, now=self.now)
            accepted.append(sum(b.accepted for r in done.pulled for b in r.batches if not b.repeated))

        seconds = stopwatch(work)
        assert accepted == [expected], (accepted, expected)
        return seconds


def _bare(folder: Path, file: Path) -> float:
    """The seconds of the bare typed read of a file into a table of a file of its own."""
    if not file.is_file():
        return 1.0
    place = folder / "bare.duckdb"
    place.unlink(missing_ok=True)
    connection = duckdb.connect(str(place))
    connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    text = f"read_json('{file}', columns = {logs.TYPED}, format = 'newline_delimited')"

    def work() -> None:
        connection.execute(f"CREATE TABLE logs AS SELECT * FROM {text}")
        connection.close()

    return stopwatch(work)


if __name__ == "__main__":
    sys.exit(main())
