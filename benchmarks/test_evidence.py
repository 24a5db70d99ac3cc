"""What it costs to judge a year of hours for two hundred gates: against one cumulative sum of the same arrays."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from checks.evidence.bets import stakes
from checks.gates import statistical
from checks.gates.spec import GateSpec
from warehouse import evidence
from warehouse.records.evidence import Epoch, EvidenceRow
from warehouse.records.folded import FoldedWindows, micros, moment
from warehouse.store import Warehouse

GATES, WINDOWS, SESSIONS, RATE = 200, 8760, 500, 0.003
START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=366)
HOUR = 3_600_000_000
HARM = GateSpec(
    name="harm",
    rollout="agent",
    metric="harmful_output_rate",
    kind="rate",
    layer="model",
    direction="at_most",
    limit=0.005,
    measure="share",
    low=0.0,
    high=1.0,
    unit="session",
    alpha=0.02,
    beta=0.05,
    max_age=None,
    min_units=30,
    min_scored=0.5,
    on_breach="pause",
    required_from="pilot",
    required=True,
    segment=None,
    arm=None,
    owner="owner",
    digest="digest",
)
EPOCH = Epoch("agent/harm#1", HARM.key, HARM.rollout, "r1", "digest", START, START, START)


def year(seed: int) -> FoldedWindows:
    """The folded windows of a healthy year of one gate."""
    bad = np.random.default_rng(seed).binomial(SESSIONS, RATE, WINDOWS)
    good = SESSIONS - bad
    over, within = np.asarray(stakes(HARM.limit)), np.asarray(stakes(1.0 - HARM.limit))
    start = micros(START) + np.arange(WINDOWS) * HOUR
    units = np.full(WINDOWS, SESSIONS)
    total = (bad * 1_000_000).astype(object)
    return FoldedWindows(
        epochs=frozenset({EPOCH.epoch}),
        start=start,
        end=start + HOUR,
        units=units,
        scored=units,
        total_low=total,
        total_high=total,
        breach=np.outer(bad, np.log1p(over * (1.0 - HARM.limit))) + np.outer(good, np.log1p(-over * HARM.limit)),
        passing=np.outer(good, np.log1p(within * HARM.limit)) + np.outer(bad, np.log1p(within * (HARM.limit - 1.0))),
        counts=np.zeros((WINDOWS, 0), dtype=np.int64),
        through_batch=np.arange(WINDOWS),
        folded_at=start + HOUR,
        source_digests=tuple(f"{n:064x}" for n in range(WINDOWS)),
    )


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_a_year_of_hours_for_two_hundred_gates_against_one_cumulative_sum() -> None:
    years = [year(seed) for seed in range(20)]

    def judge() -> list[str]:
        found = []
        for number in range(GATES):
            verdict = statistical.evaluate(HARM, EPOCH, years[number % 20], now=NOW, window_seconds=3600)
            found.append(verdict.outcome)
        return found

    def add_up() -> None:
        for number in range(GATES):
            np.cumsum(years[number % 20].breach, axis=0)

    assert set(judge()) == {"pass"}
    pairs = [(seconds(judge), seconds(add_up)) for _ in range(3)]
    ratio = statistics.median(a / b for a, b in pairs)
    fastest, bare = min(a for a, _ in pairs), min(b for _, b in pairs)
    print(
        f"verdicts of {GATES} gates over {WINDOWS:,} windows / one cumulative sum of the breach growths: {ratio:.1f} "
        f"(median of 3; {fastest:.2f} / {bare:.2f} s)"
    )


def test_a_year_read_from_the_ledger_against_judging_it(tmp_path: Path) -> None:
    with Warehouse.in_memory(tmp_path) as warehouse:
        made = year(1)
        evidence.open_epoch(warehouse, EPOCH)
        evidence.fold(warehouse, EPOCH.epoch, _rows(made), moment(int(made.end[-1])))
        read = evidence.rows(warehouse, EPOCH.epoch)
        assert np.array_equal(read.breach, made.breach)
        pairs = [
            (
                seconds(lambda: evidence.rows(warehouse, EPOCH.epoch)),
                seconds(lambda: statistical.evaluate(HARM, EPOCH, read, now=NOW, window_seconds=3600)),
            )
            for _ in range(7)
        ]
    ratio = statistics.median(a / b for a, b in pairs)
    print(
        f"reading a year of one gate from the ledger / judging it: {ratio:.1f} "
        f"(median of 7; {min(a for a, _ in pairs) * 1e3:.0f} / {min(b for _, b in pairs) * 1e3:.0f} ms)"
    )


def _rows(windows: FoldedWindows) -> list[EvidenceRow]:
    return [
        EvidenceRow(
            epoch=EPOCH.epoch,
            window_start=moment(int(windows.start[i])),
            window_end=moment(int(windows.end[i])),
            units=int(windows.units[i]),
            scored_units=int(windows.scored[i]),
            total_low=int(windows.total_low[i]),
            total_high=int(windows.total_high[i]),
            breach_growth=tuple(windows.breach[i].tolist()),
            pass_growth=tuple(windows.passing[i].tolist()),
            through_batch=i,
            source_digest=windows.source_digests[i],
            folded_at=moment(int(windows.end[i])),
        )
        for i in range(len(windows))
    ]
