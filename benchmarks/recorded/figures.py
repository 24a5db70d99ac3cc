"""The recorded figures: docs/benchmarks.json holds what each command printed with --json, by the name of the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Figures = Mapping[str, Any]

RUNS = (
    "ingest",
    "drift 100,000",
    "drift 1,000,000",
    "drift 10,000,000",
    "quality 500",
    "quality 100,000",
    "quality 1,000,000",
    "windows",
    "hourly",
    "backfill",
    "gate_endpoint",
    "board",
)

BOARD_MS = 200
"""Milliseconds of server time within which 95 % of the board's pages should be answered."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One ratio of the plot: `over` says over what, `goal` is the figure it was built for (None: none was set).

    `low_is_good` tells on which side of the goal it should be.
    """

    name: str
    over: str
    ratio: float
    goal: float | None
    low_is_good: bool

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.ratio <= self.goal if self.low_is_good else self.ratio >= self.goal


def read(path: Path) -> Mapping[str, Figures]:
    """The figures of every run."""
    found: Mapping[str, Figures] = json.loads(path.read_text(encoding="utf-8"))
    assert set(found) == set(RUNS), sorted(set(RUNS) ^ set(found))
    return found


def bars(found: Mapping[str, Figures]) -> tuple[list[Bar], list[Bar]]:
    """Ratios over a bare scan or read (low is good), and how many times a peer takes as long (high is good)."""
    ingest, hourly, windows = found["ingest"], found["hourly"], found["windows"]
    small, million, large = (found[f"drift {n}"] for n in ("100,000", "1,000,000", "10,000,000"))
    scans = [
        Bar("ingest, exactly once", "bare typed read into a table", ingest["ratio_to_read_json"], 2.0, True),
        Bar(
            f"the same batch, {ingest['long_history'] // 10**6} M rows of history",
            "1 M rows",
            ingest["growth"],
            1.3,
            True,
        ),
        Bar("drift of 20 columns, 1 M rows a day", "one sum of every column", million["ratio_to_scan"], 2.5, True),
        Bar("drift of 20 columns, 10 M rows a day", "one sum of every column", large["ratio_to_scan"], 2.0, True),
        Bar("30 metrics in three window lengths, 30 M rows", "one scan", windows["ratio_to_scan"], 8.0, True),
        Bar("hourly run of 50,000 rows, less a constant", "bare typed read", hourly["ratio"], 3.0, True),
        Bar("hourly run, ten times the history", "the history", hourly["growth"], 1.1, True),
    ]
    quality = found["quality 1,000,000"]
    peers = [
        Bar("Evidently, 100,000 rows a day", "drift from rows", small["evidently_over_ours"], 40.0, False),
        Bar("Evidently, 100,000 rows a day", "a look, reference pinned", small["evidently_over_a_look"], None, False),
        Bar("Evidently, 1 M rows a day", "drift from rows", million["evidently_over_ours"], 100.0, False),
        Bar("pandas loop over windows, 30 M rows", "windows from cells", windows["pandas_over_ours"], 500.0, False),
        Bar("Great Expectations, 1 M rows", "fused aggregate", quality["gx_duckdb_over_fused"], None, False),
    ]
    return scans, peers


def pages(found: Mapping[str, Figures]) -> list[Bar]:
    """Pages of the board over the time that they were built for; not in the plot, for nothing else is timed."""
    board, over = found["board"], f"{BOARD_MS} ms of server time"
    return [
        Bar("overview of the board, 95 % of answers", over, board["p95_overview_ms"] / BOARD_MS, 1.0, True),
        Bar("page of a rollout, 95 % of answers", over, board["p95_rollout_ms"] / BOARD_MS, 1.0, True),
    ]
