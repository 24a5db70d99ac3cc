"""Run it: `python -m benchmarks.backfill [--rows N] [--json]`.

The live run summarises a year day by day, as rows come in. A backfill then does it from nothing with 1, 2 and 4
readers, and each has to end with the same tables, row for row.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.timing import ROUNDS, Timed, in_turn, machine, rounded, scratch, stopwatch, told
from benchmarks.windows import ours, rows
from benchmarks.windows.measured import metrics
from benchmarks.windows.rows import DAY, START, STREAM
from flows.deploying.plan import QUIET
from warehouse.backfill import running
from warehouse.backfill.surveying import Span, survey
from warehouse.cells import summarise
from warehouse.records.metrics import CellMetric
from warehouse.store import Warehouse

WORKERS = (1, 2, 4)
STREAMS = {STREAM.name: STREAM}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was measured; 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backfill", description=__doc__)
    parser.add_argument("--rows", type=int, default=3_000_000, help="rows of the year")
    parser.add_argument("--days", type=int, default=365, help="days of the year, a batch each")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")
    parser.add_argument("--prefect", action="store_true", help="measure it inside a Prefect flow of one task as well")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    given = parser.parse_args(arguments)
    if given.days < 1 or given.rows < given.days or given.rounds < 1:
        parser.error("--days and --rounds must be at least 1, --rows at least --days.")
    with scratch() as folder, Warehouse.open(folder / "data") as warehouse:
        daily = rows.fill(warehouse, given.rows, given.days)
        warehouse.connection.execute("CHECKPOINT")
        results = {"rows": daily * given.days, "days": given.days, "rounds": given.rounds, **machine()}
        results |= _measured(warehouse, given)
    print(told(results, as_json=given.json))
    return 0


def _measured(warehouse: Warehouse, given: argparse.Namespace) -> dict[str, Any]:
    measured = metrics("session")
    live = stopwatch(lambda: _live(warehouse, measured, given.days))
    right, same = _tables(warehouse), []

    def backfilled(workers: int, around: Callable[[Callable[[], object]], object] = lambda work: work()) -> float:
        ours.forget(warehouse)
        seconds = stopwatch(lambda: around(lambda: _backfill(warehouse, measured, given.days, workers)))
        same.append(_tables(warehouse) == right)
        return seconds

    candidates = {str(n): (lambda n=n: backfilled(n)) for n in WORKERS}
    if given.prefect:
        candidates["prefect"] = lambda: backfilled(1, _flow)
    timed = in_turn(candidates, given.rounds)
    again = stopwatch(lambda: _backfill(warehouse, measured, given.days, 1, only_missing=False))
    same.append(_tables(warehouse) == right)
    assert all(same), same
    return {
        "metrics": len(measured),
        "identical": all(same),
        "compared": len(same),
        "speed_up": {str(n): round(timed.ratio("1", str(n)), 2) for n in WORKERS},
        "seconds": {str(n): rounded(timed.seconds[str(n)]) for n in WORKERS},
        "rows_per_second": round(given.rows / min(timed.median(str(n)) for n in WORKERS)),
        "live_seconds": round(live, 3),
        "again_seconds": round(again, 3),
        **_prefect(timed, given.prefect),
    }


def _prefect(timed: Timed, measured: bool) -> dict[str, Any]:
    if not measured:
        return {"prefect_overhead": None, "prefect_overhead_said": "not measured: ask for it with --prefect"}
    share = timed.ratio("prefect", "1") - 1
    return {"prefect_overhead": round(share, 3), "prefect_seconds": rounded(timed.seconds["prefect"])}


def _live(warehouse: Warehouse, measured: Sequence[CellMetric], days: int) -> None:
    """Batch after batch, each summarised before the next is known."""
    warehouse.connection.execute("CREATE TEMP TABLE coming AS FROM batches ORDER BY batch; DELETE FROM batches")
    for number in range(1, days + 1):
        warehouse.connection.execute("INSERT INTO batches FROM coming WHERE batch = $n", {"n": number})
        summarise(warehouse, measured, STREAMS)
    warehouse.connection.execute("DROP TABLE coming")


def _backfill(
    warehouse: Warehouse, measured: Sequence[CellMetric], days: int, workers: int, *, only_missing: bool = True
) -> None:
    found = survey(warehouse, measured, Span(START, START + days * DAY))
    work = running.plan(warehouse, found, only_missing=only_missing)
    done = running.run(warehouse, work, STREAMS, workers=workers, rows=found.rows)
    assert done == len(measured) * days, done


def _flow(work: Callable[[], object]) -> object:
    """The work as the one coarse task of a Prefect flow."""
    # Read when Prefect is first loaded: its server would tell others of this run.
    os.environ.update(QUIET)
    from prefect import flow, task
    from prefect.cache_policies import NO_CACHE

    step = task(name="backfill", cache_policy=NO_CACHE, persist_result=False)(work)
    return flow(name="backfill")(lambda: step())()


def _tables(warehouse: Warehouse) -> dict[str, tuple[int, str]]:
    """Rows and digest of every table of summaries, in one order."""
    found = {}
    for table in ("cells", "units", "bins", "summarised"):
        digest, count = hashlib.sha256(), 0
        result = warehouse.connection.execute(f"SELECT t::VARCHAR FROM {table} AS t ORDER BY ALL")
        while chunk := result.fetchmany(100_000):
            count += len(chunk)
            digest.update("\n".join(row[0] for row in chunk).encode())
        found[table] = (count, digest.hexdigest())
    return found


if __name__ == "__main__":
    sys.exit(main())
